"""What rsync and ssh say when they fail, told as sentences for operators."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from envsync.errors import CommandError, UnavailableError
from envsync.places import RsyncDaemon, RsyncStorage

_UNREACHABLE = re.compile(
    r"connection refused|connection timed out|timed out waiting|timeout waiting|no route to host"
    r"|network is unreachable|could not resolve|name or service not known"
    r"|temporary failure in name|connection (?:closed by|reset)|connection unexpectedly closed"
    r"|io timeout|failed to connect|timeout in data send"
)
_FRAME = re.compile(r"^rsync:? (?:error|warning): .*|^rsync error: .*")


class Known(NamedTuple):
    """A failure known by its words, which rsync says in English under LC_ALL=C, and what to do."""

    words: str
    advice: str


_KNOWN = (
    Known(
        r"auth failed on module|password mismatch",
        "the daemon refuses {who} or its password; correct user: or password:, or the daemon's "
        "'auth users' and 'secrets file'",
    ),
    Known(r"unknown module", "the daemon knows no such module; correct module:"),
    Known(
        r"module is read only",
        "the module is read only; say 'read only = no' in its rsyncd.conf",
    ),
    Known(
        r"module is write only",
        "the module is write only; say 'write only = no' in its rsyncd.conf",
    ),
    Known(
        r"refuses? .*delete|configured to refuse --delete",
        "the daemon refuses deletions, which envsync needs for what is left unfinished; take "
        "'delete' out of 'refuse options' in its rsyncd.conf",
    ),
    Known(
        r"host key verification failed|host key is known for",
        "ssh does not know the host's key, and trusts none that it does not know; add it to "
        "known_hosts:",
    ),
    Known(
        r"permission denied \((?:publickey|password|keyboard|gssapi|hostbased)",
        "ssh refuses {who}; correct user: or identity:, or add the key to authorized_keys there",
    ),
    Known(r"no space left|disk quota exceeded", "the disk there is full; make room"),
    Known(
        r"change_dir.*failed: no such file|chdir failed|change_dir.*failed: not a directory",
        "there is no folder there; name a module: or directory: that exists",
    ),
    Known(r"link_stat .*no such file", "there is no such file"),
    Known(r"unknown option", "its rsync is too old; both sides need rsync 3.2.4 or newer"),
    Known(r"command not found|rsync: not found", "rsync is not installed there; install it"),
)


def told(doing: str, storage: RsyncStorage, said: Sequence[str]) -> CommandError:
    """Return what a run that failed is told as; nothing in it is a secret."""
    lines = [line.strip() for line in said if line.strip()]
    reasons = [line for line in lines if not _FRAME.match(line)] or lines
    text = "; ".join(reasons).lower()
    for known in _KNOWN:
        if re.search(known.words, text):
            return CommandError(f"cannot {doing}: {known.advice.format(who=_who(storage))}")
    words = "; ".join(reasons[-3:]).removeprefix("rsync: ") or "rsync failed and said nothing"
    kind = UnavailableError if _UNREACHABLE.search(text) else CommandError
    return kind(f"cannot {doing}: {words}")


def _who(storage: RsyncStorage) -> str:
    if storage.user:
        return repr(storage.user)
    return "a user without a name" if isinstance(storage, RsyncDaemon) else "this user"
