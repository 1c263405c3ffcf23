"""Classifications and lints of a few lines, for tests."""

import textwrap

from envsync.columns import Classification
from envsync.inventory.columns_file import read_columns
from envsync.sanitising.lint import lint
from envsync.sanitising.sources import Linted, Sanitising, Text


def classified(text: str) -> Classification:
    """Return a classification as its file would be read."""
    file = read_columns("s.columns.yaml", "s.columns.yaml", textwrap.dedent(text).encode())
    assert not file.problems
    return file.classification


def linted(
    script: str,
    columns: str | None = None,
    checks: str | None = None,
    dbms: str = "postgresql",
    rewritten: tuple[str, ...] = (),
) -> Linted:
    """Return what the lint makes of a script, its checks and a classification."""
    edge = Sanitising(
        dbms,
        Text("s", textwrap.dedent(script).lstrip()),
        Text("s.checks", textwrap.dedent(checks).lstrip()) if checks is not None else None,
        classified(columns) if columns is not None else None,
        rewritten,
    )
    return lint([edge])


def told(
    script: str,
    columns: str | None = None,
    checks: str | None = None,
    dbms: str = "postgresql",
    rewritten: tuple[str, ...] = (),
) -> list[str]:
    """Return the findings as they are printed."""
    return [str(finding) for finding in linted(script, columns, checks, dbms, rewritten).findings]
