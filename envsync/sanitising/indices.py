"""A sanitisation script for indices, read: which fields its steps change and its checks look at.

Painless is not judged: a field whose name stands in a script is taken to be changed by it.
"""

import re
from collections.abc import Iterator

from envsync.sanitising.catalogue import Catalogue
from envsync.sanitising.gathering import Draft
from envsync.sanitising.reading import Act, Change, Flaw, Look, Reading, Unread
from envsync.sanitising.yaml_nodes import Node, entries, items, line_of, root, text_of, value_of

_BY_FIELD = {
    *("term", "terms", "match", "match_phrase", "match_phrase_prefix", "match_bool_prefix"),
    *("prefix", "wildcard", "regexp", "fuzzy", "range"),
}
_ABOUT_ALL = {"boost", "_name"}
_OF_ALL_DOCUMENTS = {"_id", "_index", "_source", "_ignored", "_routing"}


def read_file(text: str, catalogue: Catalogue | None) -> Reading:
    """Read a file of steps and checks; never raises, whatever it holds."""
    draft = Draft(catalogue)
    whole = root(text)
    for step in items(value_of(whole, "sanitise")):
        for verb, key, what in entries(step):
            _step(verb, line_of(key), what, draft)
    checks = list(items(value_of(whole, "checks")))
    for check in checks:
        _check(check, draft)
    for kept in items(value_of(whole, "keep")):
        _require_index(kept, draft)
    return draft.reading(len(checks))


def _step(verb: str, line: int, what: Node, draft: Draft) -> None:
    query = value_of(what, "query")
    if _is_never(query):
        draft.flaws.append(Flaw(line, "changes nothing: its query finds nothing"))
        return
    partly = query is not None and not _is_all(query)
    for index in _indices(what, draft):
        for path, where in _fields(query):
            _require(index, path, where, draft)
        if verb == "delete":
            draft.changes.append(Change(line, index, None, Act.DELETED, partly))
        elif verb == "update":
            script = text_of(value_of(what, "script"))
            draft.changes += [
                Change(line, index, path, Act.SET, partly)
                for path in _named(index, script, draft.catalogue)
            ]


def _named(index: str, script: str, catalogue: Catalogue | None) -> Iterator[str]:
    """Yield the fields of an index whose names stand in a script."""
    for path in catalogue.columns(index) if catalogue else ():
        last = path.rpartition(".")[2].replace("[]", "").replace("*", "")
        if last and re.search(rf"\b{re.escape(last)}\b", script):
            yield path


def _check(check: Node, draft: Draft) -> None:
    query = value_of(check, "query")
    if _is_never(query):
        draft.flaws.append(Flaw(line_of(check), "finds nothing, ever: its query is match_none"))
    for index in _indices(check, draft):
        if query is not None and _is_all(query):
            draft.looks.append(Look(index, None))
        for path, where in _fields(query):
            _require(index, path, where, draft)
            draft.looks.append(Look(index, path))


def _indices(what: Node, draft: Draft) -> Iterator[str]:
    """Yield the entries of the classification that a step or a check is about."""
    named = value_of(what, "indices")
    catalogue = draft.catalogue
    if catalogue is None:
        return
    if named is None:
        yield from catalogue.classification.tables
        return
    for node in items(named):
        yield from _require_index(node, draft)


def _require_index(node: Node, draft: Draft) -> list[str]:
    """Return the entries that a pattern of indices means, having told of one that means none."""
    name, catalogue = text_of(node), draft.catalogue
    if catalogue is None:
        return []
    meant = list(catalogue.tables(name))
    if not meant:
        flaw = catalogue.no_table("index", name, line_of(node), changed=False)
        draft.flaws.append(flaw)
        if flaw.is_note:
            # It may be another name of an index that was decided on.
            draft.unread.append(Unread(line_of(node), name, hides=True))
    return meant


def _fields(query: Node | None) -> Iterator[tuple[str, int]]:
    """Yield the fields that a query is about, with their lines."""
    for name, _, what in entries(query):
        if name in _BY_FIELD:
            for path, key, _ in entries(what):
                if path not in _ABOUT_ALL | _OF_ALL_DOCUMENTS:
                    yield path, line_of(key)
        elif name == "exists":
            node = value_of(what, "field")
            if node is not None:
                yield text_of(node), line_of(node)
        else:
            yield from _fields(what)
            for part in items(what):
                yield from _fields(part)


def _require(index: str, path: str, line: int, draft: Draft) -> None:
    """Tell of a field that is none, in none and around none that the classification knows.

    A field has others below it, as .keyword, by which it is looked up in another way.
    """
    catalogue = draft.catalogue
    if catalogue is None or catalogue.reached(index, path):
        return
    draft.flaws.append(catalogue.no_column("field", index, path, line, changed=False))


def _is_all(query: Node) -> bool:
    return [name for name, _, _ in entries(query)] == ["match_all"]


def _is_never(query: Node | None) -> bool:
    return [name for name, _, _ in entries(query)] == ["match_none"]
