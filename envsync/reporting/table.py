"""Tables for people: plans, states, histories and artefacts, made from values. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from textwrap import wrap

from tabulate import tabulate

from envsync.artefacts import ArtefactKey, Manifest, Stamp
from envsync.inventory.model import (
    BucketSync,
    Coverage,
    Database,
    Dbms,
    Ensure,
    NeverSanitise,
    Sanitise,
)
from envsync.places import RsyncStorage, Storage, spool_text
from envsync.plan.hold import NOTHING_HELD, Held
from envsync.plan.model import Clean, Copy, Plan, Pull, Push, Step, Verify
from envsync.reporting.format import bytes_text, count_text, seconds_text
from envsync.reporting.grid import fitted, grid
from envsync.verification import Verification

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
            return f"{database.environment.name} → {_kind(database.storage)}"
        case Clean(sync):
            return f"{sync.source.environment.name} → {_kind(sync.source.clean_storage)}, clean"
        case Verify(sync):
            return f"{sync.source.environment.name} → {sync.target.server.name}"
        case Pull(sync) | Copy(sync):
            return f"{sync.source.environment.name} → {sync.target.environment.name}"


def _kind(storage: Storage | None) -> str:
    return storage.url.split(":")[0] if storage else "nowhere"


def sanitised_by(step: Step) -> str:
    """Return what makes a step's data safe to read; "-" where there is nothing to say."""
    if isinstance(step.action, Pull) and step.action.sync.is_cleaned:
        return "at source"
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
    yield from _lenient(plan)


def _lenient(plan: Plan) -> Iterator[str]:
    """Say which pulls let a column through that nobody has decided on."""
    numbers = [
        str(step.number)
        for step in plan.steps
        if isinstance(step.action, Pull) and step.action.sync.gate is Coverage.WARN
    ]
    if numbers:
        which = (
            f"pull {numbers[0]} warns" if len(numbers) == 1 else f"pulls {', '.join(numbers)} warn"
        )
        yield from wrap(f"{which} of columns nobody has decided on (coverage: warn)", WIDTH)


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
    """Say which way each step restores that does."""
    ways: dict[str, list[Step]] = {}
    for step in plan.steps:
        if isinstance(step.action, Pull | Clean | Verify):
            ways.setdefault(_way(step.database), []).append(step)
    for restores, steps in ways.items():
        yield from wrap(f"{_which(steps, alone=len(ways) == 1)} {restores}", WIDTH)
    yield from _spools(plan)


def _which(steps: Sequence[Step], *, alone: bool) -> str:
    """Name steps that restore in one way; `alone` where no other does it in another."""
    verbs = {step.verb for step in steps}
    numbers = ", ".join(str(step.number) for step in steps)
    if alone and len(verbs) == 1:
        return f"every {steps[0].verb} restores"
    if len(steps) == 1:
        return f"{steps[0].verb} {numbers} restores"
    return f"{'pulls' if verbs == {'pull'} else 'steps'} {numbers} restore"


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
    artefacts: Sequence[tuple[ArtefactKey, Manifest | None]],
    restored: AbstractSet[datetime],
    drills: Mapping[ArtefactKey, tuple[Stamp, Verification | None]],
) -> str:
    """Return artefacts as they are given, each with its last drill, or that a pull restored it."""
    headings = ("timestamp", "size", "rows", "sanitised", "verified", "server")
    rows = [
        _artefact_row(key, manifest, _verified(key, restored, drills.get(key)))
        for key, manifest in artefacts
    ]
    return grid(rows, headings)


def _verified(
    key: ArtefactKey,
    restored: AbstractSet[datetime],
    drill: tuple[Stamp, Verification | None] | None,
) -> str:
    """Say what is known of an artefact: by a drill on any machine, else by a pull of this one."""
    if drill is not None:
        when, result = drill
        how = "?" if result is None else "ok" if result.healthy else "FAILED"
        return f"{how} {moment_text(when.moment)}"
    return "restored" if key.stamp.moment in restored else "not yet"


def _artefact_row(key: ArtefactKey, manifest: Manifest | None, verified: str) -> tuple[str, ...]:
    if manifest is None:
        return (str(key.stamp), "manifest damaged", "?", "?", verified, "?")
    return (
        str(key.stamp),
        bytes_text(manifest.bytes),
        count_text(manifest.total_rows),
        ", ".join(script.name for script in manifest.sanitised) or "no",
        verified,
        manifest.server_version.split()[0],
    )


def moment_text(moment: datetime | None) -> str:
    """Return a moment in UTC to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"
