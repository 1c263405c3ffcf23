"""The house itself: what is committed keeps the rules that a machine can check."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "envsync").rglob("*.py"))


def test_every_file_says_its_purpose_first() -> None:
    speechless = [path for path in SOURCES if not path.read_text().startswith('"""')]
    assert speechless == []


def test_no_package_reexports() -> None:
    inits = [path for path in SOURCES if path.name == "__init__.py"]
    own = {path: ".".join(path.relative_to(ROOT).parent.parts) for path in inits}
    pattern = "^ *(from|import) {}[. ]"
    assert [
        path
        for path in inits
        if re.search(pattern.format(own[path]), path.read_text(), re.MULTILINE)
    ] == []


def test_no_broad_except_and_no_shell_string() -> None:
    pattern = re.compile(r"except( Base| )?(Exception)?:|shell=True|os\.system")
    assert [path for path in SOURCES if pattern.search(path.read_text())] == []


def test_the_import_table_holds() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
