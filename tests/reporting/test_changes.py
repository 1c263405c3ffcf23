"""What a trial found, as an operator reads it."""

import textwrap

from envsync.changes import ColumnChanges, Sample, TableChanges
from envsync.columns import Classification
from envsync.inventory.columns_file import read_columns
from envsync.reporting.changes import changes_text


def decided(text: str) -> Classification:
    """Return a classification as its file would be read."""
    return read_columns("s", "s", textwrap.dedent(text).encode()).classification


PEOPLE = TableChanges(
    "people",
    1200,
    1191,
    deleted=10,
    added=1,
    columns=(
        ColumnChanges("id", 0, 0),
        ColumnChanges(
            "email",
            1190,
            0,
            (Sample("xxx@xxx", "p1@example.com"), Sample("NULL", "xxx", was_there=True)),
        ),
        ColumnChanges("phone", 0, 90),
        ColumnChanges("town", 1, 0, (Sample("xxx", "NULL"),)),
        ColumnChanges("fax", 7, 1183, (Sample("999", "(none)"),), gone=True),
        ColumnChanges("note", 5, 0, (Sample("(none)", "new"),), new=True),
    ),
)
DECIDED = decided(
    """
    people:
      id: {keep: integer}
      email: {sanitised: text}
      phone: {sanitised: text}
      town: {keep: text}
      fax: {sanitised: text}
    "sessions-*":
      body: {sanitised: text}
    """
)


def test_a_table_shows_what_changed_or_was_to_and_what_deserves_a_look() -> None:
    assert changes_text([PEOPLE], DECIDED).splitlines() == [
        "people: 1,200 rows, 10 deleted, 1 added",
        "column      decided    touched  of     empty  before → after",
        "----------  ---------  -------  -----  -----  ------------------------",
        "email       sanitised  1,190    1,190  0      xxx@xxx → p1@example.com",
        "                                              NULL → xxx *",
        "phone       sanitised  0        1,190  90",
        "town        keep       1        1,190  0      xxx → NULL",
        "fax (gone)  sanitised  7        1,190  1,183  999 → (none)",
        "note (new)  -          5        1,190  0      (none) → new",
        "as they were: 1 more column",
        "",
        "before: xxx are letters, 999 digits; *** is what is too short to tell even that",
        (
            "* what it is now, but for case and punctuation, stood in the column before: masked "
            "as well"
        ),
        "",
        "look at:",
        "- people.phone is to be sanitised, and was changed in no row; 1,100 rows have a value",
        "- people.town is to be kept, and was changed in 1 row",
    ]


def test_tables_that_are_dropped_made_or_as_they_were_take_a_line() -> None:
    tables = (
        TableChanges("gone", 1, 0, deleted=1, added=0, dropped=True),
        TableChanges("made", 0, 2, deleted=0, added=2, made=True),
        TableChanges("log", 5, 5, deleted=0, added=0, columns=(ColumnChanges("id", 0, 0),)),
    )
    assert changes_text(tables, None).splitlines() == [
        "gone: dropped, with its 1 row",
        "",
        "made: made by the script, 2 rows",
        "",
        "unchanged: log",
    ]


def test_decisions_by_pattern_count_and_rows_without_keys_are_said_to_be_counted() -> None:
    column = ColumnChanges("body", 2, 1, (Sample(None, "x"),))
    table = TableChanges("sessions-7", 9, 9, 0, 0, columns=(column,), keyed=False)
    told = changes_text([table], DECIDED)
    assert "sessions-7: 9 rows (no key: counted by value, at least so many)" in told
    assert "body    sanitised  2        9   1      ? → x" in told
    assert "- sessions-7.body is to be sanitised, and was left as it was in 6 rows" in told


def test_nothing_is_said_to_be_nothing() -> None:
    assert changes_text([], None) == "no table was there to be changed"
