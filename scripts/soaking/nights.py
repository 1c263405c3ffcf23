"""The nights of the soak: each is run, disturbed, waited for, and looked at in the morning."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from scripts.soaking.faults import KINDS, NIGHTLY, Night, Striking, corrupt, prepare, repair
from scripts.soaking.fleet import Fleet, Member, Tonight
from scripts.soaking.rows import wrong_with

DUE = (1, 1, 2, 2, 3)
FAULTS = (0, 1, 1, 1, 1, 2)
HUNG = 150
"""Seconds after which a night is taken to hang: no time-out of envsync's is as long here."""
_BUGS = ("Traceback", "a bug in envsync")


@dataclass(slots=True)
class Watch:
    """Reads what is due as an ordinary role, over and over, while a night goes on."""

    night: Night
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Read until told to end; a copy that cannot be connected to is read the next time."""
        while not self.ended.wait(0.5):
            for member in self.night.tonight.due:
                self._read(member)

    def _read(self, member: Member) -> None:
        seen = member.engine.seen(member.name)
        if seen is None or not seen.people:
            return
        self.night.reads += 1
        found = wrong_with(seen, member.known)
        # MongoDB's two collections are read one after the other, and may change between.
        if found == "unsanitised" or (found == "mixed" and member.engine.KIND != "mongo"):
            self.night.wrong.append(f"{found}: {member.name}, in the night")


def draw(fleet: Fleet, number: int) -> Night:
    """Choose what is due and what goes wrong."""
    due = fleet.chance.sample(fleet.members, fleet.chance.choice(DUE))
    return Night(number, Tonight(due), fleet.chance.sample(KINDS, fleet.chance.choice(FAULTS)))


def run(fleet: Fleet, night: Night, usual: float) -> None:
    """Run one night; what must not be is in `night.wrong` afterwards.

    Faults strike within so many seconds as are usual for a run.
    """
    for member in night.tonight.due:
        fleet.new_generation(member, night.number)
    prepare(fleet, night)
    fleet.write(night.tonight)
    (fleet.folder / "last.log").write_bytes(b"")
    watch = Watch(night)
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    spoilt = list(_carried_out(fleet, night, usual))
    watch.ended.set()
    thread.join()
    repair(fleet)
    _judge(fleet, night)
    _replace(spoilt)


def _carried_out(fleet: Fleet, night: Night, usual: float) -> Iterator[Path]:
    if not night.in_two:
        _run(fleet, night, usual, *NIGHTLY)
        return
    before = set(fleet.objects())
    sources = {member.source for member in night.tonight.due}
    for machine in sorted(sources):
        _run(fleet, night, usual, *NIGHTLY, "--machine", f"{machine}/{machine}")
    yield from corrupt(fleet, night, before)
    _run(fleet, night, usual, *NIGHTLY, "--machine", "integration/integration")


def _run(fleet: Fleet, night: Night, usual: float, *arguments: str) -> None:
    program = fleet.start(*arguments)
    striking = Striking(fleet, night, program, usual)
    striking.start()
    begun = time.monotonic()
    night.codes.append(_waited(program, night))
    night.seconds += time.monotonic() - begun
    striking.join()
    if striking.error:
        raise striking.error
    night.codes += [_waited(other, night) for other in striking.others]


def _waited(program: "subprocess.Popen[bytes]", night: Night) -> int:
    with suppress(subprocess.TimeoutExpired):
        return program.wait(HUNG)
    night.wrong.append(f"hung: envsync has not ended after {HUNG} s")
    program.kill()
    return program.wait()


def _judge(fleet: Fleet, night: Night) -> None:
    """Look at everything in the morning."""
    night.wrong += [f"{fault}: {member.name}" for member, fault in fleet.wrong()]
    stale = fleet.stale(night.tonight.due)
    if stale and not any(night.codes):
        names = ", ".join(member.name for member in stale)
        night.wrong.append(f"green: {names} was not refreshed, and no run said so")
    if not night.struck and any(night.codes):
        night.wrong.append(f"red without a fault: exit codes {night.codes}")
    log = (fleet.folder / "last.log").read_text(errors="replace")
    night.wrong += [f"traceback: {bug!r}" for bug in _BUGS if bug in log]
    if night.wrong:
        kept = fleet.folder / f"night-{night.number}.log"
        kept.write_text(f"{night}\n\n{log}")


def _replace(spoilt: list[Path]) -> None:
    """Take away what was spoilt, artefact and manifest, as an operator would."""
    for path in spoilt:
        dump = path.name.removesuffix(".manifest.json")
        for file in path.parent.glob(f"{dump}*"):
            file.unlink()


def last(fleet: Fleet, number: int) -> Night:
    """Run a night without faults in which every database is due."""
    night = Night(number, Tonight(fleet.members), [])
    run(fleet, night, 1)
    stale = fleet.stale(fleet.members)
    night.wrong += [f"not refreshed by the last night: {member.name}" for member in stale]
    return night
