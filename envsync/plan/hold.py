"""Holds: steps that people have paused, and what a plan leaves alone because of them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from envsync.errors import RefusedError
from envsync.plan.model import Plan, Step


@dataclass(frozen=True, slots=True)
class Hold:
    """A pause of all that is done to one database or bucket of one environment.

    It ends with the day `until`, in UTC; from then on it pauses nothing, and is warned of until
    somebody takes it away.
    """

    environment: str
    key: str
    until: date
    because: str
    by: str
    since: datetime

    def is_past(self, today: date) -> bool:
        return today > self.until

    def is_of(self, step: Step) -> bool:
        """Tell whether a step works on what is held."""
        return (step.environment.name, step.key) == (self.environment, self.key)

    @property
    def release(self) -> str:
        """What to type to end it."""
        return f"envsync unhold {self.key} --env {self.environment}"

    def __str__(self) -> str:
        return f"held by {self.by} until {self.until}: {self.because}"


@dataclass(frozen=True, slots=True)
class Held:
    """What holds mean for a plan, by the numbers of its steps.

    `paused` says why a step is left alone, `overdue` what is to be said of one that runs again.
    """

    paused: Mapping[int, str] = field(default_factory=dict, hash=False)
    overdue: Mapping[int, str] = field(default_factory=dict, hash=False)


NOTHING_HELD = Held()


def held(plan: Plan, holds: Iterable[Hold], today: date) -> Held:
    """Return which steps of a plan are paused, and of which a hold is past its date.

    A push that only paused steps need is paused with them.
    """
    paused: dict[int, str] = {}
    overdue: dict[int, str] = {}
    for hold in holds:
        for step in plan.steps:
            if not hold.is_of(step):
                continue
            if hold.is_past(today):
                overdue[step.number] = (
                    f"the hold of {hold.by} was until {hold.until}; end it by {hold.release}"
                )
            else:
                paused[step.number] = str(hold)
    for step in reversed(plan.steps):
        users = [other for other in plan.steps if step.number in other.needs]
        if step.goal or step.number in paused or not users:
            continue
        if all(other.number in paused for other in users):
            paused[step.number] = (
                f"only held steps need it: {users[0].action} is {paused[users[0].number]}"
            )
    return Held(paused, overdue)


def require_not_held(plan: Plan, holds: Iterable[Hold], today: date) -> None:
    """Raise RefusedError where a plan by hand would touch what somebody holds."""
    for hold in holds:
        for step in plan.steps:
            if hold.is_of(step) and not hold.is_past(today):
                raise RefusedError(
                    f"{step.key} in {hold.environment} is {hold}; ask them, or end the hold by "
                    f"{hold.release}"
                )


def parse_until(text: str, today: date) -> date:
    """Read the last day of a hold; raises RefusedError for what is no date, or in the past."""
    try:
        until = date.fromisoformat(text)
    except ValueError as error:
        raise RefusedError(
            f"--until {text} is not a date; give the last day to hold, as 2026-12-01"
        ) from error
    if until < today:
        raise RefusedError(f"--until {text} is in the past; today is {today} (UTC)")
    return until
