"""What can be done to artefacts in their storages, whatever they are of."""

import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from envsync.artefacts import Manifest, Stamp
from envsync.commands import Command, Location, Published
from envsync.places import RsyncStorage, Storage, spool_text
from envsync.shrinking import Floor
from envsync.verification import Verification


def stored(location: Location, level: int, threads: int) -> str:
    """Show the way of a dump's bytes into a storage."""
    to = "".join(f" -r {shlex.quote(each)}" for each in location.storage.age.encrypt_to)
    encrypt = f" | age{to}" if location.key.encrypted else ""
    return f"zstd -{level} -T{threads}{encrypt} | sha256 | upload {location.url}"


def fetched(location: Location) -> str:
    """Show the way of a dump's bytes out of a storage."""
    decrypt = f" | age -d -i {location.storage.age.decrypt_with}" if location.key.encrypted else ""
    return f"download {location.url} | sha256{decrypt} | zstd -d"


@dataclass(frozen=True, slots=True)
class Sweep(Command):
    """Remove half uploads that killed runs left below a folder of a storage."""

    storage: Storage
    path: str
    older_than: timedelta

    def lines(self) -> Iterator[str]:
        where = f"{self.storage.url}/{self.path}"
        hours = self.older_than / timedelta(hours=1)
        yield f"remove half uploads older than {hours:g} hours below {where}"


@dataclass(frozen=True, slots=True)
class Spool(Command):
    """Let an artefact pass through a folder of this machine, cleared of what killed runs left.

    It takes as much disk as the artefact, until the step has read or sent all of it.
    """

    prepares: ClassVar[bool] = True
    storage: RsyncStorage
    expected_bytes: int | None

    def lines(self) -> Iterator[str]:
        size = "the artefact takes"
        if self.expected_bytes is not None:
            size = f"the artefact takes, about {math.ceil(self.expected_bytes / 2**20):,} MiB"
        yield f"spool in {spool_text(self.storage)}: as much temporary disk as {size}"


@dataclass(frozen=True, slots=True)
class Publish(Command):
    """Write the manifest, completed with what was measured: from now on the artefact exists.

    An artefact that lies below its floor is refused instead, and the one before stays the newest.
    """

    location: Location
    manifest: Manifest
    floor: Floor | None = None

    def lines(self) -> Iterator[str]:
        if self.floor:
            yield str(self.floor)
        yield f"publish {self.location.storage.url}/{self.location.key.manifest}"

    def publishes(self) -> Published | None:
        return Published(self.location.storage, self.manifest)


@dataclass(frozen=True, slots=True)
class Supersede(Command):
    """Remove what lies at a location, its manifest first, and what else lies beside without one.

    For an artefact that is made again from the same data. Nobody else writes there meanwhile.
    """

    location: Location

    def lines(self) -> Iterator[str]:
        yield f"remove {self.location.url} if it is there, its manifest first"


@dataclass(frozen=True, slots=True)
class Discard(Command):
    """Remove what an unfinished push left at a location, unless a manifest says it is whole."""

    location: Location

    def lines(self) -> Iterator[str]:
        yield f"remove {self.location.url} if it has no manifest"


@dataclass(frozen=True, slots=True)
class RecordVerification(Command):
    """Write how a restore drill of an artefact went, completed with what was measured."""

    location: Location
    drill: Stamp
    verification: Verification

    def lines(self) -> Iterator[str]:
        place = f"{self.location.storage.url}/{self.location.key.verification(self.drill)}"
        yield f"record how the drill went: {place}"
