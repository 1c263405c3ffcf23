"""Which of a database's artefacts are kept and which go, by what the inventory says. Pure.

Days, ISO weeks and months are those of UTC, and only those count in which there are artefacts: a
month without pushes uses up nothing. Of each of the newest so many, the newest artefact is kept.
What somebody may still need is kept whatever the rules say, and takes no other one's place.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from envsync.inventory.model import Retention

_DAY = timedelta(days=1)
_Period = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An artefact as retention sees it.

    `trouble` is why nobody can tell what it is, "" where all is well; `verified` is how it is known
    to be restorable, "" where that is not known. `unclear` is set where a drill was made and how it
    ended cannot be read.
    """

    moment: datetime
    trouble: str = ""
    verified: str = ""
    unclear: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an artefact, and why."""

    candidate: Candidate
    keep: bool
    why: str


def decide(
    candidates: Sequence[Candidate], retention: Retention, now: datetime
) -> tuple[Decision, ...]:
    """Return a decision on every artefact, newest first."""
    ordered = sorted(candidates, key=lambda candidate: candidate.moment, reverse=True)
    reasons: dict[int, list[str]] = {}
    for number, reason in _reasons(ordered, retention, now):
        reasons.setdefault(number, []).append(reason)
    return tuple(
        Decision(
            candidate,
            number in reasons,
            ", ".join(reasons[number]) if number in reasons else _unkept(retention),
        )
        for number, candidate in enumerate(ordered)
    )


def _reasons(
    ordered: Sequence[Candidate], retention: Retention, now: datetime
) -> Iterator[tuple[int, str]]:
    """Yield every reason to keep an artefact, by its place among those given."""
    sound = [(number, each) for number, each in enumerate(ordered) if not each.trouble]
    for number, _ in sound[:1]:
        yield number, "the newest"
    for number, each in [(number, each) for number, each in sound if each.verified][:1]:
        yield number, f"the last known to be restorable ({each.verified})"
    for number, each in enumerate(ordered):
        if each.trouble:
            yield number, f"{each.trouble}: look at it, and delete it by hand"
        if each.unclear:
            yield number, "how its restore drill ended cannot be read"
        if now - each.moment < retention.keep_younger:
            yield number, f"younger than {age_text(retention.keep_younger)}"
    for word, count, period in (
        ("daily", retention.keep_daily, _day),
        ("weekly", retention.keep_weekly, _week),
        ("monthly", retention.keep_monthly, _month),
    ):
        for number in _newest_of_each(sound, count, period):
            yield number, word


def _newest_of_each(
    sound: Sequence[tuple[int, Candidate]], count: int, period: Callable[[datetime], _Period]
) -> list[int]:
    """Return the places of the newest artefacts of the newest periods that have any."""
    newest: dict[_Period, int] = {}
    for number, each in sound:
        newest.setdefault(period(each.moment.astimezone(UTC)), number)
    return list(newest.values())[:count]


def _unkept(retention: Retention) -> str:
    counts = (
        (retention.keep_daily, "daily"),
        (retention.keep_weekly, "weekly"),
        (retention.keep_monthly, "monthly"),
    )
    return "not among " + ", ".join(f"{count} {word}" for count, word in counts if count)


def age_text(age: timedelta) -> str:
    """Return an age as inventories write it, as 2d or 36h."""
    if age % _DAY == timedelta():
        return f"{age // _DAY}d"
    seconds = int(age.total_seconds())
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _day(moment: datetime) -> _Period:
    return moment.year, moment.month, moment.day


def _week(moment: datetime) -> _Period:
    year, week, _ = moment.isocalendar()
    return year, week


def _month(moment: datetime) -> _Period:
    return moment.year, moment.month
