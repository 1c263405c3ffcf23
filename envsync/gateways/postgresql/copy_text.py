"""The rows of an archive as pg_restore writes them out, taken apart at the ends of rows.

pg_restore writes a script: settings and comments, then for each table its COPY statement, its rows
in COPY's text format and a line that ends them. No byte of a row is looked at one by one.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from envsync.errors import CommandError
from envsync.gateways.postgresql.archive import Entry

BLOCK = 1 << 19
"""Bytes read at once."""
LARGE_ROW = 1 << 16
"""A row of which so many bytes are there is handed on in parts."""
_STATEMENT_LIMIT = 1 << 22

_LAST_LINE = b"\\.\n"
# Twice as fast as bytes.find in CPython 3.11.
_ROWS_END = re.compile(rb"\n\\\.\n")
_SKIPPED = re.compile(
    rb"\n"
    rb"|--[^\n]*\n"
    rb"|SET [a-z_]+ = [^;\n]*;\n"
    rb"|SELECT pg_catalog\.set_config\('search_path', '', false\);\n"
    rb"|\\(un)?restrict [A-Za-z0-9]+\n"
)


class EndedEarlyError(CommandError):
    """The script ended before its time; whoever wrote it may know why."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a table's rows: whole ones, unless `ends_row` is False; `last` ends the table."""

    entry: Entry
    text: memoryview
    ends_row: bool = True
    last: bool = False


def pieces(script: BinaryIO, tables: Sequence[tuple[Entry, bytes]]) -> Iterator[Piece]:
    """Yield all rows of a script that holds these tables, with these COPY statements, in order.

    Raises CommandError for anything else in it, and EndedEarlyError where something is missing.
    """
    rest = b""
    for entry, statement in tables:
        rest = _after_statement(script, rest, statement, entry)
        rest = yield from _rows(script, rest, entry)
    _nothing_more(script, rest)


def _after_statement(script: BinaryIO, text: bytes, statement: bytes, entry: Entry) -> bytes:
    """Read up to a table's COPY statement; returns what was read behind it."""
    while True:
        text = _without_skipped(text)
        if text.startswith(statement):
            return text[len(statement) :]
        if len(text) >= max(len(statement), _STATEMENT_LIMIT) or _is_unexpected(text, statement):
            raise CommandError(f"pg_restore wrote something unexpected before the rows of {entry}")
        text += _more(script, entry)


def _without_skipped(text: bytes) -> bytes:
    position = 0
    while found := _SKIPPED.match(text, position):
        position = found.end()
    return text[position:]


def _is_unexpected(text: bytes, statement: bytes) -> bool:
    """Tell whether a text that holds a whole line is not the beginning of the statement."""
    return b"\n" in text and not statement.startswith(text[: len(statement)])


def _rows(script: BinaryIO, text: bytes, entry: Entry) -> Generator[Piece, None, bytes]:
    """Yield a table's rows; returns what was read behind them."""
    at_row = True
    while True:
        if at_row and text.startswith(_LAST_LINE):
            yield Piece(entry, memoryview(b""), last=True)
            return text[len(_LAST_LINE) :]
        if end := _ROWS_END.search(text):
            yield Piece(entry, memoryview(text)[: end.start() + 1], last=True)
            return text[end.end() :]
        if whole := text.rfind(b"\n") + 1:
            yield Piece(entry, memoryview(text)[:whole])
            text = text[whole:]
            at_row = True
        if len(text) >= LARGE_ROW:
            yield Piece(entry, memoryview(text), ends_row=False)
            text = b""
            at_row = False
        text += _more(script, entry)


def _more(script: BinaryIO, entry: Entry) -> bytes:
    block = script.read(BLOCK)
    if not block:
        raise EndedEarlyError(f"the archive ends within {entry}; push the database again")
    return block


def _nothing_more(script: BinaryIO, text: bytes) -> None:
    while text := _without_skipped(text):
        block = script.read(BLOCK)
        if not block or b"\n" in text:
            raise CommandError("pg_restore wrote something unexpected after the last rows")
        text += block
    if block := script.read(BLOCK):
        _nothing_more(script, block)
