"""Where a script alone makes data safe, what becomes of each column is decided, or said not to be."""

from pathlib import Path

import pytest

from envsync.errors import RefusedError
from envsync.inventory.load import load
from envsync.inventory.model import Coverage, Sync
from envsync.plan.redirect import redirected
from tests.inventory.folders import PRODUCTION, Folder, folder, integration, with_sync

OUT_OF_PRODUCTION = "'syncs.app' takes data out of 'production', which is protected, and nobody has decided on its columns"
CLEAN = "from: production, sanitise: clean.sql"


def made(where: Path, entry: str, **columns: str | None) -> Folder:
    """Return a folder whose sync is as given, with other files of columns beside its script."""
    found = folder(where, staging=with_sync(entry))
    for name, text in columns.items():
        file = found.scripts / f"{name}.columns.yaml"
        file.unlink() if text is None else file.write_text(text)
    return found


def sync(where: Path, entry: str, **columns: str | None) -> Sync:
    return made(where, entry, **columns).load().syncs[0]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            CLEAN,
            f"10: {OUT_OF_PRODUCTION}; accepted: 'clean.columns.yaml' in SCRIPTS, which 'envsync sanitise.init app' drafts, or 'coverage: warn', to be warned only",
        ),
        (
            f"{CLEAN}, coverage: strict",
            f"10: {OUT_OF_PRODUCTION}; accepted: 'clean.columns.yaml' in SCRIPTS, which 'envsync sanitise.init app' drafts, or 'coverage: warn', to be warned only",
        ),
        (
            f"{CLEAN}, columns: app.columns.yaml",
            "10: 'syncs.app.columns' is 'app.columns.yaml', which is not in SCRIPTS; accepted: none exist; 'envsync sanitise.init app' drafts it",
        ),
        (
            f"{CLEAN}, columns: ../x.columns.yaml",
            "10: 'syncs.app.columns' is '../x.columns.yaml', outside SCRIPTS; accepted: a path in that folder",
        ),
        (
            f"{CLEAN}, columns: clean.checks.sql",
            "10: 'syncs.app.columns' is 'clean.checks.sql', which decides on no columns; accepted: a name that ends in '.columns.yaml'",
        ),
        (
            f"{CLEAN}, coverage: loose",
            "10: 'syncs.app.coverage' is 'loose'; accepted: 'strict' or 'warn'",
        ),
        (
            "from: production, sanitise: never, because: all public, coverage: strict",
            "10: 'coverage' has nothing to decide beside 'sanitise: never' in 'syncs.app'; accepted: it where a script sanitises",
        ),
        (
            "from: production, sanitise: never, because: all public, columns: clean.columns.yaml",
            "10: 'columns' has nothing to decide beside 'sanitise: never' in 'syncs.app'; accepted: it where a script sanitises",
        ),
    ],
)
def test_what_is_not_decided_on_is_told_at_its_line(
    tmp_path: Path, entry: str, problem: str
) -> None:
    assert made(tmp_path, entry, clean=None).problems() == [f"staging.yaml:{problem}"]


def test_a_file_of_columns_is_no_script(tmp_path: Path) -> None:
    assert made(tmp_path, "from: production, sanitise: clean.columns.yaml").problems() == [
        "staging.yaml:10: 'syncs.app.sanitise' is 'clean.columns.yaml', which decides on columns and runs nothing; accepted: 'clean.sql'"
    ]


def test_all_that_is_wrong_with_a_file_is_told_at_its_own_lines(tmp_path: Path) -> None:
    assert made(
        tmp_path, CLEAN, clean="people:\n  id: keep\n  name: {kept: text}\n"
    ).problems() == [
        "SCRIPTS/clean.columns.yaml:2: 'people.id' is 'keep'; accepted: {keep: TYPE} or {sanitised: TYPE}",
        "SCRIPTS/clean.columns.yaml:3: 'people.name' has the decision 'kept'; did you mean 'keep'?",
    ]


def test_a_file_nobody_uses_is_nobodys_problem(tmp_path: Path) -> None:
    assert made(tmp_path, CLEAN, other="- nonsense").load()


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    found = made(tmp_path, CLEAN, clean=None)
    (found.scripts / "clean.columns.yaml").symlink_to(found.scripts / "clean.columns.yaml")
    assert "nobody has decided on its columns" in found.problems()[0]


@pytest.mark.parametrize(
    ("entry", "gate"),
    [
        (CLEAN, Coverage.STRICT),
        (f"{CLEAN}, coverage: warn", Coverage.WARN),
        ("from: production, sanitise: never, because: all public", None),
    ],
)
def test_out_of_a_protected_environment_a_gate_is_strict_unless_told_otherwise(
    tmp_path: Path, entry: str, gate: Coverage | None
) -> None:
    assert sync(tmp_path, entry).gate == gate


def test_a_warning_needs_no_file(tmp_path: Path) -> None:
    found = sync(tmp_path, f"{CLEAN}, coverage: warn", clean=None)
    assert (found.gate, found.columns) == (Coverage.WARN, None)


def test_a_sync_may_name_its_file(tmp_path: Path) -> None:
    text = "x: {}\n"
    found = sync(tmp_path, f"{CLEAN}, columns: ./other.columns.yaml", other=text, clean=None)
    assert (found.columns_file, found.columns and set(found.columns.tables)) == (
        "other.columns.yaml",
        {"x"},
    )


@pytest.mark.parametrize(
    ("entry", "gate"),
    [
        ("from: staging", None),
        ("from: staging, columns: clean.columns.yaml", Coverage.WARN),
        ("from: staging, sanitise: clean.sql", Coverage.WARN),
        ("from: staging, sanitise: clean.sql, coverage: strict", Coverage.STRICT),
    ],
)
def test_out_of_another_environment_a_gate_warns_where_there_is_a_file(
    tmp_path: Path, entry: str, gate: Coverage | None
) -> None:
    other = integration(f"  app: {{{entry}}}")
    (found,) = (
        each
        for each in folder(tmp_path, integration=other).load().syncs
        if each.target.environment.name == "integration"
    )
    assert found.gate == gate


def test_strict_without_script_or_file_says_how_to_name_one(tmp_path: Path) -> None:
    other = integration("  app: {from: staging, coverage: strict}")
    assert folder(tmp_path, integration=other).problems() == [
        "integration.yaml:10: 'syncs.app' takes data out of 'staging' and nobody has decided on its columns; accepted: 'columns: NAME.columns.yaml', or 'coverage: warn', to be warned only"
    ]


def test_a_sync_that_is_never_run_decides_nothing(tmp_path: Path) -> None:
    assert made(tmp_path, f"{CLEAN}, ensure: absent", clean=None).load()


def test_what_is_to_be_drafted_need_not_be_there(tmp_path: Path) -> None:
    for number, entry in enumerate((CLEAN, f"{CLEAN}, columns: new.columns.yaml")):
        found = made(tmp_path / str(number), entry, clean=None)
        assert load(found.path, found.scripts, drafting=True).syncs[0].columns is None


def test_data_taken_from_a_protected_environment_by_hand_is_decided_on_first(
    tmp_path: Path,
) -> None:
    other = integration("  app: {from: staging, sanitise: new.sql}")
    found = folder(tmp_path, production=PRODUCTION, integration=other)
    (found.scripts / "new.sql").write_text("select 1;\n")
    with pytest.raises(RefusedError) as caught:
        redirected(found.load(), "app", ("integration",), "production")
    assert str(caught.value) == (
        "production is protected and nobody has decided on the columns of the sync of app "
        "(integration); envsync sanitise.init app --env production drafts new.columns.yaml"
    )
