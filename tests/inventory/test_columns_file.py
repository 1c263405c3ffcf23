"""Files that classify columns: what they say, and each mistake in a sentence at its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsync.columns import Classification, Decided, Decision
from envsync.inventory.columns_file import read_columns

WANTED = "accepted: {keep: TYPE} or {sanitised: TYPE}"
TYPES = "accepted: its type as text, or a list of such, each once, null in quotes"


def problems(text: str) -> list[str]:
    return [str(problem) for problem in read_columns("c", "c.yaml", text.encode()).problems]


def test_a_file_says_what_was_decided_of_each_column() -> None:
    text = """\
people:
  id: {keep: integer}
  email: {sanitised: text}
  roles[]: {keep: [string, "null"]}
other.empty: {}
"""
    read = read_columns("app.columns.yaml", "/x/app.columns.yaml", text.encode())
    assert (read.classification, read.problems) == (
        Classification(
            "app.columns.yaml",
            {
                "people": {
                    "id": Decided(Decision.KEEP, ("integer",)),
                    "email": Decided(Decision.SANITISED, ("text",)),
                    "roles[]": Decided(Decision.KEEP, ("string", "null")),
                },
                "other.empty": {},
            },
        ),
        (),
    )


def test_a_decision_knows_its_line() -> None:
    read = read_columns("c", "c", b"people:\n  id: {keep: integer}\n  email: {keep: text}\n")
    assert [each.line for each in read.classification.tables["people"].values()] == [2, 3]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: the file is empty; accepted: a mapping of keys to values"),
        (
            "people:",
            "1: 'people' has no columns; accepted: a mapping of its columns to decisions, {} for none",
        ),
        (
            "people: [id]",
            "1: 'people' is a list; accepted: a mapping of its columns to decisions, {} for none",
        ),
        ("people:\n  id:", f"2: 'people.id' has no decision; {WANTED}"),
        ("people:\n  id: keep", f"2: 'people.id' is 'keep'; {WANTED}"),
        ("people:\n  id: {}", f"2: 'people.id' is a mapping; {WANTED}"),
        (
            "people:\n  id: {keep: numeric(10,2)}",
            f"2: 'people.id' is a mapping of 'keep' and '2)'; {WANTED}; a type that holds a comma goes in quotes",
        ),
        (
            "people:\n  id: {kept: integer}",
            "2: 'people.id' has the decision 'kept'; did you mean 'keep'?",
        ),
        ("people:\n  id: {keep: }", f"2: 'people.id' is of no type; {TYPES}"),
        ("people:\n  id: {keep: null}", f"2: 'people.id' is of no type; {TYPES}"),
        ("people:\n  id: {keep: 5}", f"2: 'people.id' is of 5; {TYPES}"),
        ("people:\n  id: {keep: []}", f"2: 'people.id' is of empty; {TYPES}"),
        ("people:\n  id: {keep: [int, int]}", f"2: 'people.id' is of a list; {TYPES}"),
        ("people:\n  id: {keep: [int, null]}", f"2: 'people.id' is of a list; {TYPES}"),
        (
            "people:\n  a\\b: {keep: int}",
            "2: 'a\\\\b' is no name; accepted: a name, in which a backslash stands before a dot, a star, a bracket or a backslash of its own",
        ),
        (
            "people:\n  id: {keep: int}\n  id: {keep: int}",
            "3: the key 'id' was given before, in line 2; accepted: each key once",
        ),
        (
            "people: {id: {keep: int}}\npeople: {}",
            "2: the key 'people' was given before, in line 1; accepted: each key once",
        ),
    ],
)
def test_a_mistake_is_told_at_its_line(text: str, problem: str) -> None:
    assert problems(text) == [f"c.yaml:{problem}"]


def test_all_mistakes_are_told_at_once() -> None:
    assert len(problems("people:\n  id: keep\n  town: {kept: x}\nnotes:\n")) == 3


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_the_bytes_are_they_are_read_or_refused(content: bytes) -> None:
    read_columns("c", "c", content)
