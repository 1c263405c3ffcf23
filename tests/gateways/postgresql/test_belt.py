"""The belt: several loaders, few pieces waiting, rows in parts kept together."""

import threading
from collections import defaultdict

import pytest

from envsync.errors import InterruptedStepError
from envsync.gateways.postgresql.archive import Entry, Section
from envsync.gateways.postgresql.belt import DEPTH, Belt
from envsync.gateways.postgresql.copy_text import Piece
from envsync.gateways.scope import Scope
from envsync.gateways.team import Team

TABLES = [
    Entry(number, "TABLE DATA", f"t{number}", Section.ROWS, "s", "o", "", "", ())
    for number in range(3)
]


def piece(table: int, text: bytes, *, ends_row: bool = True, last: bool = False) -> Piece:
    return Piece(TABLES[table], memoryview(text), ends_row, last)


def load(belt: Belt) -> tuple[dict[int, bytes], set[int]]:
    """Load until the end; returns the text taken of each table, and the tables this one ended."""
    taken: defaultdict[int, bytes] = defaultdict(bytes)
    ended = set()
    while (first := belt.take()) is not None:
        following: Piece | None = first
        while following is not None:
            taken[first.entry.dump_id] += bytes(following.text)
            following = belt.more(first.entry)
        if belt.leave(first.entry):
            ended.add(first.entry.dump_id)
    return dict(taken), ended


@pytest.mark.parametrize("loaders", [1, 2, 4])
def test_every_piece_is_loaded_once_and_every_table_ends_once(loaders: int) -> None:
    with Team(Scope(), loaders, "team") as team:
        belt = Belt(team.scope)
        work = [team.start(load, belt) for _ in range(loaders)]
        for table in range(3):
            for _ in range(200):
                belt.put(piece(table, b"row\n"))
            belt.put(piece(table, b"", last=True))
        belt.finish()
    results = [future.result() for future in work]
    sizes = [sum(len(taken.get(table, b"")) for taken, _ in results) for table in range(3)]
    assert sizes == [800, 800, 800]
    assert sorted(table for _, ended in results for table in ended) == [0, 1, 2]


def test_the_parts_of_a_row_stay_together() -> None:
    row = [b"begin ", *[b"middle "] * 50, b"end\n"]
    with Team(Scope(), 4, "team") as team:
        belt = Belt(team.scope)
        work = [team.start(load, belt) for _ in range(4)]
        for _ in range(30):
            for part in row:
                belt.put(piece(0, part, ends_row=part.endswith(b"\n")))
        belt.put(piece(0, b"", last=True))
        belt.finish()
    rows = b"".join(future.result()[0].get(0, b"") for future in work).splitlines(keepends=True)
    assert rows == [b"".join(row)] * 30


def test_no_more_than_a_few_pieces_wait() -> None:
    with Team(Scope(), 1, "team") as team:
        belt = Belt(team.scope)
        for _ in range(DEPTH):
            belt.put(piece(0, b"row\n"))
        full = team.start(belt.put, piece(0, b"row\n"))
        with pytest.raises(TimeoutError):
            full.result(timeout=0.1)
        belt.take()
        full.result(timeout=5)


def test_a_loader_that_waits_ends_with_the_step() -> None:
    scope = Scope()
    belt = Belt(scope)
    threading.Timer(0.1, scope.cancel, ("the end",)).start()
    with pytest.raises(InterruptedStepError, match="the end"):
        belt.take()
