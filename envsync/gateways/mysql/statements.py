"""A dump or a script as its statements, split as the mysql program splits them.

Rows are most of a dump. In them a raw line break stands only between two rows: the dump programs
write those inside a value escaped (mysql_real_escape_string). So a block of rows ends at the first
";" before a line break, and nothing in it has to be looked at. All else is read as SQL, with its
quotes and comments and with DELIMITER.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from envsync.errors import CommandError

_ROWS = b"INSERT INTO `"
_END_OF_ROWS = b";\n"
_SPACE = re.compile(rb"\s*")
# What cannot be cut through, and what may begin it at the end of what has been read so far.
_TOKEN = re.compile(
    rb"""'(?:[^'\\]|\\.|'')*+' | "(?:[^"\\]|\\.|"")*+" | `(?:[^`]|``)*+` |
    /\*.*?\*/ | \#[^\n]*+(?:\n|$) | --(?=[\s])[^\n]*+(?:\n|$)""",
    re.VERBOSE | re.DOTALL,
)
_OPENING = re.compile(rb"['\"`#]|/\*|--(?=\s)")
_DELIMITER = re.compile(rb"DELIMITER[ \t]+(\S+)[^\n]*(?:\n|$)", re.IGNORECASE)
_MAYBE_DELIMITER = re.compile(rb"delimiter[ \t]", re.IGNORECASE)
_TABLE = re.compile(rb"INSERT INTO `((?:[^`]|``)+)`")
_STRINGS = re.compile(rb"'(?:[^'\\]|\\.)*+'", re.DOTALL)
_FIRST_ROW = re.compile(rb"\bVALUES\s*")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement without its delimiter, and where it begins: the number of its first line.

    `rows` names the table it brings rows of; None for all other statements.
    """

    text: bytes
    line: int
    rows: str | None = None
    delimiter: bytes = b";"

    def count(self) -> int:
        """Return how many rows it brings, without a doubt."""
        return rows_in(self.text)


def rows_in(text: bytes) -> int:
    """Count the rows of a block of rows.

    Newer programs write one a line; of the older ones' long lines the texts are taken out first,
    for what separates rows stands in texts as well.
    """
    lines = text.count(b"),\n(")
    if lines or b"),(" not in text:
        return lines + 1
    return _STRINGS.sub(b"", text).count(b"),(") + 1


def rows_apart(text: bytes, limit: int) -> Iterator[bytes]:
    """Cut a block of rows that is too large for a server into smaller ones, where rows end."""
    if len(text) <= limit:
        yield text
        return
    first = _FIRST_ROW.search(text)
    if first is None or b"),\n(" not in text:
        yield text
        return
    head = text[: first.end()]
    begin = first.end()
    while len(text) - begin + len(head) > limit:
        cut = text.rfind(b"),\n(", begin, begin + limit - len(head))
        if cut < 0:
            cut = text.find(b"),\n(", begin)
        if cut < 0:
            break
        yield head + text[begin : cut + 1]
        begin = cut + 3
    yield head + text[begin:]


def statements(blocks: Iterable[bytes]) -> Iterator[Statement]:
    """Yield the statements of a dump in order; memory holds one of them and a block."""
    return _Splitter(blocks, dumped=True).statements()


def script_statements(text: bytes) -> Iterator[Statement]:
    """Yield the statements of what people wrote, in order."""
    return _Splitter((text,), dumped=False).statements()


class _Splitter:
    """What has been read and not been told yet, for the length of one stream."""

    def __init__(self, blocks: Iterable[bytes], *, dumped: bool) -> None:
        self._blocks = iter(blocks)
        self._dumped = dumped
        self._buffer = b""
        self._at = 0
        self._line = 1
        self._delimiter = b";"

    def statements(self) -> Iterator[Statement]:
        while self._skip_space():
            if self._dumped and self._delimiter == b";" and self._begins_with(_ROWS):
                yield self._rows()
            elif self._begins_with_delimiter():
                self._change_delimiter()
            else:
                statement = self._other()
                if statement is not None:
                    yield statement

    def _more(self) -> bool:
        """Read a block behind what has not been told; False at the end."""
        block = next(self._blocks, b"")
        if not block:
            return False
        self._buffer = self._buffer[self._at :] + block
        self._at = 0
        return True

    def _have(self, count: int) -> None:
        while len(self._buffer) - self._at < count and self._more():
            pass

    def _begins_with(self, text: bytes) -> bool:
        self._have(len(text))
        return self._buffer.startswith(text, self._at)

    def _begins_with_delimiter(self) -> bool:
        self._have(len(b"delimiter "))
        return _MAYBE_DELIMITER.match(self._buffer, self._at) is not None

    def _taken(self, end: int) -> bytes:
        text = self._buffer[self._at : end]
        self._line += text.count(b"\n")
        self._at = end
        return text

    def _skip_space(self) -> bool:
        """Go to the next character that is not white; False at the end."""
        while True:
            space = _SPACE.match(self._buffer, self._at)
            self._taken(space.end() if space else self._at)
            if self._at < len(self._buffer):
                return True
            if not self._more():
                return False

    def _rows(self) -> Statement:
        line = self._line
        parts = []
        end = self._buffer.find(_END_OF_ROWS, self._at)
        while end < 0:
            # The last byte stays: it may be the first of the two that end the rows.
            parts.append(self._taken(len(self._buffer) - 1))
            if not self._more():
                raise CommandError("the dump ends in the middle of a table's rows")
            end = self._buffer.find(_END_OF_ROWS, self._at)
        parts.append(self._taken(end))
        self._taken(end + len(_END_OF_ROWS))
        text = b"".join(parts)
        named = _TABLE.match(text)
        if named is None:
            raise CommandError(f"the dump has rows of a table without a name, at line {line}")
        return Statement(text, line, named[1].replace(b"``", b"`").decode())

    def _change_delimiter(self) -> None:
        while b"\n" not in self._buffer[self._at :] and self._more():
            pass
        found = _DELIMITER.match(self._buffer, self._at)
        if found is None:
            raise CommandError(f"line {self._line} sets no delimiter")
        self._delimiter = found[1]
        self._taken(found.end())

    def _other(self) -> Statement | None:
        """Read on to the delimiter that stands in no quotes and no comment."""
        line = self._line
        while True:
            end = self._end()
            if end is not None or not self._more():
                break
        text = self._taken(len(self._buffer) if end is None else end)
        if end is not None:
            self._taken(end + len(self._delimiter))
        begin = _after_comments(text)
        if begin == len(text):
            return None
        line += text.count(b"\n", 0, begin)
        return Statement(text[begin:].rstrip(), line, delimiter=self._delimiter)

    def _end(self) -> int | None:
        """Return where the delimiter stands in what has been read; None where it does not."""
        at = self._at
        while True:
            found = self._buffer.find(self._delimiter, at)
            opening = _OPENING.search(self._buffer, at, found if found >= 0 else len(self._buffer))
            if opening is None:
                return found if found >= 0 else None
            token = _TOKEN.match(self._buffer, opening.start())
            if token is None:
                return None
            at = token.end()


def _after_comments(text: bytes) -> int:
    """Return where a statement begins behind the comments above it."""
    at = 0
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        token = _TOKEN.match(text, at)
        if token is None or _is_said(token[0]):
            return at
        at = token.end()


def without_comments(text: bytes) -> bytes:
    """Take out comments, but not those that a server executes."""
    return _TOKEN.sub(lambda token: token[0] if _is_said(token[0]) else b" ", text)


def _is_said(token: bytes) -> bool:
    """Tell whether a token is more than a comment: MariaDB's sandbox line is no more than one."""
    if token[:1] in {b"'", b'"', b"`"}:
        return True
    return token.startswith((b"/*!", b"/*M!")) and not token.startswith(b"/*M!999999\\-")
