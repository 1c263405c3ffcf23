"""Reads a file that classifies columns: decisions by table and column, or problems with lines."""

from collections.abc import Iterator
from dataclasses import dataclass

from envsync.columns import Classification, Decided, Decision, is_written
from envsync.inventory.document import Document, Node, described
from envsync.inventory.problems import Problem, suggestion
from envsync.inventory.yaml_lines import read

_DECISIONS = [str(each) for each in Decision]
_A_DECISION = "accepted: {keep: TYPE} or {sanitised: TYPE}"
_A_TYPE = "accepted: its type as text, or a list of such"
_A_NAME = (
    r"accepted: a name, in which a backslash stands before a dot, a star, a bracket or a "
    "backslash of its own"
)


@dataclass(frozen=True, slots=True)
class ColumnsFile:
    """A file that classifies columns, as far as it is sound: all that is wrong is in `problems`."""

    classification: Classification
    problems: tuple[Problem, ...] = ()


def read_columns(name: str, file: str, content: bytes) -> ColumnsFile:
    """Read a file and check it; never raises, whatever the bytes.

    `name` is how inventories call it, `file` where it lies.
    """
    document = read(file, content)
    problems = list(document.problems)
    tables: dict[str, dict[str, Decided]] = {}
    for table, node in _entries(document.root):
        tables[table] = {}
        problems += _wrong_name(document, node, table)
        if not isinstance(node.value, dict):
            problems.append(_problem(document, node, _not_columns(table, node)))
        for column, decision in _entries(node):
            problems += _wrong_name(document, decision, column)
            read_one = _decided(f"{table}.{column}", decision)
            if isinstance(read_one, Decided):
                tables[table][column] = read_one
            else:
                problems.append(_problem(document, decision, read_one))
    return ColumnsFile(Classification(name, tables), tuple(problems))


def unreadable(name: str, file: str, reason: str) -> ColumnsFile:
    """Return what stands for a file that cannot be read."""
    problem = Problem(file, 1, f"cannot be read, {reason}; accepted: a readable file")
    return ColumnsFile(Classification(name, {}), (problem,))


def _entries(node: Node | None) -> Iterator[tuple[str, Node]]:
    if node is not None and isinstance(node.value, dict):
        yield from node.value.items()


def _not_columns(table: str, node: Node) -> str:
    given = "has no columns" if node.value is None else f"is {described(node.plain())}"
    return f"{table!r} {given}; accepted: a mapping of its columns to decisions, {{}} for none"


def _decided(where: str, node: Node) -> Decided | str:
    """Return a decision, or what is wrong with it."""
    entries = list(_entries(node))
    if len(entries) != 1:
        shown = "has no decision" if node.value is None else f"is {_shown(node)}"
        comma = "; a type that holds a comma goes in quotes" if len(entries) > 1 else ""
        return f"{where!r} {shown}; {_A_DECISION}{comma}"
    ((word, types),) = entries
    if word not in _DECISIONS:
        return f"{where!r} has the decision {word!r}; {suggestion(word, _DECISIONS)}"
    told = types.value if isinstance(types.value, list) else [types]
    kinds = tuple(kind.value for kind in told if isinstance(kind.value, str) and kind.value)
    if not kinds or len(kinds) != len(told) or len(set(kinds)) != len(kinds):
        return f"{where!r} is of {_shown(types)}; {_A_TYPE}, each once, null in quotes"
    return Decided(Decision(word), kinds, node.line)


def _shown(node: Node) -> str:
    match node.value:
        case None:
            return "no type"
        case dict() as entries if entries:
            return f"a mapping of {' and '.join(map(repr, list(entries)[:3]))}"
        case _:
            return described(node.plain())


def _wrong_name(document: Document, node: Node, name: str) -> Iterator[Problem]:
    if not is_written(name):
        yield _problem(document, node, f"{name!r} is no name; {_A_NAME}")


def _problem(document: Document, node: Node, sentence: str) -> Problem:
    return Problem(document.file, node.line, sentence)
