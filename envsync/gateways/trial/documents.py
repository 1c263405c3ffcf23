"""Documents as cells: each path of a document is a column, whatever the document looks like."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from envsync.columns import ELEMENTS, written
from envsync.gateways.trial.rows import Cell, key_of

_BETWEEN = ", "


@dataclass(frozen=True, slots=True)
class Documents:
    """How an engine's documents are read: `text` shows a value that is neither text nor nothing.

    `elements` is what stands in a path for the elements of a list; dots in a name part it where
    the engine takes them so (`dotted`).
    """

    text: Callable[[Any], str]
    elements: str = ELEMENTS
    dotted: bool = False

    def cells(self, document: Mapping[str, Any]) -> list[Cell]:
        """Return a document's values by their paths; those of a list are one, in their order."""
        found: dict[str, list[Any]] = {}
        for path, value in self._leaves(document, ""):
            found.setdefault(path, []).append(value)
        return [_cell(path, values, self.text) for path, values in found.items()]

    def _leaves(self, value: Any, path: str) -> Iterator[tuple[str, Any]]:
        """Yield each value that holds no others, with where it is; an empty list is such a one."""
        if isinstance(value, Mapping) and value:
            for name, part in value.items():
                own = written(*str(name).split(".")) if self.dotted else written(str(name))
                yield from self._leaves(part, f"{path}.{own}" if path else own)
        elif isinstance(value, list) and value:
            for part in value:
                yield from self._leaves(part, f"{path}{self.elements}")
        else:
            yield path, value


def _cell(path: str, values: list[Any], text: Callable[[Any], str]) -> Cell:
    if values == [None]:
        return Cell(path, None, None)
    texts = [value if isinstance(value, str) else text(value) for value in values]
    exact = key_of(
        f"{type(value).__name__}:{shown}" for value, shown in zip(values, texts, strict=True)
    )
    return Cell(path, _BETWEEN.join(texts), exact)
