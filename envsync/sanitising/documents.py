"""A sanitisation file for documents, read: which fields its steps change and its checks look at."""

import re
from collections.abc import Iterator

from envsync.columns import written
from envsync.sanitising.catalogue import Catalogue
from envsync.sanitising.gathering import Draft
from envsync.sanitising.reading import Act, Change, Flaw, Look, Reading, Unread
from envsync.sanitising.yaml_nodes import Node, entries, items, line_of, root, text_of, value_of

_SETTING = {
    *("$set", "$addFields", "$inc", "$mul", "$min", "$max", "$currentDate", "$bit", "$rename"),
    *("$pull", "$pullAll", "$push", "$addToSet", "$pop"),
}
_WITHIN_FILTERS = {"$and", "$or", "$nor"}
# Places in an array: the matching, all, those of a filter, or one by its number.
_PLACES = re.compile(r"\.(?:\$(?:\[[^\]]*\])?|\d+)(?=\.|$)")
_FIELD = re.compile(r"\$([A-Za-z_]\w*(?:\.\w+)*)")


def read_file(text: str, catalogue: Catalogue | None) -> Reading:
    """Read a file of steps and checks; never raises, whatever it holds."""
    draft = Draft(catalogue)
    whole = root(text)
    for step in items(value_of(whole, "sanitise")):
        _step(step, draft)
    checks = list(items(value_of(whole, "checks")))
    for check in checks:
        _check(check, draft)
    return draft.reading(len(checks))


def _step(step: Node, draft: Draft) -> None:
    collection = _collection(step, draft)
    for verb, key, what in entries(step):
        if verb not in {"updateMany", "deleteMany"}:
            continue
        condition = value_of(what, "filter")
        if _is_never(condition):
            draft.flaws.append(Flaw(line_of(key), "changes nothing: its filter matches nothing"))
            continue
        partly = any(True for _ in entries(condition))
        _named_in_filter(collection, condition, draft)
        if verb == "deleteMany":
            draft.changes.append(Change(line_of(key), collection, None, Act.DELETED, partly))
        else:
            _update(collection, value_of(what, "update"), draft, partly=partly)


def _collection(step: Node, draft: Draft) -> str:
    node = value_of(step, "collection")
    name = written(text_of(node))
    catalogue = draft.catalogue
    if node is not None and catalogue and catalogue.table(name) is None:
        draft.flaws.append(catalogue.no_table("collection", name, line_of(node), changed=True))
    return name


def _update(collection: str, update: Node | None, draft: Draft, *, partly: bool) -> None:
    pipeline = list(items(update))
    for stage in pipeline or ([update] if update else []):
        for operator, key, what in entries(stage):
            if operator in _SETTING:
                _set(collection, what, draft, partly=partly, pipeline=bool(pipeline))
            elif operator == "$unset":
                _unset(collection, what, draft, partly=partly)
            elif operator != "$setOnInsert":
                text = f"{operator} of {collection}"
                draft.unread.append(Unread(line_of(key), text, hides=True))


def _set(collection: str, fields: Node, draft: Draft, *, partly: bool, pipeline: bool) -> None:
    for name, key, value in entries(fields):
        path = _path(name)
        if pipeline and text_of(value) == f"${name}":
            flaw = f"sets {collection}.{path} to itself, which changes nothing"
            draft.flaws.append(Flaw(line_of(key), flaw))
            continue
        draft.changes.append(Change(line_of(key), collection, path, Act.SET, partly))
        _require(collection, path, line_of(key), draft, changed=True)
        if pipeline:
            for used, line in _used(value):
                _require(collection, used, line, draft)


def _unset(collection: str, fields: Node, draft: Draft, *, partly: bool) -> None:
    named = [(name, line_of(key)) for name, key, _ in entries(fields)]
    named += [(text_of(item), line_of(item)) for item in items(fields)]
    if text_of(fields):
        named.append((text_of(fields), line_of(fields)))
    for name, line in named:
        path = _path(name)
        draft.changes.append(Change(line, collection, path, Act.DROPPED, partly))
        _require(collection, path, line, draft, changed=True)


def _used(value: Node) -> Iterator[tuple[str, int]]:
    """Yield the fields whose values an expression takes."""
    found = _FIELD.fullmatch(text_of(value))
    if found:
        yield found[1], line_of(value)
    for operator, _, part in entries(value):
        if operator != "$literal":
            yield from _used(part)
    for part in items(value):
        yield from _used(part)


def _check(check: Node, draft: Draft) -> None:
    collection = _collection(check, draft)
    condition = value_of(check, "find")
    if _is_never(condition):
        draft.flaws.append(Flaw(line_of(check), "finds nothing, ever: its filter matches nothing"))
    named = list(_named_in_filter(collection, condition, draft))
    if condition is not None and not any(True for _ in entries(condition)):
        draft.looks.append(Look(collection, None))
    draft.looks += [Look(collection, path) for path in named]


def _named_in_filter(collection: str, condition: Node | None, draft: Draft) -> list[str]:
    """Return the fields a filter is about, having told of those that are not known."""
    found = []
    for name, key, value in entries(condition):
        if name in _WITHIN_FILTERS:
            for part in items(value):
                found += _named_in_filter(collection, part, draft)
        elif name == "$expr":
            found += [path for path, _ in _used(value)]
        elif not name.startswith("$"):
            path = _path(name)
            _require(collection, path, line_of(key), draft)
            found.append(path)
    return found


def _require(collection: str, path: str, line: int, draft: Draft, *, changed: bool = False) -> None:
    """Tell of a field that is none, in none and around none that the classification knows."""
    catalogue = draft.catalogue
    table = catalogue.table(collection) if catalogue else None
    if not catalogue or table is None or path == "_id":
        return
    if not catalogue.reached(table, path):
        draft.flaws.append(catalogue.no_column("field", table, path, line, changed=changed))


def _path(name: str) -> str:
    return ".".join(written(part) for part in _PLACES.sub("", name).split("."))


def _is_never(condition: Node | None) -> bool:
    """Tell whether a filter asks for one of no values."""
    for name, _, value in entries(condition):
        if name == "$expr" and text_of(value) == "false":
            return True
        among = value_of(value, "$in")
        if among is not None and not list(items(among)) and not text_of(among):
            return True
    return False
