"""Where the pulls of a group wait for each other: all of them are promoted, or none is."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from envsync.artefacts import Stamp
from envsync.errors import CommandError
from envsync.execution.outcome import Outcome, State
from envsync.plan.model import Plan, Step

ONE_NIGHT = timedelta(hours=12)
"""How far apart the artefacts of a group may have been taken, to count as of one night."""
_POLL = 0.2


@dataclass(slots=True)
class _Group:
    """One group of a run: who is expected, who is ready and with data of when, who failed."""

    expected: set[int]
    ready: dict[int, Stamp | None] = field(default_factory=dict)
    culprit: str | None = None

    @property
    def is_complete(self) -> bool:
        return self.culprit is None and self.expected == self.ready.keys()


class Meeting:
    """The groups of one run, shared by the threads of its steps."""

    def __init__(self, plan: Plan) -> None:
        self._groups: dict[str, _Group] = {}
        self._names: dict[int, str] = {}
        self._changed = threading.Condition()
        for step in plan.steps:
            if step.group is not None:
                self._names[step.number] = step.group
                self._groups.setdefault(step.group, _Group(set())).expected.add(step.number)

    @property
    def waiting(self) -> frozenset[int]:
        """The steps that wait at this moment: they do nothing, and are in nobody's way."""
        with self._changed:
            groups = (each for each in self._groups.values() if not each.is_complete)
            return frozenset(number for group in groups for number in group.ready)

    def meet(self, step: Step, stamp: Stamp | None, check: Callable[[], None]) -> None:
        """Return once all of the step's group are ready; raises CommandError where one failed.

        `check` is asked now and then, and raises where the step itself must not go on.
        """
        group = self._groups[self._names[step.number]]
        with self._changed:
            group.ready[step.number] = stamp
            self._judge(self._names[step.number], group)
            self._changed.notify_all()
            while not group.is_complete:
                if group.culprit is not None:
                    raise CommandError(f"nothing was promoted, as {group.culprit}")
                self._changed.wait(_POLL)
                check()

    def leave(self, outcome: Outcome) -> None:
        """Have a step that has ended stand in nobody's way, or keep its group from promoting.

        One that was rightly skipped is not waited for; after the promote nothing changes any more.
        """
        name = self._names.get(outcome.step.number)
        if name is None:
            return
        with self._changed:
            group = self._groups[name]
            if not group.is_complete and group.culprit is None:
                if outcome.healthy:
                    group.expected.discard(outcome.step.number)
                    self._judge(name, group)
                else:
                    group.culprit = _culprit(outcome, name)
            self._changed.notify_all()

    def _judge(self, name: str, group: _Group) -> None:
        """Refuse a complete group whose artefacts are not of one night."""
        stamps = sorted(stamp.moment for stamp in group.ready.values() if stamp is not None)
        if group.is_complete and stamps and stamps[-1] - stamps[0] > ONE_NIGHT:
            group.culprit = (
                f"the artefacts of group {name!r} were taken between "
                f"{Stamp.of(stamps[0])} and {Stamp.of(stamps[-1])}, which is more than one night"
            )


def _culprit(outcome: Outcome, name: str) -> str:
    ended = "failed" if outcome.state is State.FAILED else "was skipped"
    return f"{outcome.step.action} of the same group {name!r} {ended}"


class NoMeeting:
    """Waits for nobody: a dry run shows each step to its end."""

    @property
    def waiting(self) -> frozenset[int]:
        return frozenset()

    def meet(self, step: Step, stamp: Stamp | None, check: Callable[[], None]) -> None:
        """Return at once."""

    def leave(self, outcome: Outcome) -> None:
        """Take no note."""
