"""Tables for people: plans, states, histories and artefacts, made from values. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from textwrap import wrap

from tabulate import tabulate

from envsync.artefacts import ArtefactKey, Manifest
from envsync.inventory.model import (
    BucketSync,
    Database,
    Dbms,
    Ensure,
    NeverSanitise,
    Sanitise,
)
from envsync.places import RsyncStorage, spool_text
from envsync.plan.hold import NOTHING_HELD, Held
from envsync.plan.model import Copy, Plan, Pull, Push, Step
from envsync.reporting.format import bytes_text, count_text, seconds_text
from envsync.reporting.grid import fitted, grid

WIDTH = 100
"""Columns a plan may take: what fits a terminal, a mail and a review."""
_HEADINGS = ("#", "step", "machine", "database", "from → to", "sanitised by", "needs", "expected")
_SHRINKING = ((2, 3, 5), (4,))
"""The columns that give way when a table is too wide."""

Expected = Mapping[int, float | None]


def plan_table(plan: Plan, expected: Expected, held: Held = NOTHING_HELD) -> str:
    """Return a plan as a table of at most 100 columns, and what no column says."""
    rows = [_plan_row(step, expected, held) for step in plan.steps]
    if not rows:
        return "nothing to do"
    table = grid(fitted(rows, _HEADINGS, WIDTH, _SHRINKING), _HEADINGS)
    return "\n".join((table, "", *_notes(plan), *_holds(held)))


def plan_markdown(plan: Plan, expected: Expected, held: Held = NOTHING_HELD) -> str:
    """Return a plan as a Markdown table, nothing shortened."""
    rows = [_plan_row(step, expected, held) for step in plan.steps]
    table = tabulate(rows, _HEADINGS, tablefmt="github", disable_numparse=True)
    told = [f"- {line}" for line in _hold_lines(held)]
    return "\n".join((table, "", *told)) if told else table


def _plan_row(step: Step, expected: Expected, held: Held) -> tuple[str, ...]:
    return (
        str(step.number),
        step.verb,
        step.machine_name,
        step.key,
        way(step),
        sanitised_by(step),
        ", ".join(map(str, step.needs)) or "-",
        _expected(step, expected, held),
    )


def _expected(step: Step, expected: Expected, held: Held) -> str:
    """Return how long a step should take; of a disabled or held one, that no night runs it."""
    if step.number in held.paused:
        return "held"
    disabled = step.options.ensure is Ensure.DISABLED
    return "disabled" if disabled else duration_text(expected.get(step.number))


def way(step: Step) -> str:
    """Return where a step takes its data from and where to."""
    match step.action:
        case Push(database):
            return f"{database.environment.name} → {database.storage.url.split(':')[0]}"
        case Pull(sync) | Copy(sync):
            return f"{sync.source.environment.name} → {sync.target.environment.name}"


def sanitised_by(step: Step) -> str:
    """Return what makes a step's data safe to read; "-" where there is nothing to say."""
    match step.sanitised:
        case Sanitise(script):
            return script.name
        case NeverSanitise():
            return "never"
        case None:
            return "-"


def duration_text(seconds: float | None) -> str:
    """Return a duration, or ? where the journal knows none."""
    return "?" if seconds is None else seconds_text(seconds)


def _notes(plan: Plan) -> Iterator[str]:
    """Say what no column has room for."""
    yield from _ways(plan)
    for step in plan.steps:
        if isinstance(step.action, Copy):
            yield from wrap(f"copy {step.number} {_leftovers(step.action.sync)}", WIDTH)


def _holds(held: Held) -> Iterator[str]:
    for line in _hold_lines(held):
        yield from wrap(line, WIDTH)


def _hold_lines(held: Held) -> Iterator[str]:
    """Say who has paused which step, and which holds are past their date."""
    for number, reason in sorted({**held.paused, **held.overdue}.items()):
        yield f"step {number}: {reason}"


def _leftovers(sync: BucketSync) -> str:
    if not sync.delete:
        return "deletes nothing"
    share = f"{sync.max_delete.normalize():f}"
    return f"deletes what its source does not have, up to {share} % of the objects there"


def _ways(plan: Plan) -> Iterator[str]:
    """Say which way each pull restores."""
    ways: dict[str, list[str]] = {}
    for step in plan.steps:
        if isinstance(step.action, Pull):
            ways.setdefault(_way(step.database), []).append(str(step.number))
    for restores, numbers in ways.items():
        if len(ways) == 1:
            which = "every pull restores"
        elif len(numbers) == 1:
            which = f"pull {numbers[0]} restores"
        else:
            which = f"pulls {', '.join(numbers)} restore"
        yield from wrap(f"{which} {restores}", WIDTH)
    yield from _spools(plan)


def _way(database: Database) -> str:
    """Say how a database is restored."""
    if database.server.dbms is Dbms.ELASTICSEARCH:
        return "within its cluster, from a snapshot"
    jobs = database.restore_jobs
    connections = "one connection" if jobs == 1 else f"{jobs} connections"
    if database.server.dbms is not Dbms.POSTGRESQL:
        return f"straight from the stream over {connections}"
    if jobs == 1:
        return "straight from the stream through one pg_restore"
    return f"straight from the stream over {connections} (large objects: one)"


def _spools(plan: Plan) -> Iterator[str]:
    """Say which steps need temporary disk, and how much."""
    places: dict[str, list[str]] = {}
    for step in plan.steps:
        if isinstance(step.storage, RsyncStorage):
            where = step.options.temppath or spool_text(step.storage)
            places.setdefault(where, []).append(str(step.number))
    for where, numbers in places.items():
        which = f"spooled in {where}: the artefact of {_steps(numbers)}"
        yield from wrap(f"{which}, which takes as much temporary disk there", WIDTH)


def _steps(numbers: Sequence[str]) -> str:
    return f"step {numbers[0]}" if len(numbers) == 1 else f"each of steps {', '.join(numbers)}"


def artefacts_table(
    artefacts: Sequence[tuple[ArtefactKey, Manifest | None]], restored: AbstractSet[datetime]
) -> str:
    """Return artefacts as they are given; verified are those that a pull has restored whole."""
    headings = ("timestamp", "size", "rows", "sanitised", "verified", "server")
    return grid([_artefact_row(*each, restored) for each in artefacts], headings)


def _artefact_row(
    key: ArtefactKey, manifest: Manifest | None, restored: AbstractSet[datetime]
) -> tuple[str, ...]:
    if manifest is None:
        return (str(key.stamp), "manifest damaged", "?", "?", "no", "?")
    return (
        str(key.stamp),
        bytes_text(manifest.bytes),
        count_text(manifest.total_rows),
        ", ".join(script.name for script in manifest.sanitised) or "no",
        "restored" if key.stamp.moment in restored else "not yet",
        manifest.server_version.split()[0],
    )


def moment_text(moment: datetime | None) -> str:
    """Return a moment in UTC to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"
