"""Where the names in an inventory's files lead to, and the problems of those that lead nowhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envsync.inventory.file import InventoryFile
from envsync.inventory.placed import Place
from envsync.inventory.problems import Problem, suggestion


@dataclass(frozen=True, slots=True)
class Names:
    """What is named in all files, sound or not."""

    files: Sequence[InventoryFile]

    def file(self, environment: str) -> InventoryFile | None:
        """Return the file of an environment."""
        return next((file for file in self.files if file.environment == environment), None)

    def environments(self) -> tuple[str, ...]:
        return tuple(file.environment for file in self.files if file.environment is not None)

    def all_told(self) -> bool:
        """Tell whether every file says which environment it is about."""
        return len(self.environments()) == len(self.files)

    def unknown_key(
        self, section: str, file: InventoryFile, key: str, place: Place
    ) -> Iterator[Problem]:
        """Yield the problem of a step about something that its own file does not have."""
        if not file.document.has(section, key):
            wanted = suggestion(key, file.document.names(section))
            yield place.problem(
                f"{place} is about {key!r}, which is not one of {section!r}; {wanted}"
            )

    def unknown_source(
        self, section: str, source: str, key: str, place: Place, *, where: str
    ) -> Iterator[Problem]:
        """Yield the problem of an edge from an environment, or a thing in it, that is not there.

        `section` is where the thing would be, `where` the key by which the edge names it.
        """
        origin = self.file(source)
        if origin is None:
            if self.all_told():
                wanted = suggestion(source, self.environments())
                yield place.problem(
                    f"{place} is from {source!r}, which is not an environment; {wanted}", "from"
                )
        elif not origin.document.has(section, key):
            wanted = suggestion(key, origin.document.names(section))
            yield place.problem(
                f"{place} is from {key!r} of {source!r}, which has no such "
                f"{section.removesuffix('s')}; {wanted}",
                where,
            )
