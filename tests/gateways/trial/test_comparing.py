"""What became of rows, compared with what is remembered of them: exact, and masked."""

import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from envsync.changes import ColumnChanges, Sample, TableChanges
from envsync.errors import RefusedError
from envsync.gateways.trial.comparing import compared, counted
from envsync.gateways.trial.remembered import remembering, require_room
from envsync.gateways.trial.rows import Cell, Row, Table

KEYED = Table("t", None, ("a", "b"))
LOOSE = Table("t", None, ("a", "b"), keyed=False)
Values = tuple[str | None, str | None]
VALUES = some.sampled_from([None, "", "one", "two", "ONE"])
ROWS = some.dictionaries(some.integers(0, 6), some.tuples(VALUES, VALUES))


def rows(values: Mapping[int, Values]) -> Iterable[Row]:
    for key, pair in values.items():
        cells = [Cell(name, text, text) for name, text in zip("ab", pair, strict=True)]
        yield Row(str(key), cells)


def became(before: Mapping[int, Values], after: Mapping[int, Values]) -> TableChanges:
    """Remember rows that have keys, and compare others with them."""
    with remembering(None) as memory:
        memory.keep(memory.begin(KEYED), iter(rows(before)))
        memory.ready()
        return compared(memory, KEYED, iter(rows(after)))


def counts(before: Mapping[int, Values], after: Mapping[int, Values]) -> TableChanges:
    """Remember rows without keys, and compare others with them."""
    with remembering(None) as memory:
        place = memory.begin(LOOSE)
        place.rows = sum(1 for _ in memory.count(place, iter(rows(before)), "before"))
        memory.ready()
        return counted(memory, LOOSE, iter(rows(after)))


@given(ROWS, ROWS)
def test_rows_with_keys_are_counted_exactly(
    before: dict[int, Values], after: dict[int, Values]
) -> None:
    stayed = before.keys() & after.keys()
    found = became(before, after)
    assert (found.before, found.after) == (len(before), len(after))
    assert (found.deleted, found.added) == (len(before) - len(stayed), len(after) - len(stayed))
    for place, column in enumerate(found.columns):
        pairs = [(before[key][place], after[key][place]) for key in stayed]
        assert column.touched == sum(old != new for old, new in pairs)
        assert column.empty == sum(old == new and not new for old, new in pairs)


@given(ROWS, ROWS)
def test_values_without_keys_are_counted_as_many_as_there_must_be(
    before: dict[int, Values], after: dict[int, Values]
) -> None:
    found = counts(before, after)
    least = min(len(before), len(after))
    for place, column in enumerate(found.columns):
        old = Counter(pair[place] for pair in before.values())
        new = Counter(pair[place] for pair in after.values())
        assert column.touched == max(0, least - (old & new).total())


@given(ROWS, ROWS)
def test_no_sample_shows_what_stood_in_the_column_before(
    before: dict[int, Values], after: dict[int, Values]
) -> None:
    for place, column in enumerate(became(before, after).columns):
        old = {str(pair[place]).lower() for pair in before.values() if pair[place]}
        assert [each for each in column.samples if each.after.lower() in old] == []


def test_samples_say_what_a_value_was_like_and_what_it_is() -> None:
    before: dict[int, Values] = {1: ("ada@private.example", None), 2: ("bob@private.example", "x")}
    after: dict[int, Values] = {1: ("person-1", "new"), 2: ("ADA@private.example", None)}
    assert became(before, after).columns == (
        ColumnChanges(
            "a",
            2,
            0,
            (
                Sample("xxx@xxx.xxx", "person-1"),
                Sample("xxx@xxx.xxx", "xxx@xxx.xxx", was_there=True),
            ),
        ),
        ColumnChanges("b", 2, 0, (Sample("NULL", "new"), Sample("***", "NULL"))),
    )


def document(key: int, **values: str) -> Row:
    return Row(str(key), [Cell(name, text, text) for name, text in values.items()])


def test_a_field_that_a_document_has_not_is_empty_and_one_it_loses_is_touched() -> None:
    loose = Table("t", None)
    before = [document(1, a="x", b="y"), document(2, a="x"), document(3, a="x", c="z")]
    after = [document(1, a="x", b="y"), document(2, a="x", d="new"), document(3, a="x")]
    with remembering(None) as memory:
        memory.keep(memory.begin(loose), iter(before))
        memory.ready()
        found = compared(memory, loose, iter(after))
    assert {(each.name, each.touched, each.empty) for each in found.columns} == {
        ("a", 0, 0),
        ("b", 0, 2),
        ("c", 1, 2),
        ("d", 1, 2),
    }
    assert [(each.name, each.gone, each.new) for each in found.columns if each.touched] == [
        ("c", True, False),
        ("d", False, True),
    ]


def opened(folder: Path) -> list[Path]:
    """Return the files of a folder that this process has open, by its own names for them."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if str(folder) in str(descriptor.readlink()):
                found.append(descriptor)
    return found


def test_the_file_has_no_name_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    with remembering(str(tmp_path)) as memory:
        memory.keep(memory.begin(KEYED), iter(rows({1: ("ada@private.example", "secret")})))
        assert list(tmp_path.iterdir()) == []
        assert [stat.S_IMODE(each.stat().st_mode) for each in opened(tmp_path)] == [0o600]


def test_the_file_holds_no_value_of_a_row(tmp_path: Path) -> None:
    many: dict[int, Values] = {n: (f"person{n}@private.example", "secret") for n in range(9000)}
    with remembering(str(tmp_path)) as memory:
        memory.keep(memory.begin(KEYED), iter(rows(many)))
        memory.ready()
        content = b"".join(each.read_bytes() for each in opened(tmp_path))
    assert len(content) > 9000 * 40
    assert [raw for raw in (b"private", b"secret", b"person") if raw in content] == []


def test_a_folder_that_has_no_room_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"no space in .* about 1,048,576 MiB"):
        require_room(str(tmp_path), 2**40)
    require_room(str(tmp_path), 2**10)
