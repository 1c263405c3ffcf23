"""Runs rsync against a storage: every name goes in by stdin, every secret by a private file."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from subprocess import PIPE

from envsync.errors import CommandError, RefusedError
from envsync.gateways.process import Child, Surroundings, running
from envsync.gateways.scope import Scope
from envsync.gateways.secrets import reveal
from envsync.gateways.storage.rsync_errors import told
from envsync.gateways.storage.spool import private_file
from envsync.places import RsyncDaemon, RsyncShell, RsyncStorage, Secret

CONNECT_SECONDS = 15
SILENT_SECONDS = 600
"""Seconds after which a connection on which nothing moves is given up; a sync to disk is silent."""
_OWN_WAYS = ("PATH", "HOME", "SSH_AUTH_SOCK")
_COMMON = ("--8-bit-output", "--no-h", "--from0", "--files-from=-", f"--timeout={SILENT_SECONDS}")


@dataclass(frozen=True, slots=True)
class _Doing:
    """What rsync is run for: a verb, the name it is about, and whether that name is read there."""

    what: str
    name: str
    reads: bool


class Rsync:
    """The program, as it reaches one storage."""

    def __init__(self, storage: RsyncStorage) -> None:
        self._storage = storage

    def list(self, what: str, name: str, options: Sequence[str], scope: Scope) -> bytes:
        """Return what the other side lists of a folder or file; nothing if it is not there.

        Raises CommandError where the storage itself is not there. `what` says what it is for.
        """
        listing = ("--list-only", "--ignore-missing-args", *options)
        return self._run(_Doing(what, name, reads=True), (*listing, self._module(), "."), scope)

    def fetch(self, name: str, folder: str, options: Sequence[str], scope: Scope) -> None:
        """Bring a file into a folder of this machine."""
        self._run(_Doing("read", name, reads=True), (*options, self._module(), f"{folder}/"), scope)

    def send(
        self, what: str, name: str, folder: str, options: Sequence[str], scope: Scope
    ) -> bytes:
        """Make a name there what it is in a folder of this machine; return what rsync says."""
        remote = f"{self._module()}{self._below}/" if self._below else self._module()
        doing = _Doing(what, name, reads=False)
        return self._run(doing, (*options, f"{folder}/", remote), scope)

    @property
    def _below(self) -> str:
        """The storage's folder in the daemon's module, if it is not the module itself."""
        storage = self._storage
        return storage.module.partition("/")[2] if isinstance(storage, RsyncDaemon) else ""

    def _module(self) -> str:
        storage = self._storage
        host = f"[{storage.host}]" if ":" in storage.host else storage.host
        user = f"{storage.user}@" if storage.user else ""
        if isinstance(storage, RsyncDaemon):
            return f"{user}{host}::{storage.module.partition('/')[0]}/"
        return f"{user}{host}:{storage.directory.rstrip('/')}/"

    def _run(self, doing: _Doing, arguments: Sequence[str], scope: Scope) -> bytes:
        # A folder in a module is no place to read from: rsync 3.5 then finds its files vanished.
        below = f"{self._below}/./" if doing.reads and self._below else ""
        with self._reached() as (access, surroundings):
            argv = (_program(), *_COMMON, *access, *arguments)
            child: Child | None = None
            try:
                with running(argv, scope, surroundings, stdin=PIPE, stdout=PIPE) as child:
                    return _answer(child, f"{below}{doing.name}" or ".")
            except CommandError as error:
                if child is None:
                    raise
                where = f"{self._storage.url}/{doing.name}".rstrip("/")
                raise told(f"{doing.what} {where}", self._storage, child.said) from error

    @contextmanager
    def _reached(self) -> Iterator[tuple[tuple[str, ...], Surroundings]]:
        """Yield the arguments that say how the storage is reached, and what rsync needs besides."""
        kept = {name: os.environ[name] for name in _OWN_WAYS if name in os.environ}
        # What rsync says is read by a program: plain sentences, times in UTC.
        variables = {**kept, "LC_ALL": "C", "TZ": "UTC"}
        storage = self._storage
        if isinstance(storage, RsyncShell):
            yield (f"--rsh={_shell(storage)}",), Surroundings(variables)
            return
        access = ("--no-motd", f"--contimeout={CONNECT_SECONDS}", f"--port={storage.port}")
        if storage.password is None:
            yield access, Surroundings(variables)
            return
        with private_file(_password(storage.password)) as file:
            yield (*access, f"--password-file={file}"), Surroundings(variables)


def _answer(child: Child, name: str) -> bytes:
    """Tell rsync the one name it is about, and return what it prints."""
    with suppress(BrokenPipeError):
        child.stdin.write(os.fsencode(name) + b"\0")
        child.stdin.close()
    return child.stdout.read()


def _password(secret: Secret) -> bytes:
    word = reveal(secret)
    if "\n" in word or "\r" in word:
        raise RefusedError(
            f"the secret at {secret} holds a line break, which rsync cannot read from a password "
            "file; use a password of one line"
        )
    return f"{word}\n".encode()


def _shell(storage: RsyncShell) -> str:
    """Write the command that rsync takes apart itself; ssh asks nothing and trusts no new host."""
    options = [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f"ConnectTimeout={CONNECT_SECONDS}",
        "ServerAliveInterval=30",
    ]
    if storage.known_hosts:
        options.append(f'UserKnownHostsFile="{_plain(storage.known_hosts)}"')
    if storage.identity:
        options += ["IdentitiesOnly=yes", f'IdentityFile="{_plain(storage.identity)}"']
    port = () if storage.port is None else ("-p", str(storage.port))
    words = ("ssh", *port, *(word for option in options for word in ("-o", option)))
    return " ".join(_quoted(word) for word in words)


def _plain(file: str) -> str:
    """Escape what ssh would expand in the name of a file (ssh_config manual, TOKENS)."""
    return file.replace("%", "%%")


def _quoted(word: str) -> str:
    """Quote a word for rsync's --rsh, where a quote is doubled (rsync manual)."""
    return "'" + word.replace("'", "''") + "'" if set(word) & set(" '\"") else word


def _program() -> str:
    program = shutil.which("rsync")
    if program is None:
        raise RefusedError(
            "rsync is not installed on this machine; install the Debian package rsync"
        )
    return program
