"""Joins the files of an inventory: databases to servers, syncs to what they sync, by name.

What joins goes on to the rules, with the place in the files it came from; names that lead nowhere
are problems, except where they lead to something that is there but not sound.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from envsync.inventory import values
from envsync.inventory.file import InventoryFile
from envsync.inventory.model import (
    Backup,
    Bucket,
    BucketSync,
    Database,
    Drill,
    Ensure,
    Environment,
    Server,
    Sync,
)
from envsync.inventory.names import Names
from envsync.inventory.placed import Place, Placed
from envsync.inventory.problems import Problem, suggestion
from envsync.inventory.scripts import Scripts, checks, columns_name, sanitise
from envsync.inventory.shape import EnvironmentShape

Value = TypeVar("Value")
_Home = tuple[InventoryFile, EnvironmentShape]
_Databases = Mapping[tuple[str, str], Database]
_Buckets = Mapping[tuple[str, str], Bucket]


@dataclass(frozen=True, slots=True)
class Linked:
    """All that joined, in the order of the files and their lines, and what did not."""

    environments: tuple[Placed[Environment], ...]
    databases: tuple[Placed[Database], ...]
    syncs: tuple[Placed[Sync], ...]
    backups: tuple[Placed[Backup], ...]
    buckets: tuple[Placed[Bucket], ...]
    bucket_syncs: tuple[Placed[BucketSync], ...]
    servers: tuple[Placed[Server], ...]
    drills: tuple[Placed[Drill], ...]
    problems: tuple[Problem, ...]

    def acting_syncs(self) -> Iterator[Placed[Sync]]:
        """Yield the syncs that are run, at night or by hand."""
        return (sync for sync in self.syncs if sync.value.options.ensure is not Ensure.ABSENT)

    def acting_backups(self) -> Iterator[Placed[Backup]]:
        """Yield the backups that are run, at night or by hand."""
        return (step for step in self.backups if step.value.options.ensure is not Ensure.ABSENT)

    def acting_drills(self) -> Iterator[Placed[Drill]]:
        """Yield the restore drills that are run, at night or by hand."""
        return (drill for drill in self.drills if drill.value.options.ensure is not Ensure.ABSENT)

    def acting_bucket_syncs(self) -> Iterator[Placed[BucketSync]]:
        """Yield the bucket syncs that are run, at night or by hand."""
        return (
            edge for edge in self.bucket_syncs if edge.value.options.ensure is not Ensure.ABSENT
        )


def link(files: Sequence[InventoryFile], scripts: Scripts) -> Linked:
    """Join the files; never raises, whatever they say."""
    told = [(file, file.shape) for file in files if file.shape is not None]
    homes = _first_of_each(told)
    names = Names(files)
    databases = [found for home in homes for found in _databases(*home)]
    known = {
        (found.place.document.file, found.value.key): found.value for found in _sound(databases)
    }
    buckets = [found for home in homes for found in _buckets(*home)]
    known_buckets = {(found.place.document.file, found.value.key): found.value for found in buckets}
    syncs = [found for home in homes for found in _syncs(*home, names, known, scripts)]
    backups = [found for home in homes for found in _backups(*home, names, known)]
    edges = [found for home in homes for found in _bucket_syncs(*home, names, known_buckets)]
    return Linked(
        environments=tuple(
            Placed(values.environment(shape), Place(file.document, ("environment",)))
            for file, shape in told
        ),
        databases=_sound(databases),
        syncs=_sound(syncs),
        backups=_sound(backups),
        buckets=tuple(buckets),
        bucket_syncs=_sound(edges),
        servers=tuple(found for home in homes for found in _servers(*home)),
        drills=tuple(found for home in homes for found in _drills(*home, known, scripts)),
        problems=tuple(
            found for found in (*databases, *syncs, *backups, *edges) if isinstance(found, Problem)
        ),
    )


def _sound(found: Iterable[Placed[Value] | Problem]) -> tuple[Placed[Value], ...]:
    return tuple(each for each in found if isinstance(each, Placed))


def _first_of_each(told: Sequence[_Home]) -> tuple[_Home, ...]:
    """Leave out files about an environment that has one, so as not to take one for the other."""
    first: dict[str, _Home] = {}
    for file, shape in told:
        first.setdefault(shape.environment, (file, shape))
    return tuple(first.values())


def _servers(file: InventoryFile, shape: EnvironmentShape) -> Iterator[Placed[Server]]:
    home = values.environment(shape)
    for name, entry in shape.servers.items():
        yield Placed(values.server(name, entry, home), Place(file.document, ("servers", name)))


def _databases(
    file: InventoryFile, shape: EnvironmentShape
) -> Iterator[Placed[Database] | Problem]:
    home = values.environment(shape)
    servers = {name: values.server(name, entry, home) for name, entry in shape.servers.items()}
    scratch = {server.dbms: server for server in servers.values() if server.scratch}
    for key, entry in shape.databases.items():
        place = Place(file.document, ("databases", key))
        if entry.server in servers:
            server = servers[entry.server]
            database = values.database(key, entry, shape.defaults, home, server)
            yield Placed(replace(database, scratch=scratch.get(server.dbms)), place)
        elif not file.document.has("servers", entry.server):
            wanted = suggestion(entry.server, file.document.names("servers"))
            yield place.problem(
                f"{place} is on {entry.server!r}, which is not one of 'servers'; {wanted}", "server"
            )


def _drills(
    file: InventoryFile, shape: EnvironmentShape, databases: _Databases, scripts: Scripts
) -> Iterator[Placed[Drill]]:
    for key, entry in shape.databases.items():
        database = databases.get((file.document.file, key))
        if database and entry.verify:
            drill = values.drill(database, entry.verify, shape.defaults, scripts)
            yield Placed(drill, Place(file.document, ("databases", key, "verify")))


def _buckets(file: InventoryFile, shape: EnvironmentShape) -> Iterator[Placed[Bucket]]:
    home = values.environment(shape)
    for key, entry in shape.buckets.items():
        yield Placed(values.bucket(key, entry, home), Place(file.document, ("buckets", key)))


def _syncs(
    file: InventoryFile,
    shape: EnvironmentShape,
    names: Names,
    databases: _Databases,
    scripts: Scripts,
) -> Iterator[Placed[Sync] | Problem]:
    for key, entry in shape.syncs.items():
        place = Place(file.document, ("syncs", key))
        named = entry.database or key
        where = "database" if entry.database else "from"
        yield from names.unknown_key("databases", file, key, place)
        yield from names.unknown_source("databases", entry.source, named, place, where=where)
        origin = names.file(entry.source)
        target = databases.get((file.document.file, key))
        source = databases.get((origin.document.file, named)) if origin else None
        if source and target:
            title = f"pull {key} into {shape.environment}"
            decides = columns_name(entry)
            yield Placed(
                Sync(
                    source=source,
                    target=target,
                    sanitise=sanitise(entry, scripts),
                    checks=checks(entry, scripts),
                    options=values.options(entry, shape.defaults, title),
                    max_age=values.max_age(entry, shape.defaults),
                    rewrite=values.rewrite(entry),
                    after_promote=values.after_promote(entry),
                    columns_file=decides,
                    columns=scripts.decided(decides) if decides else None,
                    coverage=entry.coverage,
                    sanitise_at=entry.sanitise_at or "target",
                    group=entry.group,
                ),
                place,
            )


def _backups(
    file: InventoryFile, shape: EnvironmentShape, names: Names, databases: _Databases
) -> Iterator[Placed[Backup] | Problem]:
    for key, entry in shape.backups.items():
        place = Place(file.document, ("backups", key))
        database = databases.get((file.document.file, key))
        yield from names.unknown_key("databases", file, key, place)
        if database:
            title = f"push {key} from {shape.environment}"
            yield Placed(Backup(database, values.options(entry, shape.defaults, title)), place)


def _bucket_syncs(
    file: InventoryFile, shape: EnvironmentShape, names: Names, buckets: _Buckets
) -> Iterator[Placed[BucketSync] | Problem]:
    for key, entry in shape.bucket_syncs.items():
        place = Place(file.document, ("bucket_syncs", key))
        named = entry.bucket or key
        where = "bucket" if entry.bucket else "from"
        yield from names.unknown_key("buckets", file, key, place)
        yield from names.unknown_source("buckets", entry.source, named, place, where=where)
        origin = names.file(entry.source)
        target = buckets.get((file.document.file, key))
        source = buckets.get((origin.document.file, named)) if origin else None
        if source and target:
            yield Placed(values.bucket_sync(source, target, entry, shape.defaults), place)
