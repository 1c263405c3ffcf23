"""What a person decided of every column of a sanitised database, and what columns there are.

Leaf values, shared by the inventory that reads them and the commands that compare with them. A
table is also a collection or an index, a column a field of documents by its path. Names are written
as in the file: see `written`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SUFFIX = ".columns.yaml"
"""What the name of a file that classifies columns ends with."""
Columns = Mapping[str, tuple[str, ...]]
"""The columns of one table with their types."""
Found = Mapping[str, Columns]
"""What columns there are, with their types, by table; of documents, a field may have several."""
Samples = Mapping[str, list[str]]
"""Values of some rows as text, cut short, by column: to be looked at, and never to be shown."""
ELEMENTS = "[]"
"""What stands in a path for the elements of an array."""
# A backslash stands before what would else part, repeat or stand for names.
_MEANINGFUL = re.compile(r"[\\.*\[]")
_WRITTEN = re.compile(r"(?:\\[\\.*\[]|\[\]|[^\\\[])*")
_PARTS = re.compile(r"((?:\\.|[^\\.])*)\.", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_STAR = re.compile(r"(\\.)|(\*)|([^\\*]+)")
_ANY_NAME = r"(?:\\.|[^\\.\[])*"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ .(][A-Za-z0-9_]+\)?)*")
# What YAML, or an editor of it, takes for something else than text.
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


class Decision(StrEnum):
    """What becomes of a column: as it is for anybody to read, or changed by the script."""

    KEEP = "keep"
    SANITISED = "sanitised"


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision on one column, and the types it was made for; `line` is where it is told."""

    decision: Decision
    types: tuple[str, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Classification:
    """The decisions on all columns of a database, by table, as one file tells them.

    `file` is the name by which an operator knows it.
    """

    file: str
    tables: Mapping[str, Mapping[str, Decided]] = field(hash=False)

    def knows(self, name: str) -> bool:
        """Tell whether somebody decided on a table, by its own name or by a pattern."""
        shown = written(name)
        patterns = (each for each in self.tables if is_pattern(each))
        return shown in self.tables or any(matches(each, shown) for each in patterns)


def written(*parts: str) -> str:
    r"""Return names as they are written in the file, joined by dots: 'a.b', and 'a\.b' for one."""
    return ".".join(_MEANINGFUL.sub(r"\\\g<0>", part) for part in parts)


def names(name: str) -> tuple[str, ...]:
    """Return the names that are joined in one, as they are without the file."""
    return tuple(_ESCAPED.sub(r"\1", part) for part in _PARTS.findall(f"{name}."))


def is_written(name: str) -> bool:
    """Tell whether a text can be the name of something: each backslash has its reason."""
    return bool(_WRITTEN.fullmatch(name))


def is_pattern(name: str) -> bool:
    """Tell whether a name stands for several, by a star in it."""
    return any(match[2] for match in _STAR.finditer(name))


def matches(pattern: str, name: str) -> bool:
    """Tell whether a name is what a pattern stands for: a star is any name, or part of one."""
    parts = (_ANY_NAME if match[2] else re.escape(match[0]) for match in _STAR.finditer(pattern))
    return bool(re.fullmatch("".join(parts), name))


def yaml_text(text: str) -> str:
    """Return a name or a type as it can be typed anywhere in a YAML file, in quotes if need be."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return f'"{"".join(map(_yaml_character, text))}"'


def _yaml_character(character: str) -> str:
    if character in '\\"':
        return f"\\{character}"
    # What can be printed need not be what YAML allows: it does no harm as its number.
    if character.isascii() and character.isprintable():
        return character
    return character if character.isalnum() else f"\\U{ord(character):08x}"
