"""What is wrong with an inventory: a sentence, and the line of the file it is about."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

_SHOWN = 15


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake; problems sort by file, then by line."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


def suggestion(name: str, options: Collection[str]) -> str:
    """Say what would be accepted instead of a name: the nearest option, or all there are."""
    near = nearest(name, options)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"accepted: {listed(options)}"


def nearest(name: str, options: Collection[str]) -> str | None:
    """Return the option that a name may be a slip of; None where none is like it."""
    return next(iter(get_close_matches(name, options, n=1)), None)


def listed(options: Collection[str]) -> str:
    """Enumerate options in their order, cut short where there are many."""
    shown = [repr(option) for option in list(options)[:_SHOWN]]
    more = len(options) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " or ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else "none exist"
