"""One inventory file as plain values that remember their lines."""

from collections.abc import Iterator
from dataclasses import dataclass

from envsync.inventory.problems import Problem

Path = tuple[str | int, ...]
Scalar = str | int | bool | None
Plain = Scalar | list["Plain"] | dict[str, "Plain"]

_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line it is told by: that of its key in a mapping, of the item in a list."""

    line: int
    value: "Scalar | list[Node] | dict[str, Node]"

    def plain(self) -> Plain:
        """Return the value without its lines, as fresh lists and mappings."""
        match self.value:
            case dict() as entries:
                return {key: node.plain() for key, node in entries.items()}
            case list() as items:
                return [node.plain() for node in items]
            case scalar:
                return scalar

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, "Node"]]:
        """Yield this node and all in it, each with its path."""
        yield path, self
        match self.value:
            case dict() as entries:
                for key, node in entries.items():
                    yield from node.walk((*path, key))
            case list() as items:
                for index, node in enumerate(items):
                    yield from node.walk((*path, index))

    def child(self, part: str | int) -> "Node | None":
        """Return what a key or an index leads to; None where it leads nowhere."""
        if isinstance(self.value, dict) and isinstance(part, str):
            return self.value.get(part)
        if isinstance(self.value, list) and isinstance(part, int) and part < len(self.value):
            return self.value[part]
        return None


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read; `root` is None where it is not a YAML mapping."""

    file: str
    root: Node | None
    problems: tuple[Problem, ...] = ()

    def mapping(self) -> dict[str, Plain]:
        """Return the whole file as fresh plain values; empty where it is not a mapping."""
        plain = self.root.plain() if self.root else {}
        return plain if isinstance(plain, dict) else {}

    def node(self, path: Path) -> Node | None:
        """Return what a path leads to; None where it leads nowhere."""
        node = self.root
        for part in path:
            node = node.child(part) if node else None
        return node

    def has(self, section: str, key: str) -> bool:
        """Tell whether a section holds a key, sound or not; True of one that is no mapping."""
        entries = self.node((section,))
        unsound = entries is not None and not isinstance(entries.value, dict)
        return unsound or self.node((section, key)) is not None

    def names(self, section: str) -> tuple[str, ...]:
        """Return the keys written in a section, whether or not what they hold is sound."""
        node = self.node((section,))
        return tuple(node.value) if node and isinstance(node.value, dict) else ()

    def line(self, path: Path) -> int:
        """Return the line of a value, or of the nearest thing around it that is there."""
        ends = range(len(path), -1, -1)
        return next((node.line for end in ends if (node := self.node(path[:end]))), 1)

    def problem(self, path: Path, sentence: str) -> Problem:
        """Make a sentence about a value a problem of this file."""
        return Problem(self.file, self.line(path), sentence)


def described(value: object) -> str:
    """Show a value as an operator knows it; long text is cut short."""
    match value:
        case None | [] | ():
            return "empty"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case bool():
            return str(value).lower()
        case str() if len(value) > _LONGEST_SHOWN:
            return repr(f"{value[:_LONGEST_SHOWN]}…")
        case _:
            return repr(value)


def quoted(path: Path) -> str:
    """Show a path as an operator would say it: 'syncs.publishing_api.at'."""
    return repr(".".join(map(str, path)))
