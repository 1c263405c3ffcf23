"""The faults of the soak: what goes wrong in a night, each chosen and timed at random."""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from scripts.soaking.fleet import SOURCES, Fleet, Member, Tonight
from scripts.soaking.processes import children

BEFORE = ("failing script", "forgetful script", "monitoring down", "deadline passes", "disk full")
DURING = (
    *("envsync killed", "dump client killed", "server killed", "envsync stands still"),
    *("connection cut", "connection silent", "connection slow", "bucket's server killed"),
    *("lock held", "second nightly"),
)
BETWEEN = ("bit flipped", "artefact truncated", "manifest truncated")
KINDS = [*BEFORE, *DURING, *BETWEEN]
_SIDES = ("production", "integration")
_SPARE = 4096
"""Bytes left on the full disk: room for a file's name and not much more."""


@dataclass(slots=True)
class Night:
    """One night: what is due, what goes wrong, what came of it."""

    number: int
    tonight: Tonight
    faults: list[str]
    codes: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    reads: int = 0
    seconds: float = 0

    @property
    def in_two(self) -> bool:
        """Whether pushes and pulls are run by two machines, one after the other."""
        return any(fault in BETWEEN for fault in self.faults)


def prepare(fleet: Fleet, night: Night) -> None:
    """Do what is wrong before the night begins."""
    for fault in night.faults:
        victim = fleet.chance.choice(night.tonight.due)
        match fault:
            case "failing script":
                night.tonight.broken[victim.name] = "failing"
            case "forgetful script":
                night.tonight.broken[victim.name] = "leaving"
            case "deadline passes":
                night.tonight.broken[victim.name] = "slow"
                night.tonight.deadline = True
            case "monitoring down":
                night.tonight.monitored = False
            case "disk full":
                _fill(fleet)
            case _:
                continue
        night.struck.append(fault)


def _fill(fleet: Fleet) -> None:
    free = shutil.disk_usage(fleet.disk).free
    with (fleet.disk / "ballast").open("wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, max(1, free - _SPARE))


def repair(fleet: Fleet) -> None:
    """Do what an operator would in the morning: free the disk, mend the network."""
    (fleet.disk / "ballast").unlink(missing_ok=True)
    for proxy in (*fleet.proxies.values(), fleet.s3_proxy):
        proxy.heal()


def corrupt(fleet: Fleet, night: Night, before: set[Path]) -> list[Path]:
    """Spoil what tonight's pushes have written; returns the files that are spoilt."""
    new = [path for path in fleet.objects() if path not in before]
    spoilt = []
    for fault in night.faults:
        manifest = fault == "manifest truncated"
        choice = [path for path in new if path.name.endswith(".manifest.json") == manifest]
        if fault in BETWEEN and choice:
            path = fleet.chance.choice(choice)
            _spoil(path, fault, fleet.chance)
            night.struck.append(fault)
            spoilt.append(path)
    return spoilt


def _spoil(path: Path, fault: str, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    if fault == "bit flipped":
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    else:
        del content[chance.randrange(len(content)) :]
    path.write_bytes(content)


class Striking(threading.Thread):
    """Strikes at random moments, as long as the night's program runs."""

    def __init__(
        self, fleet: Fleet, night: Night, program: "subprocess.Popen[bytes]", usual: float
    ) -> None:
        super().__init__(daemon=True)
        self._fleet = fleet
        self._night = night
        self._program = program
        self._usual = usual
        self.others: list[subprocess.Popen[bytes]] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        """Strike; what goes wrong here is a mistake of the soak itself."""
        try:
            for fault in self._night.faults:
                if fault in DURING:
                    time.sleep(self._fleet.chance.uniform(0.1, self._usual))
                    if self._program.poll() is None and self._strike(fault):
                        self._night.struck.append(fault)
        except BaseException as error:  # noqa: BLE001 - told by whoever waits for this thread
            self.error = error

    def _strike(self, fault: str) -> bool:
        """Strike in one way; returns whether anything was hit."""
        victim = self._fleet.chance.choice(self._night.tonight.due)
        side = self._fleet.chance.choice(_SIDES)
        ways: dict[str, Callable[[], bool]] = {
            "envsync killed": self._kill,
            "dump client killed": lambda: self._until_ended(self._kill_a_child),
            "server killed": lambda: victim.engine.disturb(side) is not None,
            "envsync stands still": self._stand_still,
            "connection cut": lambda: self._cut(victim, side),
            "connection silent": lambda: self._silence(victim, side),
            "connection slow": lambda: self._slow_down(victim, side),
            "bucket's server killed": self._fleet.kill_s3,
            "lock held": lambda: self._hold(victim, side),
            "second nightly": self._begin_another,
        }
        return ways[fault]()

    def _kill(self) -> bool:
        self._program.kill()
        return True

    def _hold(self, victim: Member, side: str) -> bool:
        return victim.engine.hold(side, victim.name, self._fleet.chance.uniform(0.5, 3))

    def _begin_another(self) -> bool:
        self.others.append(self._fleet.start(*NIGHTLY))
        return True

    def _until_ended(self, attempt: Callable[[], bool]) -> bool:
        while self._program.poll() is None:
            if attempt():
                return True
            time.sleep(0.005)
        return False

    def _kill_a_child(self) -> bool:
        started = children(self._program.pid)
        for pid in started[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(started)

    def _stand_still(self) -> bool:
        with suppress(ProcessLookupError):
            self._program.send_signal(signal.SIGSTOP)
            time.sleep(self._fleet.chance.uniform(0.5, 2))
            self._program.send_signal(signal.SIGCONT)
        return True

    def _cut(self, victim: Member, side: str) -> bool:
        proxy = self._fleet.proxies[side, victim.engine.KIND]
        if victim.source == SOURCES[1] and victim.engine.KIND != "elasticsearch":
            proxy = self._fleet.chance.choice((proxy, self._fleet.s3_proxy))
        before = proxy.faults
        chance = self._fleet.chance
        proxy.cut(chance.choice(("requests", "answers")), chance.randrange(20_000), 2)
        self._until_ended(lambda: proxy.faults > before)
        return proxy.faults > before

    def _silence(self, victim: Member, side: str) -> bool:
        proxy = self._fleet.proxies[side, victim.engine.KIND]
        before = proxy.faults
        proxy.fall_silent("answers", self._fleet.chance.randrange(5_000))
        until = time.monotonic() + self._fleet.chance.uniform(1, 3)
        self._until_ended(lambda: time.monotonic() > until)
        proxy.heal()
        return proxy.faults > before

    def _slow_down(self, victim: Member, side: str) -> bool:
        proxy = self._fleet.proxies[side, victim.engine.KIND]
        before = proxy.delayed
        proxy.delay(self._fleet.chance.uniform(0.01, 0.2))
        until = time.monotonic() + self._fleet.chance.uniform(1, 5)
        self._until_ended(lambda: time.monotonic() > until)
        proxy.delay(0)
        return proxy.delayed > before


NIGHTLY = ("nightly", "--env", "integration", "--jobs", "3")
