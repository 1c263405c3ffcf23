"""Scripts and checks that fail: told by name and line, and nothing is promoted."""

import pytest

from tests.live.site import SCRIPT, Site
from tests.live.untouched import assert_failed, assert_refused

pytestmark = pytest.mark.live

GONE = 'relation "nobody" does not exist; nothing was promoted'
OWN_TRANSACTION = (
    "clean.sql ends its own transaction; take BEGIN, COMMIT and ROLLBACK out of it, "
    "envsync runs it in one transaction"
)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("DELETE FROM nobody;\n", "", f"clean.sql:1 failed: {GONE}"),
        ("", "\n-- it was here\nDELETE FROM nobody;", f"clean.sql:4 failed: {GONE}"),
        ("", "SELECT 1/(id - 1) FROM people;", "clean.sql failed: division by zero"),
        ("\\set QUIET on\n", "", 'clean.sql:1 failed: syntax error at or near "\\"'),
        ("", "COMMIT;\n", OWN_TRANSACTION),
        ("", "COMMIT;\nBEGIN;\n", OWN_TRANSACTION),
        ("", "ROLLBACK AND CHAIN;\n", OWN_TRANSACTION),
        ("COMMIT;\n", "DROP TABLE nobody;\n", 'failed: table "nobody" does not exist'),
    ],
    ids=["first", "last", "row", "psql", "commit", "commit_begin", "rollback", "commit_fail"],
)
def test_a_script_that_fails_or_ends_its_transaction_is_named(
    pushed: Site, before: str, after: str, sentence: str
) -> None:
    pushed.script(before + SCRIPT + after)
    stored = pushed.artefacts()
    assert_failed(pushed, pushed.run("pull", "app"), sentence, stored)


@pytest.mark.parametrize(
    ("checks", "sentence"),
    [
        (
            "SELECT WHERE false; SELECT email, town FROM people;\n",
            "check 2 of clean.checks.sql found rows (email, town) in",
        ),
        ("-- to be written\n", "clean.checks.sql holds no query, and so checks nothing"),
        ("SELECT WHERE false;\nSELECT * FROM nobody;\n", f"clean.checks.sql:2 failed: {GONE}"),
        (
            "DELETE FROM people RETURNING id;\n",
            "clean.checks.sql failed: cannot execute DELETE in a read-only transaction",
        ),
    ],
    ids=["rows", "no_query", "failing", "writing"],
)
def test_a_check_that_finds_rows_or_checks_nothing_is_named(
    pushed: Site, checks: str, sentence: str
) -> None:
    pushed.script(checks=checks)
    stored = pushed.artefacts()
    ran = pushed.run("pull", "app")
    assert_failed(pushed, ran, sentence, stored)
    assert "@private.example" not in ran.err


def test_a_script_that_is_missing_is_a_problem_of_the_inventory(site: Site) -> None:
    (site.folder / "sanitisation_sql" / "clean.sql").unlink()
    assert_refused(
        site,
        site.run("sync", "app"),
        "'syncs.app.sanitise' is 'clean.sql', which is not in "
        f"{site.folder / 'sanitisation_sql'}; ",
    )


@pytest.mark.parametrize("name", ["clean.sql", "clean.checks.sql"])
def test_a_script_that_is_not_text_is_refused_before_anything_is_pushed(
    site: Site, name: str
) -> None:
    (site.folder / "sanitisation_sql" / name).write_bytes(b"SELECT 1;\nSELECT '\xe4';\n")
    sentence = f"cannot read the script {name}: line 2 is not UTF-8; save it as UTF-8"
    assert_refused(site, site.run("sync", "app"), sentence)
