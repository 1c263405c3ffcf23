"""Reads what `rsync --list-only` prints, whatever the names are."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from envsync.artefacts import STAMP_PATTERN
from envsync.errors import CommandError

PROBE = ".envsync-probe-"
"""How the name of a file begins that is written to see whether one can."""

# rsync's generate_file listing: mode, size, time, name; the environment has the time in UTC.
_LINE = re.compile(
    rb"(?P<kind>[-dlpsDcb])\S{9,10} +(?P<size>\d+) "
    rb"(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) (?P<name>.*)"
)
# A control character, or the backslash of what would look like one (rsync manual, -8).
_ESCAPED = re.compile(rb"\\#([0-3][0-7]{2})")
SUFFIX_LENGTH = 6
"""The receiver writes to the name with a dot before it, and a dot and so many characters behind."""
_UNFINISHED = re.compile(
    rf"\.(?:{STAMP_PATTERN}-.*|{re.escape(PROBE)}.*)\.[A-Za-z0-9]{{{SUFFIX_LENGTH}}}", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as the other side lists it; the key is below the storage's root."""

    key: str
    bytes: int
    modified: datetime

    @property
    def unfinished(self) -> bool:
        """Whether it is what rsync writes to before it renames, or a probe."""
        name = self.key.rpartition("/")[2]
        return _UNFINISHED.fullmatch(name) is not None or name.startswith(PROBE)


def listed(said: bytes, where: str) -> Iterator[Listed]:
    """Yield the plain files of a listing; raises CommandError for what is no listing."""
    for line in said.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise CommandError(f"cannot list {where}: rsync said {line[:200]!r}")
        if match["kind"] == b"-":
            yield Listed(_name(match["name"]), int(match["size"]), _time(match["time"]))


def _name(shown: bytes) -> str:
    return os.fsdecode(_ESCAPED.sub(lambda escaped: bytes((int(escaped[1], 8),)), shown))


def _time(text: bytes) -> datetime:
    return datetime.strptime(text.decode(), "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC)
