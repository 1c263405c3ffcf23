"""What the lint says of scripts in SQL."""

import pytest

from tests.sanitising.reading import told

PEOPLE = """
    people:
      id: {keep: integer}
      email: {sanitised: text}
      role: {keep: text}
    audit.log:
      body: {sanitised: text}
"""
CLEAN = "UPDATE people SET email = 'x';\nUPDATE audit.log SET body = '';\n"
CHECKS = "SELECT id FROM people WHERE email <> 'x';\nSELECT 1 FROM audit.log WHERE body <> '';"


def test_a_script_that_changes_all_that_is_sanitised_and_is_checked_is_clean() -> None:
    assert told(CLEAN, PEOPLE, CHECKS) == []


@pytest.mark.parametrize(
    ("script", "untouched"),
    [
        ("UPDATE people SET email = 'x'", ["audit.log.body"]),
        ("UPDATE audit.log SET body = ''", ["people.email"]),
        ("UPDATE public.people AS p SET email = 'x' FROM t; TRUNCATE audit.log", []),
        ('UPDATE "people" SET ("email", role) = (\'x\', 1); DROP TABLE audit.log', []),
        ("DELETE FROM people; DELETE FROM audit.log", []),
        ("DELETE FROM people WHERE true; DELETE FROM ONLY audit.log", []),
        ("TRUNCATE people, audit.log CASCADE", []),
        ("ALTER TABLE people DROP COLUMN email; TRUNCATE audit.log", []),
        ("ALTER TABLE people ALTER email TYPE text USING 'x'; TRUNCATE audit.log", []),
        ("ALTER TABLE people ALTER email SET DEFAULT 'x'; TRUNCATE audit.log", ["people.email"]),
        ("INSERT INTO people (id) VALUES (1); TRUNCATE audit.log", ["people.email"]),
        (
            (
                "INSERT INTO people (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET email = 'x';"
                "TRUNCATE audit.log"
            ),
            [],
        ),
        ("WITH gone AS (DELETE FROM people RETURNING 1) UPDATE audit.log SET body = ''", []),
        (
            (
                "MERGE INTO people p USING t ON t.id = p.id WHEN MATCHED THEN UPDATE SET email = 'x';"
                "TRUNCATE audit.log"
            ),
            [],
        ),
        (
            "DO $$ BEGIN UPDATE people SET email = ''; TRUNCATE audit.log; END $$",
            ["audit.log.body"],
        ),
        ("DO $$ BEGIN UPDATE people SET email = ''; UPDATE audit.log SET body = ''; END $$", []),
        ("UPDATE other SET email = 'x'; TRUNCATE log", ["people.email", "audit.log.body"]),
    ],
)
def test_a_column_that_nothing_changes_is_told(script: str, untouched: list[str]) -> None:
    expected = [
        f"{name} is classified as sanitised, and nothing in s changes it" for name in untouched
    ]
    found = [line for line in told(script, PEOPLE) if "nothing in s changes" in line]
    assert [line.split(": ", 1)[1] for line in found] == expected


