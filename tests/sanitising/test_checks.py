"""What the lint says of checks in SQL."""

import pytest

from tests.sanitising.reading import told

PEOPLE = """
    people:
      id: {keep: integer}
      email: {sanitised: text}
      phone: {sanitised: text}
    visits:
      ip: {sanitised: inet}
"""
CLEAN = "UPDATE people SET email = '', phone = ''; TRUNCATE visits;"
LOOKS = "SELECT id FROM people WHERE email <> '' OR phone <> '';"
ALWAYS = "returns a row whatever the copy holds, so that it always fails; {}: a check returns what must not be there, and nothing where all is well"


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        ("SELECT count(*) FROM people", ALWAYS.format("count(*) needs a HAVING count(*) > 0")),
        (
            "SELECT max(id) + 1 FROM people WHERE id > 3",
            ALWAYS.format("count(*) needs a HAVING count(*) > 0"),
        ),
        (
            "SELECT id FROM people WHERE email = '' UNION ALL SELECT count(*) FROM people",
            ALWAYS.format("count(*) needs a HAVING count(*) > 0"),
        ),
        ("VALUES (1)", ALWAYS.format("say FROM what, and WHERE")),
        ("SELECT EXISTS (SELECT FROM people)", ALWAYS.format("say FROM what, and WHERE")),
        ("SELECT id FROM people WHERE 1 = 0", "finds nothing, ever: no row meets its WHERE"),
        (
            "SELECT id FROM people WHERE email <> NULL",
            "finds nothing, ever: no row meets its WHERE",
        ),
        (
            "DELETE FROM people",
            "is no SELECT but DELETE; checks are run read only, and refused what writes",
        ),
        (
            "SELECT 1 FROM people WHERE emial = ''",
            (
                "names the column 'emial' of 'people', which the classification does not know; "
                "did you mean 'email'?"
            ),
        ),
        (
            "COMMIT",
            (
                "says COMMIT; envsync runs the whole script in one transaction: take BEGIN, COMMIT and "
                "ROLLBACK out of it"
            ),
        ),
    ],
)
def test_a_check_that_cannot_tell_good_from_bad_is_told(check: str, sentence: str) -> None:
    assert told(CLEAN, PEOPLE, f"{LOOKS}\n{check};") == [f"s.checks:2: {sentence}"]


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (
            "SELECT p.fax FROM people p",
            (
                "names the column 'fax' of 'people', which the classification does not know; "
                "accepted: 'id', 'email' or 'phone'"
            ),
        ),
        (
            "SELECT 1 FROM people, visits WHERE fax = ''",
            (
                "names the column 'fax', which the classification does not know in any of 'people', "
                "'visits'"
            ),
        ),
        (
            "SELECT 1 FROM active_users",
            (
                "names the table 'active_users', which the classification does not know; accepted: "
                "'people' or 'visits'"
            ),
        ),
    ],
)
def test_what_may_be_a_view_or_a_generated_column_is_a_note(check: str, sentence: str) -> None:
    assert told(CLEAN, PEOPLE, f"{LOOKS}\n{check};") == [f"s.checks:2: note: {sentence}"]


@pytest.mark.parametrize(
    "check",
    [
        "SELECT count(*) FROM people HAVING count(*) > 0",
        "SELECT email, count(*) FROM people GROUP BY email HAVING count(*) > 1",
        "SELECT count(*) OVER () FROM people WHERE id = 1",
        "SELECT id FROM people WHERE id > (SELECT count(*) FROM visits)",
        "SELECT 1 WHERE EXISTS (SELECT FROM people)",
        "WITH far AS (SELECT id AS k FROM people) SELECT k FROM far WHERE k > 1",
        "SELECT id AS k FROM people ORDER BY k LIMIT 3",
        "SELECT c.relname FROM pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace",
        "SET LOCAL search_path = public",
    ],
)
def test_a_check_that_is_right_is_not_told(check: str) -> None:
    assert told(CLEAN, PEOPLE, f"{LOOKS}\n{check};") == []


@pytest.mark.parametrize("checks", ["-- to be written\n", "SET LOCAL search_path = public;"])
def test_a_file_without_a_query_is_told(checks: str) -> None:
    sentence = (
        "holds no query, and so checks nothing; write SELECTs that return what must not be there"
    )
    assert f"s.checks:1: {sentence}" in told(CLEAN, PEOPLE, checks)


@pytest.mark.parametrize(
    ("script", "checks", "notes"),
    [
        (
            CLEAN,
            "SELECT 1 FROM people WHERE email <> ''",
            ["5: note: no check looks at phone of people"],
        ),
        (CLEAN, "SELECT id FROM people", []),
        (CLEAN, None, ["4: note: no check looks at email, phone of people"]),
        (
            "UPDATE people SET email = '' WHERE id > 3; UPDATE people SET phone = ''; TRUNCATE visits",
            "SELECT id FROM people WHERE phone <> ''",
            [
                (
                    "4: note: email of people is changed in some rows only, and no check looks whether "
                    "these are all that must be"
                )
            ],
        ),
        (
            "UPDATE people SET email = '' WHERE id > 3; DELETE FROM people; TRUNCATE visits",
            None,
            [],
        ),
    ],
)
def test_a_column_that_no_check_looks_at_is_a_note(
    script: str, checks: str | None, notes: list[str]
) -> None:
    assert told(script, PEOPLE, checks) == [f"s.columns.yaml:{note}" for note in notes]
