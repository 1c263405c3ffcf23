"""Joins the files of an inventory: databases to servers, syncs to databases, by name.

What joins goes on to the rules, with the place in the files it came from; names that lead nowhere
are problems, except where they lead to something that is there but not sound.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from envsync.inventory import values
from envsync.inventory.document import Document, Path, quoted
from envsync.inventory.file import InventoryFile
from envsync.inventory.model import Backup, Database, Ensure, Environment, Sync
from envsync.inventory.problems import Problem, suggestion
from envsync.inventory.shape import EnvironmentShape, SyncShape
from envsync.inventory.values import Scripts

Value = TypeVar("Value")
_Home = tuple[InventoryFile, EnvironmentShape]


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


@dataclass(frozen=True, slots=True)
class Linked:
    """All that joined, in the order of the files and their lines, and what did not."""

    environments: tuple[Placed[Environment], ...]
    databases: tuple[Placed[Database], ...]
    syncs: tuple[Placed[Sync], ...]
    backups: tuple[Placed[Backup], ...]
    problems: tuple[Problem, ...]

    def acting_syncs(self) -> Iterator[Placed[Sync]]:
        """Yield the syncs that are run, at night or by hand."""
        return (sync for sync in self.syncs if sync.value.options.ensure is not Ensure.ABSENT)

    def acting_backups(self) -> Iterator[Placed[Backup]]:
        """Yield the backups that are run, at night or by hand."""
        return (step for step in self.backups if step.value.options.ensure is not Ensure.ABSENT)


def link(files: Sequence[InventoryFile], scripts: Scripts) -> Linked:
    """Join the files; never raises, whatever they say."""
    told = [(file, file.shape) for file in files if file.shape is not None]
    homes = _first_of_each(told)
    databases = [found for home in homes for found in _databases(*home)]
    names = _Names(
        files, {_address(found): found.value for found in databases if isinstance(found, Placed)}
    )
    syncs = [found for home in homes for found in _syncs(*home, names, scripts)]
    backups = [found for home in homes for found in _backups(*home, names)]
    return Linked(
        environments=tuple(
            Placed(values.environment(shape), Place(file.document, ("environment",)))
            for file, shape in told
        ),
        databases=tuple(found for found in databases if isinstance(found, Placed)),
        syncs=tuple(found for found in syncs if isinstance(found, Placed)),
        backups=tuple(found for found in backups if isinstance(found, Placed)),
        problems=tuple(
            found for found in (*databases, *syncs, *backups) if isinstance(found, Problem)
        ),
    )


def _first_of_each(told: Sequence[_Home]) -> tuple[_Home, ...]:
    """Leave out files about an environment that has one, so as not to take one for the other."""
    first: dict[str, _Home] = {}
    for file, shape in told:
        first.setdefault(shape.environment, (file, shape))
    return tuple(first.values())


@dataclass(frozen=True, slots=True)
class _Names:
    """What the names in all files lead to."""

    files: Sequence[InventoryFile]
    databases: Mapping[tuple[str, str], Database]

    def file(self, environment: str) -> InventoryFile | None:
        """Return the file of an environment."""
        return next((file for file in self.files if file.environment == environment), None)

    def database(self, file: InventoryFile, key: str) -> Database | None:
        """Return a sound database of a file."""
        return self.databases.get((file.document.file, key))

    def environments(self) -> tuple[str, ...]:
        return tuple(file.environment for file in self.files if file.environment is not None)

    def all_told(self) -> bool:
        """Tell whether every file says which environment it is about."""
        return len(self.environments()) == len(self.files)


def _address(found: Placed[Database]) -> tuple[str, str]:
    return found.place.document.file, found.value.key


def _databases(
    file: InventoryFile, shape: EnvironmentShape
) -> Iterator[Placed[Database] | Problem]:
    home = values.environment(shape)
    servers = {name: values.server(name, entry, home) for name, entry in shape.servers.items()}
    for key, entry in shape.databases.items():
        place = Place(file.document, ("databases", key))
        if entry.server in servers:
            server = servers[entry.server]
            yield Placed(values.database(key, entry, shape.defaults, home, server), place)
        elif not file.document.has("servers", entry.server):
            wanted = suggestion(entry.server, file.document.names("servers"))
            yield place.problem(
                f"{place} is on {entry.server!r}, which is not one of 'servers'; {wanted}", "server"
            )


def _syncs(
    file: InventoryFile, shape: EnvironmentShape, names: _Names, scripts: Scripts
) -> Iterator[Placed[Sync] | Problem]:
    for key, entry in shape.syncs.items():
        place = Place(file.document, ("syncs", key))
        target = names.database(file, key)
        origin = names.file(entry.source)
        source = names.database(origin, entry.database or key) if origin else None
        yield from _unknown_key(file, key, place)
        yield from _unknown_source(origin, key, entry, names, place)
        if source and target:
            title = f"pull {key} into {shape.environment}"
            yield Placed(
                Sync(
                    source=source,
                    target=target,
                    sanitise=values.sanitise(entry, scripts),
                    checks=values.checks(entry, scripts),
                    options=values.options(entry, shape.defaults, title),
                    max_age=values.max_age(entry, shape.defaults),
                    rewrite=values.rewrite(entry),
                    after_promote=values.after_promote(entry),
                ),
                place,
            )


def _backups(
    file: InventoryFile, shape: EnvironmentShape, names: _Names
) -> Iterator[Placed[Backup] | Problem]:
    for key, entry in shape.backups.items():
        place = Place(file.document, ("backups", key))
        database = names.database(file, key)
        yield from _unknown_key(file, key, place)
        if database:
            title = f"push {key} from {shape.environment}"
            yield Placed(Backup(database, values.options(entry, shape.defaults, title)), place)


def _unknown_key(file: InventoryFile, key: str, place: Place) -> Iterator[Problem]:
    if not file.document.has("databases", key):
        wanted = suggestion(key, file.document.names("databases"))
        yield place.problem(f"{place} is about {key!r}, which is not one of 'databases'; {wanted}")


def _unknown_source(
    origin: InventoryFile | None, key: str, entry: SyncShape, names: _Names, place: Place
) -> Iterator[Problem]:
    if origin is None:
        if names.all_told():
            wanted = suggestion(entry.source, names.environments())
            yield place.problem(
                f"{place} is from {entry.source!r}, which is not an environment; {wanted}", "from"
            )
        return
    name = entry.database or key
    if not origin.document.has("databases", name):
        wanted = suggestion(name, origin.document.names("databases"))
        yield place.problem(
            f"{place} is from {name!r} of {entry.source!r}, which has no such database; {wanted}",
            "database" if entry.database else "from",
        )
