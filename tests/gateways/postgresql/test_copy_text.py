"""The script that pg_restore writes, taken apart wherever its blocks happen to end."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsync.errors import CommandError
from envsync.gateways.postgresql import copy_text
from envsync.gateways.postgresql.archive import Entry, Section
from envsync.gateways.postgresql.copy_text import EndedEarlyError, Piece, pieces

HEADER = (
    b"--\n-- PostgreSQL database dump\n--\n\n\\restrict aZ09\n\nSET row_security = off;\n"
    b"SELECT pg_catalog.set_config('search_path', '', false);\n\n"
)
FOOTER = b"\n\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict aZ09\n\n"

rows = st.lists(
    st.text(alphabet="\\.x\tCOPY;-", max_size=9).filter(lambda row: row != "\\.").map(str.encode)
)


class Dribble(BytesIO):
    """A pipe that never has more than a few bytes."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(self._size, size or 0))


def entry(number: int) -> Entry:
    return Entry(number, "TABLE DATA", f"t{number}", Section.ROWS, "s", "o", "", "", ())


def statement(number: int) -> bytes:
    return f'COPY s."t\n{number}" (a) FROM stdin;\n'.encode()


def script(tables: list[list[bytes]]) -> bytes:
    body = b"".join(
        b"--\n-- Data for Name: t; Type: TABLE DATA\n--\n\n"
        + statement(number)
        + b"".join(row + b"\n" for row in table)
        + b"\\.\n\n\n"
        for number, table in enumerate(tables)
    )
    return HEADER + body + FOOTER


def taken_apart(content: bytes, tables: int, size: int) -> list[Piece]:
    wanted = [(entry(number), statement(number)) for number in range(tables)]
    return list(pieces(Dribble(content, size), wanted))


@given(st.lists(rows, min_size=1, max_size=3), st.integers(1, 50))
def test_every_row_of_every_table_is_found_in_order(tables: list[list[bytes]], size: int) -> None:
    found: list[list[bytes]] = [[] for _ in tables]
    for piece in taken_apart(script(tables), len(tables), size):
        found[piece.entry.dump_id] += bytes(piece.text).splitlines()
    assert found == tables


@given(rows, st.integers(1, 50))
def test_pieces_end_where_rows_end(table: list[bytes], size: int) -> None:
    texts = [bytes(piece.text) for piece in taken_apart(script([table]), 1, size)]
    assert all(text.endswith(b"\n") for text in texts if text)


def test_a_large_row_comes_in_parts() -> None:
    row = b"\\." * copy_text.LARGE_ROW
    found = taken_apart(script([[b"first", row, b"last"]]), 1, 30_000)
    assert {piece.ends_row for piece in found} == {True, False}
    assert b"".join(bytes(piece.text) for piece in found) == b"first\n" + row + b"\nlast\n"
    assert max(len(piece.text) for piece in found) < 2 * copy_text.LARGE_ROW


def test_an_empty_table_is_one_last_piece() -> None:
    assert taken_apart(script([[]]), 1, 9) == [Piece(entry(0), memoryview(b""), last=True)]


@pytest.mark.parametrize(
    "surprise",
    [b"DROP TABLE t;\n", b"\\! id\n", b"SET ROLE x;\n", b"SELECT pg_sleep(1);\n", b"COPY x (a"],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_anything_else_in_the_script_is_refused(surprise: bytes, size: int) -> None:
    content = HEADER + surprise + script([[b"row"]])
    with pytest.raises(CommandError, match="something unexpected before the rows of TABLE DATA"):
        taken_apart(content, 1, size)


@pytest.mark.parametrize("size", [1, 1000])
def test_anything_after_the_last_table_is_refused(size: int) -> None:
    with pytest.raises(CommandError, match="something unexpected after the last rows"):
        taken_apart(script([[b"row"]]) + b"DROP TABLE t;\n", 1, size)


@given(st.data())
def test_a_script_that_ends_early_is_never_taken_for_whole(data: st.DataObject) -> None:
    whole = script([[b"one", b"two"], []])
    end = whole.rindex(b"\\.\n") + 2
    cut = data.draw(st.integers(0, end))
    with pytest.raises(EndedEarlyError):
        taken_apart(whole[:cut], 2, 7)