def test_a_column_that_the_sync_rewrites_is_changed() -> None:
    found = told("TRUNCATE people", PEOPLE, rewritten=("audit.log.body",))
    assert [line for line in found if "nothing in s" in line] == []


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "UPDATE poeple SET email = 'x'",
            (
                "names the table 'poeple', which the classification does not know; "
                "did you mean 'people'?"
            ),
        ),
        (
            "UPDATE people SET emial = 'x'",
            (
                "names the column 'emial' of 'people', which the classification does not know; "
                "did you mean 'email'?"
            ),
        ),
        (
            "INSERT INTO people (id, emial) VALUES (1, 2)",
            (
                "names the column 'emial' of 'people', which the classification does not know; "
                "did you mean 'email'?"
            ),
        ),
        (
            "UPDATE people SET role = 'x'",
            (
                "changes people.role, which is classified as keep in s.columns.yaml; classify it as "
                "sanitised, or leave it as it is"
            ),
        ),
        (
            "ALTER TABLE people DROP role",
            (
                "takes away people.role, which is classified as keep in s.columns.yaml; classify it as "
                "sanitised, or leave it as it is"
            ),
        ),
        ("UPDATE people SET email = email", "sets people.email to itself, which changes nothing"),
        (
            "UPDATE people p SET (email, id) = (p.email, p.id)",
            "sets people.email to itself, which changes nothing",
        ),
        ("UPDATE people SET email = 'y' WHERE 1 = 0", "changes nothing: no row meets its WHERE"),
        (
            "UPDATE people SET email = 'y' WHERE email = NULL AND id > 3",
            "changes nothing: no row meets its WHERE",
        ),
        ("DELETE FROM people WHERE FALSE", "deletes nothing: no row meets its WHERE"),
        (
            "BEGIN",
            (
                "says BEGIN; envsync runs the whole script in one transaction: take BEGIN, COMMIT and "
                "ROLLBACK out of it"
            ),
        ),
        (
            "COMMIT AND CHAIN",
            (
                "says COMMIT; envsync runs the whole script in one transaction: take BEGIN, COMMIT and "
                "ROLLBACK out of it"
            ),
        ),
        (
            "VACUUM FULL people",
            (
                "says VACUUM, which PostgreSQL runs in no transaction; take it out: nobody reads the "
                "copy meanwhile, and envsync gathers its statistics"
            ),
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY i ON people (id)",
            (
                "says CREATE UNIQUE INDEX CONCURRENTLY, which PostgreSQL runs in no transaction; take "
                "it out: nobody reads the copy meanwhile, and envsync gathers its statistics"
            ),
        ),
        (
            "COPY people FROM stdin",
            "copies from or to its client, which a script has none of; take COPY out",
        ),
        (
            "DELETE FROM other.public.people",
            (
                "names 'other.public.people', which is in another database than the copy; a script is "
                "run where the copy is and may reach no other: take the database out of the name"
            ),
        ),
        (
            "CREATE TABLE spare AS SELECT email FROM people",
            "makes the table 'spare', which stays in the copy; make it TEMPORARY",
        ),
    ],
)
def test_a_statement_that_is_wrong_by_itself_is_told(statement: str, sentence: str) -> None:
    assert sentence in [
        line.split(": ", 1)[1] for line in told(f"{CLEAN}{statement};", PEOPLE, CHECKS)
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "SAVEPOINT a; ROLLBACK TO SAVEPOINT a; RELEASE SAVEPOINT a",
        "CREATE TEMP TABLE t ON COMMIT DROP AS SELECT id AS k FROM people; DELETE FROM t WHERE k = 1",
        "CREATE TABLE t (k int); INSERT INTO t (z) VALUES (1); DROP TABLE t",
        "SELECT id AS k INTO TEMP t FROM people; UPDATE t SET anything = 1",
        "WITH c AS (SELECT id AS k FROM people) DELETE FROM people USING c WHERE c.k = people.id",
        "DELETE FROM people WHERE ctid = '(0,1)' AND EXISTS (SELECT FROM audit.log WHERE body = email)",
        "DELETE FROM people p WHERE p.id IN (SELECT x FROM generate_series(1, 3) AS x)",
        "DELETE FROM people WHERE id = (SELECT id FROM people ORDER BY email LIMIT 1)",
        "DELETE FROM people WHERE role = current_setting('x') AND id > 1 AND role IS NOT NULL",
        "SELECT setval('people_id_seq', (SELECT max(id) FROM people))",
        "DROP TABLE IF EXISTS people_old",
        "SET LOCAL lock_timeout = 0; ANALYZE people; LOCK TABLE people; COMMENT ON TABLE people IS 'x'",
        "ALTER TABLE people DISABLE TRIGGER ALL; REFRESH MATERIALIZED VIEW CONCURRENTLY m",
        "CREATE INDEX i ON people (lower(email)); UPDATE people SET email = lower(email)",
        "ALTER TABLE people ADD COLUMN note text; UPDATE people SET note = ''",
    ],
)
def test_what_is_right_is_not_told(statement: str) -> None:
    assert told(f"{CLEAN}{statement};", PEOPLE, CHECKS) == []


