"""The fields of indices, as their mappings tell them, and a few of their values."""

from collections.abc import Iterator, Mapping
from typing import Any

from envsync.columns import Classification, Found, Samples, is_pattern, matches, written
from envsync.commands.elasticsearch import CheckColumns
from envsync.commands.elasticsearch_requests import path
from envsync.facts.elasticsearch import original
from envsync.gateways.elasticsearch.cluster import Cluster, connect
from envsync.gateways.elasticsearch.indices import all_indices
from envsync.gateways.scope import Scope
from envsync.questions import ColumnsQuestion, SamplesQuestion

SOURCE = "_source"
"""What stands for a whole document, where the mapping need not tell all that is in it."""
LONGEST_SAMPLE = 200
_SILENT = {"false", "false_allow_templates"}
"""What has a mapping stay as it is while documents hold more; the second is OpenSearch's.

It maps what a template of the index is for, and keeps the rest in the document alone.
"""


def columns(cluster: Cluster, called: Mapping[str, str]) -> Found:
    """Return the fields of indices by what each of them is called; one name may mean several."""
    found: dict[str, dict[str, set[str]]] = {}
    for index, name in called.items():
        mapping = cluster.look(path(index, "_mapping"))[index].get("mappings", {})
        fields = found.setdefault(written(name), {})
        for field, kind in _fields(mapping):
            fields.setdefault(field, set()).add(kind)
    return {
        name: {field: tuple(sorted(kinds)) for field, kinds in fields.items()}
        for name, fields in found.items()
    }


def restored(command: CheckColumns, scope: Scope) -> Found:
    """Return the fields of the restored indices, by the names that were decided on if any were."""
    names: dict[str, list[str]] = {}
    for name, behind in sorted(command.serves.items()):
        for index in behind:
            names.setdefault(index, []).append(name)
    decided = command.gate.classification
    called = {
        index: _called((*served, original(index)), decided) for index, served in names.items()
    }
    return columns(connect(command.endpoint, scope), called)


def live(question: ColumnsQuestion, scope: Scope) -> Found:
    """Return the fields of a database as it is, by what applications call its indices."""
    cluster = connect(question.target.endpoint, scope)
    return columns(cluster, _live(cluster, question.indices))


def samples(question: SamplesQuestion, scope: Scope) -> Samples:
    """Return values of at most so many documents behind a name, each cut short."""
    found: dict[str, list[str]] = {}
    query: dict[str, Any] = {"function_score": {"query": {"match_all": {}}, "random_score": {}}}
    cluster = connect(question.target.endpoint, scope)
    for index, name in _live(cluster, question.indices).items():
        if written(name) == question.table:
            body = {"size": question.limit, "query": query}
            answer = cluster.look(path(index, "_search"), body)
            for hit in answer["hits"]["hits"]:
                for field, value in _values(hit.get(SOURCE) or {}, ""):
                    found.setdefault(field, []).append(value[:LONGEST_SAMPLE])
    return found


def _live(cluster: Cluster, indices: tuple[str, ...]) -> dict[str, str]:
    meant = (index for index in all_indices(cluster) if index.is_meant(indices))
    return {index.name: min(index.names) for index in meant}


def _called(names: tuple[str, ...], decided: Classification) -> str:
    tables = decided.tables
    known = (name for name in names if _is_decided(written(name), tables))
    return next(known, names[0])


def _is_decided(name: str, tables: Mapping[str, object]) -> bool:
    return name in tables or any(is_pattern(each) and matches(each, name) for each in tables)


def _fields(mapping: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the fields of an index, and what stands for what its mapping does not tell."""
    if _is_silent(mapping):
        yield SOURCE, "object"
    for name, told in mapping.get("runtime", {}).items():
        # One with a script is made of others; without, it is read from the document.
        if "script" not in told:
            yield _dotted(name), str(told.get("type"))
    yield from _properties(mapping, "")


def _properties(mapping: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, told in mapping.get("properties", {}).items():
        field = f"{prefix}{_dotted(name)}"
        kind = str(told.get("type", "object"))
        whole = kind in {"object", "nested"}
        if kind != "alias" and (not whole or _is_silent(told)):
            yield field, kind
        yield from _properties(told, f"{field}.")


def _is_silent(mapping: Mapping[str, Any]) -> bool:
    """Tell whether a document may hold what its mapping says nothing of."""
    told = (str(mapping.get(key)).lower() for key in ("dynamic", "enabled"))
    return not _SILENT.isdisjoint(told)


def _dotted(name: str) -> str:
    """Return a field's name as the file has it; its dots part, as they do in the mapping."""
    return written(*name.split("."))


def _values(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping():
            for name, inner in value.items():
                dot = "." if prefix else ""
                yield from _values(inner, f"{prefix}{dot}{_dotted(name)}")
        case list():
            # A list of values has the mapping of one.
            for inner in value:
                yield from _values(inner, prefix)
        case str() | int() | float() if not isinstance(value, bool):
            yield prefix, str(value)
