"""The rules about cleaning at the source: with what, where, and as all who share it have it."""

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from envsync.inventory.identity import address
from envsync.inventory.link import Linked
from envsync.inventory.model import Dbms, Sanitise, Sync
from envsync.inventory.placed import Placed
from envsync.inventory.problems import Problem
from envsync.places import (
    FileStorage,
    RsyncDaemon,
    RsyncShell,
    S3Storage,
    SnapshotRepository,
    Storage,
)

_SHARED: dict[str, Callable[[Sync], object]] = {
    "sanitise": lambda sync: sync.sanitise,
    "checks": lambda sync: sync.checks,
    "columns": lambda sync: (sync.columns_file, sync.columns),
    "coverage": lambda sync: sync.gate,
    "exclude_table_data": lambda sync: sync.options.exclude_table_data,
    "exclude_tables": lambda sync: sync.options.exclude_tables,
}
"""What all edges must agree on that take one clean artefact."""


def broken_by_cleaning(linked: Linked) -> Iterator[Problem]:
    """Yield a problem wherever data could not leave clean, or not as all who take it want it."""
    first: dict[tuple[str, str], Placed[Sync]] = {}
    for sync in linked.acting_syncs():
        if sync.value.is_cleaned:
            yield from _can_be_cleaned(sync)
            yield from _agrees(sync, first.setdefault(address(sync.value.source), sync))
    yield from _apart(linked)
    yield from _keys(linked)


def _can_be_cleaned(sync: Placed[Sync]) -> Iterator[Problem]:
    edge, source = sync.value, sync.value.source
    home, dbms = source.environment, source.server.dbms
    if address(source) == address(edge.target):
        yield _refused(sync, "restores its own backups", "no 'sanitise_at' where data stays")
        return
    if not isinstance(edge.sanitise, Sanitise):
        yield _refused(sync, "names no script to be run there", "'sanitise: SCRIPT' as well")
    if source.scratch is None:
        what = f"comes from {home.name!r}, which has no scratch server of {dbms}"
        yield _refused(sync, what, "a server with 'scratch: true' there")
    elif dbms is Dbms.ELASTICSEARCH and source.scratch.repository is None:
        what = f"comes from {home.name!r}, whose scratch cluster has no repository of snapshots"
        yield _refused(sync, what, f"'repository: NAME' on {source.scratch.name!r} there")
    elif source.clean_storage is None:
        what = f"comes from {home.name!r}, which has no place for clean artefacts"
        yield _refused(sync, what, "'clean_storage' there")
    elif dbms is not Dbms.ELASTICSEARCH and isinstance(source.clean_storage, SnapshotRepository):
        what = f"comes from {home.name!r}, whose clean storage is a repository of snapshots"
        accepted = "another 'clean_storage', and 'repository' on the scratch cluster"
        yield _refused(sync, what, accepted)


def _refused(sync: Placed[Sync], what: str, accepted: str) -> Problem:
    return sync.place.problem(
        f"{sync.place} is sanitised at its source and {what}; accepted: {accepted}", "sanitise_at"
    )


def _agrees(sync: Placed[Sync], first: Placed[Sync]) -> Iterator[Problem]:
    """Tell of the first difference: checks and columns differ where scripts do."""
    for key, told in _SHARED.items():
        if told(sync.value) != told(first.value):
            yield sync.place.problem(
                f"{sync.place} and {first.place} in {first.place.position} take one clean artefact "
                f"and differ in {key!r}; accepted: the same for both, or 'sanitise_at: target'",
                key,
            )
            return


def _apart(linked: Linked) -> Iterator[Problem]:
    """Refuse a clean storage that is, holds, or lies in one with raw artefacts."""
    for found in linked.environments:
        clean = found.value.clean_storage
        for other in linked.environments if clean else ():
            raw = other.value.storage
            if clean is not None and _overlap(raw, clean):
                yield found.place.document.problem(
                    ("clean_storage",),
                    f"'clean_storage' is {clean.url}, which is, holds or lies in the 'storage' of "
                    f"{other.value.name!r}, {raw.url}; accepted: another bucket, folder or "
                    "repository, for who reads the one not to read the other",
                )
                break


def _keys(linked: Linked) -> Iterator[Problem]:
    """Two environments may share a clean storage, but not clean into the same keys of it."""
    first: dict[tuple[str, str, str, str], Placed[Sync]] = {}
    for sync in linked.acting_syncs():
        source, storage = sync.value.source, sync.value.source.clean_storage
        if not sync.value.is_cleaned or storage is None:
            continue
        server = storage.endpoint_url if isinstance(storage, S3Storage) else None
        told = first.setdefault((storage.url, server or "", source.path, source.name), sync)
        if address(told.value.source) != address(source):
            yield sync.place.problem(
                f"{sync.place} is cleaned to the same place in {storage.url} as {told.place} in "
                f"{told.place.position}; accepted: a path or a 'clean_storage' of its own",
                "sanitise_at",
            )


def _overlap(raw: Storage, clean: Storage) -> bool:
    match raw, clean:
        case S3Storage(), S3Storage():
            same = (raw.endpoint_url or "").rstrip("/") == (clean.endpoint_url or "").rstrip("/")
            return same and raw.bucket == clean.bucket
        case FileStorage(), FileStorage():
            return _nested(raw.directory, clean.directory)
        case RsyncShell(), RsyncShell():
            return raw.host == clean.host and _nested(raw.directory, clean.directory)
        case RsyncDaemon(), RsyncDaemon():
            same = (raw.host, raw.port) == (clean.host, clean.port)
            return same and _nested(raw.module, clean.module)
        case _:
            return raw.url == clean.url


def _nested(one: str, other: str) -> bool:
    first, second = PurePosixPath(one), PurePosixPath(other)
    return first.is_relative_to(second) or second.is_relative_to(first)
