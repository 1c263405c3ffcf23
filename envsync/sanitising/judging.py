"""A script, its checks and the classification held against each other. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from envsync.columns import Classification, Decision
from envsync.sanitising.catalogue import Catalogue
from envsync.sanitising.finding import Finding
from envsync.sanitising.reading import Act, Change, Reading

_WORD = re.compile(r"\w+")
_SHOWN = 60
_OF_DOCUMENTS = {"mongo", "elasticsearch"}
Column = tuple[str, str]
"""An entry of the classification: of a table, and of a column in it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What makes one copy safe to read: its script and its checks as they were read.

    `rewritten` are the fields whose texts the sync itself replaces. Of documents, the script's own
    file holds checks too. `columns` is None where nobody has decided on any.
    """

    dbms: str
    script_file: str | None
    script: Reading
    checks_file: str | None
    checks: Reading | None
    columns: Classification | None
    rewritten: tuple[str, ...] = ()


def judge(edge: Edge) -> Iterator[Finding]:
    """Yield what is wrong with an edge, and what is worth knowing of it."""
    if edge.script_file is not None:
        yield from _of_file(edge.script_file, edge.script)
    if edge.checks is not None and edge.checks_file is not None:
        yield from _of_file(edge.checks_file, edge.checks)
    if edge.columns is not None and edge.script_file is not None:
        judgement = _Judgement(edge, edge.columns, edge.script_file)
        yield from judgement.kept()
        yield from judgement.sanitised()


def _of_file(file: str, reading: Reading) -> Iterator[Finding]:
    for flaw in reading.flaws:
        yield Finding(file, flaw.line, flaw.sentence, flaw.is_note)
    for unread in reading.unread:
        text = " ".join(unread.text.split())
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        yield Finding(file, unread.line, f"not understood, not judged: {shown}", is_note=True)


class _Judgement:
    """One edge's columns, with what is done to each, for the length of judging them."""

    def __init__(self, edge: Edge, columns: Classification, script: str) -> None:
        self._edge = edge
        self._script = script
        self._file = columns.file
        self._tables = columns.tables
        self._catalogue = Catalogue(columns, folds=edge.dbms == "mysql")
        unread = [*edge.script.unread, *(edge.checks.unread if edge.checks else ())]
        self._words = {word.lower() for each in unread for word in _WORD.findall(each.text)}
        self._hides = any(each.hides for each in edge.script.unread)
        self._changes = self._changed()
        looks = (*edge.script.looks, *(edge.checks.looks if edge.checks else ()))
        self._looks = {column for look in looks for column in self._meant(look.table, look.column)}

    def _changed(self) -> dict[Column, list[Change]]:
        found: dict[Column, list[Change]] = {}
        for change in self._edge.script.changes:
            for column in self._meant(change.table, change.column):
                found.setdefault(column, []).append(change)
        return found

    def _meant(self, table: str, column: str | None) -> Iterator[Column]:
        """Yield the entries of a column, or of all of a table; of documents, what is in a field."""
        entry = self._catalogue.table(table)
        if entry is None:
            return
        if column is None:
            names = self._catalogue.columns(entry)
        elif self._edge.dbms in _OF_DOCUMENTS:
            names = self._catalogue.reached(entry, column)
        else:
            one = self._catalogue.column(entry, column)
            names = (one,) if one else ()
        yield from ((entry, name) for name in names)

    def kept(self) -> Iterator[Finding]:
        """Yield what the script changes although the classification says it is kept."""
        for change in self._edge.script.changes:
            for table, column in self._meant(change.table, change.column) if change.column else ():
                if self._tables[table][column].decision is Decision.KEEP:
                    verb = "takes away" if change.act is Act.DROPPED else "changes"
                    yield Finding(
                        self._script,
                        change.line,
                        f"{verb} {table}.{column}, which is classified as keep in {self._file}; "
                        "classify it as sanitised, or leave it as it is",
                    )

    def sanitised(self) -> Iterator[Finding]:
        """Yield what is to be sanitised and is not, or is not known to be."""
        rewritten = {
            column
            for field in self._edge.rewritten
            for column in self._meant(field.rpartition(".")[0], field.rpartition(".")[2])
        }
        for table, columns in self._tables.items():
            unlooked = []
            for name, decided in columns.items():
                changes = self._changes.get((table, name), [])
                if decided.decision is Decision.KEEP:
                    continue
                if not changes and (table, name) not in rewritten:
                    yield from self._untouched(table, name, decided.line)
                elif not self._is_seen_to(table, name, changes):
                    unlooked.append((decided.line, name, changes))
            yield from self._unlooked(table, unlooked)

    def _untouched(self, table: str, name: str, line: int) -> Iterator[Finding]:
        if self._is_named(table) and self._is_named(name):
            return
        sentence = (
            f"{table}.{name} is classified as sanitised, and nothing in {self._script} changes it"
        )
        unless = ", unless what could not be read does" if self._hides else ""
        yield Finding(self._file, line, f"{sentence}{unless}", is_note=self._hides)

    def _is_named(self, name: str) -> bool:
        """Tell whether what was not understood names a column or a table."""
        return name.replace("[]", "").rpartition(".")[2].lower() in self._words

    def _is_seen_to(self, table: str, name: str, changes: list[Change]) -> bool:
        """Tell whether a check looks at a column, or none must, as no value of it is left."""
        gone = any(not each.partly and each.act is not Act.SET for each in changes)
        return gone or (table, name) in self._looks or self._is_named(name)

    def _unlooked(
        self, table: str, found: list[tuple[int, str, list[Change]]]
    ) -> Iterator[Finding]:
        in_some = [each for each in found if each[2] and all(change.partly for change in each[2])]
        in_all = [each for each in found if each not in in_some]
        if in_some:
            sentence = (
                f"{_columns(table, in_some)} changed in some rows only, and no check looks whether "
                "these are all that must be"
            )
            yield Finding(self._file, in_some[0][0], sentence, is_note=True)
        if in_all:
            names = ", ".join(name for _, name, _ in in_all)
            sentence = f"no check looks at {names} of {table}"
            yield Finding(self._file, in_all[0][0], sentence, is_note=True)


def _columns(table: str, found: list[tuple[int, str, list[Change]]]) -> str:
    names = ", ".join(name for _, name, _ in found)
    return f"{names} of {table} {'is' if len(found) == 1 else 'are'}"
