"""The lint through the command line, where no server answers and no secret is set."""

import os
from pathlib import Path

import pytest

from tests.inventory.folders import PRODUCTION, STAGING, folder
from tests.live.program import Ran, run

ROOT = Path(__file__).parents[2]
COLUMNS = "people:\n  id: {keep: integer}\n  email: {sanitised: text}\n"
CLEAN = "UPDATE people SET email = '';\n"
CHECKS = "SELECT id FROM people WHERE email <> '';\n"
MONGO = STAGING.replace("dbms: postgresql", "dbms: mongo").replace("clean.sql", "clean.mongo.yaml")


def lint(
    where: Path, files: dict[str, str], *arguments: str, **inventories: str
) -> tuple[int, list[str]]:
    """Lint a small inventory with files of its scripts' folder; returns exit code and lines."""
    made = folder(where, **inventories)
    made.scripts.rename(where / "sanitisation_sql")
    for path in (where / "sanitisation_sql").iterdir():
        path.unlink()
    for name, text in files.items():
        (where / "sanitisation_sql" / name).write_text(text)
    ran = _run(where, *arguments)
    return ran.code, (ran.out + ran.err).splitlines()


def _run(where: Path, *arguments: str) -> Ran:
    return run(where, {"PATH": os.environ["PATH"]}, "sanitise.lint", *arguments)


def test_what_is_shipped_is_clean() -> None:
    ran = _run(ROOT)
    assert (ran.code, ran.err) == (0, "")
    assert " to mend" in ran.out.splitlines()[-1]
    assert [line for line in ran.out.splitlines()[:-1] if ": note: " not in line] == []


def test_a_clean_folder_ends_with_0_and_says_what_was_read(tmp_path: Path) -> None:
    files = {"clean.sql": CLEAN, "clean.checks.sql": CHECKS, "clean.columns.yaml": COLUMNS}
    assert lint(tmp_path, files) == (
        0,
        ["2 scripts and files of checks read: 0 to mend, 0 notes"],
    )


def test_findings_end_with_1_and_each_has_its_file_and_line(tmp_path: Path) -> None:
    files = {
        "clean.sql": f"{CLEAN}COMMIT;\n",
        "clean.checks.sql": "SELECT count(*) FROM people;\n",
        "clean.columns.yaml": f"{COLUMNS}  phone: {{sanitised: text}}\n",
    }
    code, lines = lint(tmp_path, files)
    assert (code, [line.split(" ")[0] for line in lines[:-1]]) == (
        1,
        [
            "sanitisation_sql/clean.checks.sql:1:",
            "sanitisation_sql/clean.columns.yaml:4:",
            "sanitisation_sql/clean.sql:2:",
        ],
    )
    assert lines[-1] == "2 scripts and files of checks read: 3 to mend, 0 notes"


def test_notes_end_with_0(tmp_path: Path) -> None:
    files = {
        "clean.sql": f"{CLEAN}FROBNICATE people;\n",
        "clean.columns.yaml": COLUMNS,
        "old.sql": "SELECT 1;\n",
        "README": "not ours\n",
    }
    assert lint(tmp_path, files) == (
        0,
        [
            "sanitisation_sql/clean.columns.yaml:3: note: no check looks at email of people",
            "sanitisation_sql/clean.sql:2: note: not understood, not judged: FROBNICATE people",
            "sanitisation_sql/old.sql:1: note: no sync and no drill uses this file",
            "1 script or file of checks read: 0 to mend, 3 notes; 1 statement not judged",
        ],
    )


def test_a_file_that_only_a_drill_uses_is_used(tmp_path: Path) -> None:
    files = {"clean.sql": CLEAN, "clean.checks.sql": CHECKS, "clean.columns.yaml": COLUMNS}
    app = "app: {server: main, name: app_production, path: postgresql"
    text = PRODUCTION.replace(app, f"{app}, verify: {{checks: raw.checks.sql}}")
    code, lines = lint(tmp_path, {**files, "raw.checks.sql": CHECKS}, production=text)
    assert (code, lines) == (0, ["2 scripts and files of checks read: 0 to mend, 0 notes"])


def test_a_file_that_no_pull_could_run_is_told_as_the_pull_would(tmp_path: Path) -> None:
    files = {
        "clean.mongo.yaml": "sanitise: [{colection: users}]\n",
        "clean.columns.yaml": COLUMNS,
    }
    production = folder(tmp_path / "spare").path / "production.yaml"
    text = production.read_text().replace("dbms: postgresql", "dbms: mongo")
    code, lines = lint(tmp_path, files, production=text, staging=MONGO)
    assert code == 1
    assert "sanitisation_sql/clean.mongo.yaml:1: 'sanitise[1].collection' is missing" in lines


@pytest.mark.parametrize(
    ("arguments", "ended"),
    [(("--database", "app"), (0, "2 scripts")), (("--database", "other"), (0, "0 scripts"))],
)
def test_one_database_alone_can_be_asked_for(
    tmp_path: Path, arguments: tuple[str, ...], ended: tuple[int, str]
) -> None:
    files = {"clean.sql": CLEAN, "clean.checks.sql": CHECKS, "clean.columns.yaml": COLUMNS}
    code, lines = lint(tmp_path, files, *arguments)
    assert (code, lines[-1][: len(ended[1])]) == ended


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(("--database", "shop"), "'shop'"), (("--inventory", "nowhere"), "cannot be read")],
)
def test_what_is_not_there_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    files = {"clean.sql": CLEAN, "clean.columns.yaml": COLUMNS}
    code, lines = lint(tmp_path, files, *arguments)
    assert (code, sentence in lines[-1]) == (2, True)
