"""Whatever column is not decided on is found, named with its type, and never with a value."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from envsync.columns import (
    Classification,
    Decided,
    Decision,
    Found,
    is_pattern,
    is_written,
    matches,
    names,
    written,
    yaml_text,
)
from envsync.coverage import Gone, Undecided, differences, outdated, refusal

KEEP, SANITISED = Decision.KEEP, Decision.SANITISED
PEOPLE = Classification(
    "people.columns.yaml",
    {
        "people": {
            "id": Decided(KEEP, ("integer",)),
            "email": Decided(SANITISED, ("text",)),
            "town": Decided(KEEP, ("text",)),
        }
    },
)
AS_DECIDED: Found = {"people": {"id": ("integer",), "email": ("text",), "town": ("text",)}}


def told(
    found: Found, classification: Classification = PEOPLE, *, optional: bool = False
) -> list[str]:
    return [str(each) for each in differences(classification, found, optional=optional)]


def undecided(found: Found, classification: Classification) -> list[Undecided]:
    found_so = differences(classification, found)
    return [each for each in found_so if not isinstance(each, Gone)]


def people(**columns: str) -> Found:
    return {"people": {name: (kind,) for name, kind in columns.items()}}


def documents(*fields: tuple[str, tuple[str, ...]]) -> Classification:
    return Classification(
        "d.columns.yaml", {"d": {name: Decided(KEEP, types) for name, types in fields}}
    )


@pytest.mark.parametrize(
    ("found", "sentences"),
    [
        (AS_DECIDED, []),
        (
            people(id="integer", email="text", town="text", phone="text"),
            ["people.phone (text) is new"],
        ),
        (
            people(id="integer", mail="text", town="text"),
            ["people.mail (text) is new and people.email is gone: renamed?"],
        ),
        (
            people(id="integer", mail="text"),
            [
                "people.mail (text) is new and people.email is gone: renamed?",
                "people.town is not there any more",
            ],
        ),
        (
            people(id="integer", email="text", born="date"),
            ["people.born (date) is new", "people.town is not there any more"],
        ),
        (
            people(id="bigint", email="text", town="text"),
            ["people.id is bigint and was integer"],
        ),
        (people(id="integer", email="text"), ["people.town is not there any more"]),
        ({}, ["people is not there any more"]),
        (
            {**AS_DECIDED, "visits": {"ip": ("inet",), "at": ("date",)}},
            ["visits is new (ip inet, at date)"],
        ),
        ({**AS_DECIDED, "empty": {}}, ["empty is new ()"]),
        (
            {**AS_DECIDED, "wide": {f"c{n}": ("text",) for n in range(9)}},
            ["wide is new (c0 text, c1 text, c2 text, c3 text and 5 more)"],
        ),
        (
            people(id="integer", email="text", town="text", **{"a\nb": "text"}),
            ['people."a\\U0000000ab" (text) is new'],
        ),
    ],
)
def test_what_differs_is_told(found: Found, sentences: list[str]) -> None:
    assert told(found) == sentences


@pytest.mark.parametrize(
    ("decided", "found", "sentences"),
    [
        ([("a", ("string",))], {"a": ("string", "null")}, []),
        ([("a", ("string",))], {"a": ("null",)}, []),
        ([], {"a": ("null",)}, ["d.a (null) is new"]),
        ([("a", ("string",))], {}, []),
        ([("a", ("string",))], {"a": ("int", "string")}, ["d.a is int or string and was string"]),
        ([("a", ("number",))], {"a": ("int", "long", "double", "decimal")}, []),
        ([("a", ("object",))], {"a.b": ("string",), "a.c[].d": ("string",)}, []),
        ([("a", ("object",))], {"a": ("string",)}, ["d.a is string and was object"]),
        ([("a", ("array",))], {"a[]": ("string",)}, []),
        ([("a", ("string",))], {"a": ("string",), "a.b": ("string",)}, ["d.a.b (string) is new"]),
        ([("a", ("object",))], {r"a\.b": ("string",)}, [r"d.a\.b (string) is new"]),
        ([("a.*", ("int",))], {"a.x": ("int",), "a.y": ("int",)}, []),
        ([("a.*", ("int",))], {"a.x": ("string",)}, ["d.a.x is string and was int"]),
        ([("a.*", ("int",))], {"a.x.y": ("int",)}, ["d.a.x.y (int) is new"]),
        ([("a.*", ("object",))], {"a.x.y": ("int",)}, []),
        ([("a.*[].b", ("int",))], {"a.x[].b": ("int",)}, []),
        ([("a.*", ("int",))], {"a.x[]": ("int",)}, ["d.a.x[] (int) is new"]),
        ([(r"a.\*", ("int",))], {r"a.\*": ("int",), "a.x": ("int",)}, ["d.a.x (int) is new"]),
    ],
)
def test_fields_of_documents_are_decided_on_by_their_paths(
    decided: list[tuple[str, tuple[str, ...]]],
    found: dict[str, tuple[str, ...]],
    sentences: list[str],
) -> None:
    assert told({"d": found}, documents(*decided), optional=True) == sentences


def test_a_name_that_gives_way_to_two_is_not_renamed_twice() -> None:
    found = people(id="integer", mail="text", post="text", town="text")
    assert told(found) == [
        "people.mail (text) is new and people.email is gone: renamed?",
        "people.post (text) is new",
    ]


def test_indices_are_decided_on_by_their_pattern() -> None:
    decided = Classification("s", {"page-*": {"n": Decided(KEEP, ("long",))}})
    found: Found = {"page-1": {"n": ("long",)}, r"page-2026\.11": {"m": ("text",)}}
    assert told(found, decided) == [
        r"page-2026\.11.m (text) is new",
        r"page-2026\.11.n is not there any more",
    ]


def test_what_is_left_out_of_the_copy_is_not_gone() -> None:
    assert not list(differences(PEOPLE, {}, without=("people",)))


def test_a_refusal_says_what_to_type() -> None:
    found = people(id="integer", email="text", town="text", **{"home phone": "numeric(10,2)"})
    assert refusal("app@db:5432", PEOPLE, undecided(found, PEOPLE)) == (
        "app@db:5432 is not as people.columns.yaml says: people.home phone (numeric(10,2)) is new; "
        'decide on each in people.columns.yaml: under people:, home phone: {keep: "numeric(10,2)"} '
        'where anybody may read it, or home phone: {sanitised: "numeric(10,2)"} once the script '
        "changes it"
    )


def test_a_long_refusal_is_cut_short() -> None:
    found: Found = {f"t{n}": {} for n in range(12)}
    nothing = Classification("c", {})
    assert refusal("x", nothing, undecided(found, nothing)) == (
        f"x is not as c says: {'; '.join(f't{n} is new ()' for n in range(10))}; and 2 more; "
        "decide on each in c"
    )


def test_what_is_gone_is_told_in_one_sentence() -> None:
    assert outdated(PEOPLE, [Gone("people", "fax"), Gone("old")]) == (
        "people.fax is not there any more; old is not there any more: take it out of "
        "people.columns.yaml"
    )


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_any_name_is_written_so_that_it_means_itself(parts: list[str]) -> None:
    name = written(*parts)
    assert (is_written(name), is_pattern(name), matches(name, name)) == (True, False, True)
    assert names(name) == tuple(parts)


@given(st.lists(st.text(), min_size=2, max_size=2, unique=True))
def test_no_two_names_are_written_alike(names: list[str]) -> None:
    first, second = names
    assert written(first) != written(second) != written(first, second)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=90))
def test_any_text_can_be_typed_into_the_file(text: str) -> None:
    typed = yaml_text(text)
    assert yaml.safe_load(f"{{{typed}: {{keep: {typed}}}}}") == {text: {"keep": text}}
