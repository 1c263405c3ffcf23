"""What the lint is given, files and what is decided of columns, and what it answers with."""

from dataclasses import dataclass

from envsync.columns import Classification
from envsync.sanitising.finding import Finding


@dataclass(frozen=True, slots=True)
class Text:
    """A file: the name an operator knows it by, and what is in it."""

    file: str
    content: str


@dataclass(frozen=True, slots=True)
class Sanitising:
    """All that makes one copy safe to read, as it is written; `rewritten` as in judging.Edge.

    Without a script there are still checks to be read.
    """

    dbms: str
    script: Text | None
    checks: Text | None
    columns: Classification | None
    rewritten: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linted:
    """What came of it all: the findings, in the order of files and lines, and how much was read."""

    findings: tuple[Finding, ...]
    files: int
    unread: int

    @property
    def mistakes(self) -> int:
        """How many findings are more than notes."""
        return sum(not finding.is_note for finding in self.findings)

    @property
    def summary(self) -> str:
        """How much was read and found, in one line."""
        read = _count(self.files, "script or file of checks", "scripts and files of checks")
        notes = _count(len(self.findings) - self.mistakes, "note", "notes")
        unread = f"; {_count(self.unread, 'statement', 'statements')} not judged"
        return f"{read} read: {self.mistakes} to mend, {notes}{unread if self.unread else ''}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
