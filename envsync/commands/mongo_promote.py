"""What makes a copy the live collections of MongoDB and DocumentDB, all of them or none."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from envsync.commands import Target
from envsync.commands.mongo import DISCARDED, INCOMING, PREVIOUS, MongoCommand
from envsync.provenance import Provenance


@dataclass(frozen=True, slots=True)
class CopyBeside(MongoCommand):
    """Copy what is clean out of the quarantine, beside the live collections, and index it."""

    quarantine: Target
    target: Target
    prefix: str
    jobs: int
    ranges: bool

    def lines(self) -> Iterator[str]:
        yield (
            f"mongo {self.target}: {self.jobs} connections: insert raw into {self.prefix}* what "
            f"{self.quarantine.database} holds, then createIndexes"
        )


@dataclass(frozen=True, slots=True)
class Promote(MongoCommand):
    """Put the collections beside the live ones in their place, all of them or none.

    With `at_once` each by an applyOps that leaves no moment without the collection; after a
    failure they are renamed back. What was live becomes the previous, or is dropped.
    """

    promotes: ClassVar[bool] = True

    target: Target
    keep_previous: bool
    at_once: bool
    provenance: Provenance

    def lines(self) -> Iterator[str]:
        how = "applyOps of one renameCollection" if self.at_once else "renameCollection twice"
        kept = PREVIOUS if self.keep_previous else DISCARDED
        yield f"mongo {self.target}: {how}: {INCOMING}NAME to NAME, what was NAME to {kept}NAME"
        yield f"mongo {self.target}: views as the artefact has them; drop {DISCARDED}*"


@dataclass(frozen=True, slots=True)
class SwapBack(MongoCommand):
    """Exchange the live collections and the previous ones.

    One that a killed run has left halfway is brought to its end, and is the exchange.
    """

    target: Target
    at_once: bool

    def lines(self) -> Iterator[str]:
        yield f"mongo {self.target}: exchange NAME and {PREVIOUS}NAME, for every collection"
