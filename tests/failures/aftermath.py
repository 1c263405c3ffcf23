"""What must hold after every fault, and after the run that follows it: one function for them all."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Protocol

from envsync.execution.journal import Entry, Journal
from envsync.execution.outcome import State
from tests.servers.waiting import until

SYNC = ("sync", "app")


class Ended(Protocol):
    """A run of the program that has ended."""

    @property
    def code(self) -> int: ...

    @property
    def err(self) -> str: ...


class Scene(Protocol):
    """A site in which a fault is injected, as the aftermath looks at it; one for each engine."""

    @property
    def folder(self) -> Path:
        """Where the site keeps all it has, its state in `state`, temporary files in `temporary`."""

    @property
    def key(self) -> str:
        """The database, as the inventory calls it."""

    @property
    def marks(self) -> Sequence[str]:
        """Words that only child programs of this site's runs have in their arguments."""

    def run(self, *arguments: str) -> Ended:
        """Run the program to its end."""

    def served(self) -> object:
        """What an application, by its own role, reads from the live database."""

    def fresh(self) -> object:
        """What it reads once a run has gone well."""

    def locked(self) -> list[str]:
        """What would keep a person or the next run out: claims, and doors that were closed."""

    def left(self) -> list[str]:
        """What nobody needs any more: quarantines, half artefacts, uploads, envsync's sessions."""


class Serves(Enum):
    """What the live database may serve once a run has been through a fault."""

    OLD = "the old data, and the run is red"
    FRESH = "the new data, and the run is green: it got over the fault"
    EITHER = "the old or the new data, whole; if the run is green, the new"


def assert_aftermath(
    scene: Scene,
    ended: Ended,
    old: object,
    serves: Serves = Serves.OLD,
    again: Sequence[str] = SYNC,
) -> None:
    """Red and told, the old data served, nothing locked; then a run that succeeds leaves nothing.

    `again` is that run; `serves` is for faults that a run gets over, and for those that strike at
    the moment of the promote.
    """
    assert_unharmed(scene, ended, old, serves)
    following = scene.run(*again)
    assert following.code == 0, following.err
    assert scene.served() == scene.fresh()
    assert_nothing_left(scene)


def assert_unharmed(scene: Scene, ended: Ended, old: object, serves: Serves = Serves.OLD) -> None:
    """At once after the fault: exit code and journal tell it, what was live is, nothing is locked."""
    assert "Traceback" not in ended.err, ended.err
    green = ended.code == 0
    assert green is not _is_told_red(scene), ended.err
    assert green is (serves is Serves.FRESH) or serves is Serves.EITHER, ended.err
    fine = [scene.fresh()] if green else [old]
    if serves is Serves.EITHER:
        fine.append(scene.fresh())
    assert scene.served() in fine, ended.err
    until(lambda: scene.locked() == [], f"all locks to be open, not {scene.locked()}")
    assert list(_held(scene.folder / "state" / "locks")) == []


def assert_nothing_left(scene: Scene) -> None:
    """After a run that succeeded: no quarantine, half artefact, temporary file, process, session."""
    until(lambda: scene.left() == [], f"nothing to be left, not {scene.left()}")
    assert scene.locked() == []
    assert list(_held(scene.folder / "state" / "locks")) == []
    temporary = scene.folder / "temporary"
    assert sorted(temporary.rglob("*")) == []
    until(lambda: _processes(scene) == [], "child programs to end")


def last_run(scene: Scene) -> list[Entry]:
    """Return what the journal has of the last run that had to do with the database."""
    entries = Journal(scene.folder / "state" / "journal.sqlite").history(scene.key)
    return [entry for entry in entries if entry.run == entries[0].run]


def _is_told_red(scene: Scene) -> bool:
    """Tell whether `history` has a step of the last run that failed, or did not come to an end."""
    return any(entry.outcome is State.FAILED or entry.ended is None for entry in last_run(scene))


def _held(folder: Path) -> Iterator[str]:
    """Yield the lock files that a process holds at this moment."""
    for file in folder.glob("*.lock"):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield file.name
        finally:
            os.close(descriptor)


def _processes(scene: Scene) -> list[str]:
    """Return the programs that run for a site: envsync by its state, its children by their words."""
    state = f"ENVSYNC_STATE={scene.folder / 'state'}".encode()
    marks = [mark.encode() for mark in scene.marks]
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            own = state in (process / "environ").read_bytes().split(b"\0")
            is_server = (process / "comm").read_text().strip() in _SERVERS
        except (OSError, UnicodeDecodeError):
            continue
        if own or (not is_server and any(mark in words for mark in marks)):
            found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return found


_SERVERS = ("postgres", "mariadbd", "mongod", "java")
