"""What is observed of the artefacts that lie in a storage, before some of them are removed."""

from dataclasses import dataclass

from envsync.artefacts import ArtefactKey
from envsync.facts import Facts


@dataclass(frozen=True, slots=True)
class Protection:
    """What keeps an object that is deleted: `locked` says until when it may not go, "" if it may.

    In a `versioned` storage it stays as an old version.
    """

    locked: str = ""
    versioned: bool = False


UNPROTECTED = Protection()


@dataclass(frozen=True, slots=True)
class Lying:
    """An artefact with a manifest, as it lies there; `bytes` is None where only the manifest does.

    `trouble` is why it cannot be told what it is, "" where it can. `drill` is how its newest
    restore drill ended: "", "healthy", "red" or "unclear". `sidecars` are the keys beside it.
    """

    key: ArtefactKey
    bytes: int | None
    trouble: str = ""
    drill: str = ""
    sidecars: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Orphan:
    """What was left of an artefact that has no manifest: bytes, or what lay beside them."""

    key: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Shelf(Facts):
    """All that lies in a storage of one database."""

    artefacts: tuple[Lying, ...] = ()
    orphans: tuple[Orphan, ...] = ()
