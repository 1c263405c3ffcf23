"""Where in the files of an inventory something is told."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from envsync.inventory.document import Document, Path, quoted
from envsync.inventory.problems import Problem

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the files something is told."""

    document: Document
    path: Path

    def problem(self, sentence: str, *keys: str) -> Problem:
        """Make a sentence a problem of this place, or of a key in it."""
        return self.document.problem((*self.path, *keys), sentence)

    def told(self, key: str) -> bool:
        """Tell whether a key is given in it."""
        return self.document.node((*self.path, key)) is not None

    @property
    def position(self) -> Position:
        return Position(self.document.file, self.document.line(self.path))

    def __str__(self) -> str:
        return quoted(self.path)


@dataclass(frozen=True, slots=True)
class Placed(Generic[Value]):
    """A value and where it is told."""

    value: Value
    place: Place
