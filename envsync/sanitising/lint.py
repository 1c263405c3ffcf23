"""Scripts, checks and classifications of an inventory's syncs, judged without any server. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from envsync.sanitising import documents, indices
from envsync.sanitising.catalogue import Catalogue
from envsync.sanitising.finding import Finding
from envsync.sanitising.judging import Edge, judge
from envsync.sanitising.queries import read_checks
from envsync.sanitising.reading import Reading
from envsync.sanitising.sources import Linted, Sanitising
from envsync.sanitising.tables import read_script


class _Reader(Protocol):
    def read_script(self, text: str, catalogue: Catalogue | None) -> Reading:
        """Read a script; never raises, whatever it holds."""

    def read_checks(self, text: str, catalogue: Catalogue | None) -> Reading:
        """Read a file of checks; never raises, whatever it holds."""


@dataclass(frozen=True, slots=True)
class _Sql:
    """Scripts and checks of SQL, in a dialect as the parser calls it."""

    dialect: str

    def read_script(self, text: str, catalogue: Catalogue | None) -> Reading:
        return read_script(text, self.dialect, catalogue)

    def read_checks(self, text: str, catalogue: Catalogue | None) -> Reading:
        return read_checks(text, self.dialect, catalogue)


@dataclass(frozen=True, slots=True)
class _Documents:
    """Files that hold steps and checks alike."""

    read: Callable[[str, Catalogue | None], Reading]

    def read_script(self, text: str, catalogue: Catalogue | None) -> Reading:
        return self.read(text, catalogue)

    def read_checks(self, text: str, catalogue: Catalogue | None) -> Reading:
        return self.read(text, catalogue)


_READERS: Mapping[str, _Reader] = {
    "postgresql": _Sql("postgres"),
    "mysql": _Sql("mysql"),
    "mongo": _Documents(documents.read_file),
    "elasticsearch": _Documents(indices.read_file),
}


def lint(edges: Iterable[Sanitising], others: Iterable[Finding] = ()) -> Linted:
    """Return what is found in all edges, each finding once, with others that were found before."""
    found: set[Finding] = set(others)
    files: set[str] = set()
    unread: set[tuple[str, int]] = set()
    for each in edges:
        edge = _edge(each)
        found.update(judge(edge))
        for file, reading in _readings(edge):
            files.add(file)
            unread.update((file, one.line) for one in reading.unread)
    return Linted(tuple(sorted(found)), len(files), len(unread))


def _readings(edge: Edge) -> Iterator[tuple[str, Reading]]:
    if edge.script_file is not None:
        yield edge.script_file, edge.script
    if edge.checks is not None and edge.checks_file is not None:
        yield edge.checks_file, edge.checks


def _edge(each: Sanitising) -> Edge:
    columns = each.columns
    catalogue = Catalogue(columns, folds=each.dbms == "mysql") if columns else None
    file, content = (each.script.file, each.script.content) if each.script else (None, "")
    reader = _READERS[each.dbms]
    return Edge(
        each.dbms,
        file,
        reader.read_script(content, catalogue),
        each.checks.file if each.checks else None,
        reader.read_checks(each.checks.content, catalogue) if each.checks else None,
        columns,
        each.rewritten,
    )
