"""The stages of a step: found by listening to a run that goes well, then stopped at, each in turn.

A stage is the first question of its kind that a run, or a program it started, asks a server. So a
stage that a step is given later is one that these tests stop at.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from envsync.gateways.hands import DOING
from tests.failures.aftermath import Scene
from tests.live.program import PATIENCE, Ran, argv
from tests.servers.gate import Gates, When
from tests.servers.processes import children_of

_DOING = frozenset(DOING.values())
_TOLD = re.compile(r"^\S+Z (?:push|clean|pull) [^:]*: (.+)$")
_LEADING = re.compile(r"^(?:/\*.*?\*/|--[^\n]*\n|\s)+", re.DOTALL)
_QUOTED = re.compile(r"\"[^\"]*\"|`[^`]*`|'[^']*'")
_WORD = re.compile(r"\b[A-Z][A-Z_]+\b")
_CHANGING = (
    *("ALTER", "ANALYZE", "BEGIN", "COMMENT", "COMMIT", "COPY", "CREATE", "DELETE", "DROP"),
    *("GRANT", "INSERT", "KILL", "LOCK", "RENAME", "REPLACE", "REVOKE", "START", "TRUNCATE"),
    *("UPDATE", "VACUUM"),
)
_CALL = re.compile(r"SELECT (?:pg_catalog\.)?(setval|pg_export_snapshot|pg_try_advisory_lock)\b")


class GatedScene(Scene, Protocol):
    """A scene whose servers are reached through gates."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of its runs."""

    def whom(self, question: str) -> tuple[str, str]:
        """Return of whom a question is asked, in words that no name is in, and the question."""

    def next_run(self) -> None:
        """Have the runs to come leave another mark in the data."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A question, and what the run said it was doing when it asked it."""

    doing: str
    asks: str
    changes: bool
    programs: frozenset[str]

    def is_asked_while(self, doing: str) -> bool:
        """Tell whether the step asks it while it does something, besides showing signs of life."""
        is_beat = self.asks.startswith("cluster: PUT /envsync-claims/")
        return self.doing == doing and not is_beat


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a run is stopped: the first question of a kind, or the first while it does something."""

    doing: str = ""
    asks: str = ""

    def __str__(self) -> str:
        return self.asks or f"{self.doing}: the first question"

    def is_reached_by(self, heard: Heard) -> bool:
        return heard.asks == self.asks if self.asks else heard.is_asked_while(self.doing)


S_co = TypeVar("S_co", bound=GatedScene, covariant=True)


class Steps(Generic[S_co]):
    """Runs of a scene's steps that are listened to, and stopped."""

    def __init__(self, scene: S_co, log: Path) -> None:
        self.scene = scene
        self.gates: Gates[Heard] = Gates(self._heard)
        self._log = log
        self._pid = 0
        self._looks = False
        log.write_text("")

    def stages(
        self, *request: str, program: str = "", silent: frozenset[str] = frozenset()
    ) -> list[Stage]:
        """Return the stages of a run that goes well, in order; those in which a program runs.

        What a run does without a question is `silent`, and said to be.
        """
        self.gates.heard.clear()
        with self._looking_for_programs():
            ran = self.ended(self.start(*request))
        assert ran.code == 0, ran.err
        found: dict[Stage, Heard] = {}
        for heard in self.gates.heard:
            if heard.changes:
                found.setdefault(Stage(asks=heard.asks), heard)
            elif heard.doing:
                found.setdefault(Stage(doing=heard.doing), heard)
        unasked = set(_told(ran.err)) - {heard.doing for heard in self.gates.heard}
        assert unasked == silent, f"nothing was asked, so nothing can be stopped: {unasked}"
        return [each for each, heard in found.items() if not program or program in heard.programs]

    def told_stages(self, *request: str) -> list[Stage]:
        """Return only those stages that a log tells an operator of."""
        self.stages(*request)
        return [
            Stage(doing=each) for each in dict.fromkeys(h.doing for h in self.gates.heard) if each
        ]

    def kinds(self, doing: str) -> list[Stage]:
        """Return every kind of question that the run listened to last asked while it did this."""
        asked = (heard.asks for heard in self.gates.heard if heard.doing == doing)
        return [Stage(asks=each) for each in dict.fromkeys(asked)]

    @contextmanager
    def stopped(
        self, stage: Stage, when: When, *request: str
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """Start a run and yield it as it waits at a stage; afterwards it may go on."""
        self.gates.stop_at(stage.is_reached_by, when)
        process = self.start(*request)
        try:
            self.gates.wait(lambda: process.poll() is not None)
            yield process
        finally:
            self.gates.open()
            process.wait(PATIENCE)

    def start(self, *request: str) -> "subprocess.Popen[bytes]":
        """Start a run whose narrative goes to the log."""
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                argv(*request),
                env=self.scene.environment,
                cwd=self.scene.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self._pid = process.pid
        return process

    def ended(self, process: "subprocess.Popen[bytes]") -> Ran:
        """Wait for a run to end."""
        code = process.wait(PATIENCE)
        return Ran(code, "", self._log.read_text())

    def _heard(self, question: str) -> Heard:
        whom, statement = self.scene.whom(question)
        statement = " ".join(_LEADING.sub("", statement).split())
        if whom in {"storage", "cluster"}:
            changes = statement.startswith(("PUT", "POST", "DELETE"))
            return Heard(self._doing(), f"{whom}: {statement}", changes, self._programs())
        kind, changes = _kind(statement)
        return Heard(self._doing(), f"{whom}: {kind}", changes, self._programs())

    @contextmanager
    def _looking_for_programs(self) -> Iterator[None]:
        self._looks = True
        try:
            yield
        finally:
            self._looks = False

    def _programs(self) -> frozenset[str]:
        """Return the programs that the run has started; looked for only when asked to."""
        return frozenset(children_of(self._pid).values()) if self._looks else frozenset()

    def _doing(self) -> str:
        """Return what the run said last: it says so before it does it."""
        return next(reversed(_told(self._log.read_text(errors="replace"))), "")


def _told(log: str) -> list[str]:
    """Return what a run said it was doing, command by command."""
    found = (match for line in log.splitlines() if (match := _TOLD.match(line)))
    return [each[1] for each in found if each[1] in _DOING]


def _kind(statement: str) -> tuple[str, bool]:
    """Return a statement's kind, by its first words that are no names; whether it changes much."""
    call = _CALL.match(statement)
    if call:
        return call[0], True
    words = _WORD.findall(_QUOTED.sub("", statement).partition("(")[0])
    return " ".join(words[:4]), statement.startswith(_CHANGING)


def at_every_stage(stages: Sequence[Stage], inject: Callable[[Stage], None]) -> None:
    """Inject a fault at every stage; tell of all the stages at which something came of it."""
    failed = {}
    for stage in stages:
        try:
            inject(stage)
        except AssertionError as error:
            failed[str(stage)] = str(error)
    assert failed == {}, "\n".join(f"{stage}: {why}" for stage, why in failed.items())
