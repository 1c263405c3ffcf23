"""One inventory file, read: its lines, its problems, and as much of its shape as is sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from pydantic import ValidationError

from envsync.inventory.document import Document, Path, Plain, quoted
from envsync.inventory.problems import Problem
from envsync.inventory.sentences import path_of, problems
from envsync.inventory.shape import EnvironmentShape
from envsync.inventory.yaml_lines import read

_STEPS = {"syncs", "backups", "bucket_syncs"}


@dataclass(frozen=True, slots=True)
class InventoryFile:
    """A file as written, and what can be believed of it: `shape` is None where that is nothing.

    What is sound goes on to the rules between files, so that all problems are found at once.
    """

    document: Document
    shape: EnvironmentShape | None
    problems: tuple[Problem, ...]

    @property
    def environment(self) -> str | None:
        """The name the file gives its environment, even where the rest is not sound."""
        node = self.document.node(("environment",))
        return node.value if node and isinstance(node.value, str) else None


def read_file(name: str, content: bytes) -> InventoryFile:
    """Read a file and check its shape; never raises, whatever the bytes."""
    document = read(name, content)
    if document.root is None:
        return InventoryFile(document, None, document.problems)
    empty = tuple(_empty_values(document))
    shape, wrong = _checked(document)
    return InventoryFile(document, shape, (*document.problems, *empty, *wrong))


def _empty_values(document: Document) -> Iterator[Problem]:
    for path, node in document.root.walk() if document.root else ():
        if node.value is None:
            yield document.problem(
                path, f"{quoted(path)} has no value; accepted: a value, or no such key"
            )


def _checked(document: Document) -> tuple[EnvironmentShape | None, tuple[Problem, ...]]:
    plain = document.mapping()
    try:
        return EnvironmentShape.model_validate(plain), ()
    except ValidationError as error:
        return _sound(plain, error), tuple(problems(document, error))


def _sound(plain: dict[str, Plain], error: ValidationError) -> EnvironmentShape | None:
    """Leave out what is wrong until the rest is right; None where that leaves too little."""
    wrong = {_wrong(plain, path_of(detail)) for detail in error.errors(include_url=False)}
    left_out = [_leave_out(plain, path) for path in wrong if path]
    if "environment" not in plain or not any((*left_out, () in wrong)):
        return None
    plain = _with_stand_ins(plain)
    try:
        return EnvironmentShape.model_validate(plain)
    except ValidationError as worse:
        return _sound(plain, worse)


def _with_stand_ins(plain: dict[str, Plain]) -> dict[str, Plain]:
    """Fill in what every file needs with what breaks no rule; the file is refused all the same."""
    nowhere: Plain = {"backend": "file", "directory": f"/nowhere/{plain.get('environment')}"}
    return {"protected": False, "storage": nowhere, **plain}


def _wrong(plain: dict[str, Plain], path: Path) -> Path:
    """Return the path of what must go for a path to be right.

    A step goes as a whole, for half of it could mean another thing than what was written; so does
    a list, and what a key is missing in.
    """
    if path[0] in _STEPS:
        return path[:2]
    keys = tuple(takewhile(lambda part: isinstance(part, str), path))
    holder = _value(plain, keys[:-1])
    return keys if isinstance(holder, dict) and keys[-1] in holder else keys[:-1]


def _leave_out(plain: dict[str, Plain], path: Path) -> bool:
    """Delete what a path leads to; tell whether it was there."""
    holder = _value(plain, path[:-1])
    found = isinstance(holder, dict) and path[-1] in holder
    if isinstance(holder, dict):
        holder.pop(str(path[-1]), None)
    return found


def _value(plain: Plain, path: Path) -> Plain:
    for key in path:
        plain = plain.get(str(key)) if isinstance(plain, dict) else None
    return plain
