"""What removes artefacts: the manifest first, so that none is ever half there."""

from collections.abc import Iterator
from dataclasses import dataclass

from envsync.commands import Command, Location
from envsync.places import Storage


@dataclass(frozen=True, slots=True)
class RemoveArtefact(Command):
    """Delete a manifest, with which the artefact ends, then its bytes, then what lies beside them.

    Whatever is left by a run that is killed in between is an orphan, which the next prune removes.
    """

    location: Location
    sidecars: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """What is deleted, in this order."""
        key = self.location.key
        return (key.manifest, str(key), *self.sidecars)

    def lines(self) -> Iterator[str]:
        for key in self.keys:
            yield f"delete {self.location.storage.url}/{key}"


@dataclass(frozen=True, slots=True)
class RemoveOrphan(Command):
    """Delete what is left of an artefact that has no manifest."""

    storage: Storage
    key: str

    def lines(self) -> Iterator[str]:
        yield f"delete {self.storage.url}/{self.key}"
