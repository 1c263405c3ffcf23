"""The table of failures in the manual: whole, and true to what is tested."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = {
    row.split("|")[1].strip(): row
    for row in (ROOT / "docs" / "failures.md").read_text().splitlines()
    if re.match(r"\| F\d+ \|", row)
}
NAMED = re.compile(r"`(tests/[\w/.]+)(?:::(\w+))?`")


def test_every_failure_has_its_row() -> None:
    assert list(ROWS) == [f"F{number}" for number in range(1, 31)]


@pytest.mark.parametrize("failure", ROWS)
def test_every_test_that_a_row_names_is_there(failure: str) -> None:
    named = NAMED.findall(ROWS[failure])
    assert named
    assert [f"{file}::{test}" for file, test in named if not _is_there(ROOT / file, test)] == []


@pytest.mark.parametrize("failure", ROWS)
def test_every_file_named_after_a_failure_is_in_its_row(failure: str) -> None:
    files = (ROOT / "tests" / "failures").glob(f"test_f{int(failure[1:]):02}_*.py")
    assert [
        file.name for file in files if f"`tests/failures/{file.name}" not in ROWS[failure]
    ] == []


def _is_there(file: Path, test: str) -> bool:
    if not file.is_file():
        return False
    functions = (
        node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)
    )
    tests = {function.name for function in functions if function.name.startswith("test_")}
    return test in tests if test else bool(tests)