def test_commands_of_psql_are_told_with_their_lines() -> None:
    found = told(
        f"\\set ON_ERROR_STOP on\n{CLEAN}SELECT 'x\\y', $$\n\\z$$ \\gset\n", PEOPLE, CHECKS
    )
    sentence = (
        "for a command of psql; envsync sends scripts to the server, which knows none: take it out"
    )
    assert found == [f"s:1: takes '\\\\set' {sentence}", f"s:5: takes '\\\\gset' {sentence}"]


def test_a_statement_not_understood_is_a_note_and_the_next_one_is_judged() -> None:
    found = told(f"{CLEAN}FROBNICATE people WITH ALL;\nUPDATE people SET role = 1;", PEOPLE, CHECKS)
    assert found == [
        "s:3: note: not understood, not judged: FROBNICATE people WITH ALL",
        (
            "s:4: changes people.role, which is classified as keep in s.columns.yaml; classify it as "
            "sanitised, or leave it as it is"
        ),
    ]


def test_where_a_function_is_called_nobody_knows_what_it_changes() -> None:
    assert told("SELECT anonymise_all();", PEOPLE, CHECKS) == [
        "s:1: note: not understood, not judged: SELECT anonymise_all()",
        (
            "s.columns.yaml:4: note: people.email is classified as sanitised, and nothing in s changes "
            "it, unless what could not be read does"
        ),
        (
            "s.columns.yaml:7: note: audit.log.body is classified as sanitised, and nothing in s "
            "changes it, unless what could not be read does"
        ),
    ]


def test_what_cannot_be_cut_into_statements_is_a_note() -> None:
    assert told("UPDATE people SET email = 'x", None) == [
        "s:1: note: not understood, not judged: UPDATE people SET email = 'x"
    ]


SHOP = """
    users:
      id: {keep: int}
      email: {sanitised: "varchar(255)"}
"""


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("UPDATE users SET EMAIL = CONCAT('a', Id) WHERE 1", []),
        ('UPDATE `users` u JOIN users t ON t.id = u.id SET u.email = "x"', []),
        ("DELETE u FROM users u", []),
        (
            "RENAME TABLE users TO t; TRUNCATE users",
            ["not understood, not judged: RENAME TABLE users TO t"],
        ),
        (
            "USE shop; TRUNCATE users",
            ["leaves the quarantine; take USE out of it, a script is run where the copy is"],
        ),
        (
            "TRUNCATE users; DELETE FROM shop.users",
            [
                (
                    "names 'shop.users', which is in another schema than the copy; a script is run where "
                    "the copy is and may reach no other: take the schema out of the name"
                )
            ],
        ),
        (
            "START TRANSACTION; TRUNCATE users",
            [
                (
                    "says START; envsync runs the whole script in one transaction: take BEGIN, COMMIT "
                    "and ROLLBACK out of it"
                )
            ],
        ),
        (
            (
                "DELIMITER //\nCREATE PROCEDURE p() BEGIN UPDATE users SET email = ''; END//\n"
                "DELIMITER ;\nTRUNCATE users;"
            ),
            [
                (
                    "not understood, not judged: DELIMITER // CREATE PROCEDURE p() BEGIN UPDATE users "
                    "SET ema…"
                )
            ],
        ),
    ],
)
def test_scripts_of_mysql_are_read_as_its_own(script: str, expected: list[str]) -> None:
    checks = "SELECT id FROM users WHERE Email <> ''"
    found = told(script, SHOP, checks, dbms="mysql")
    assert [line.split(": ", 1)[1].removeprefix("note: ") for line in found] == expected
