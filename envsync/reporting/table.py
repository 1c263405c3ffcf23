"""Tables for people: plans, states, histories and artefacts, made from values. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from textwrap import wrap

from tabulate import MIN_PADDING, tabulate

from envsync.artefacts import Manifest
from envsync.inventory.model import NeverSanitise, Sanitise
from envsync.plan.model import Plan, Pull, Push, Step
from envsync.reporting.format import bytes_text, count_text, seconds_text

WIDTH = 100
"""Columns a plan may take: what fits a terminal, a mail and a review."""
_HEADINGS = ("#", "step", "machine", "database", "from → to", "sanitised by", "needs", "expected")
_SHRINKING = (5, 3, 2, 4)
"""Columns that give way when a table is too wide, the first before the next."""
_LEAST = 12
_SEPARATOR = 2

Row = Sequence[str]
Expected = Mapping[int, float | None]


def plan_table(plan: Plan, expected: Expected) -> str:
    """Return a plan as a table of at most 100 columns, and how its pulls restore."""
    rows = [_plan_row(step, expected) for step in plan.steps]
    if not rows:
        return "nothing to do"
    fitted = _fitted([_HEADINGS, *rows])
    table = tabulate(fitted[1:], fitted[0], tablefmt="simple", disable_numparse=True)
    return "\n".join((table.rstrip(), "", *_ways(plan)))


def plan_markdown(plan: Plan, expected: Expected) -> str:
    """Return a plan as a Markdown table, nothing shortened."""
    rows = [_plan_row(step, expected) for step in plan.steps]
    return tabulate(rows, _HEADINGS, tablefmt="github", disable_numparse=True)


def _plan_row(step: Step, expected: Expected) -> tuple[str, ...]:
    return (
        str(step.number),
        step.verb,
        step.database.server.machine,
        step.database.key,
        way(step),
        sanitised_by(step),
        ", ".join(map(str, step.needs)) or "-",
        duration_text(expected.get(step.number)),
    )


def way(step: Step) -> str:
    """Return where a step takes its data from and where to."""
    match step.action:
        case Push(database):
            return f"{database.environment.name} → {database.environment.storage.url.split(':')[0]}"
        case Pull(sync):
            return f"{sync.source.environment.name} → {sync.target.environment.name}"


def sanitised_by(step: Step) -> str:
    """Return what makes a step's data safe to read; "-" where there is nothing to say."""
    match step.action:
        case Pull(sync):
            match sync.sanitise:
                case Sanitise(script):
                    return script.name
                case NeverSanitise():
                    return "never"
    return "-"


def duration_text(seconds: float | None) -> str:
    """Return a duration, or ? where the journal knows none."""
    return "?" if seconds is None else seconds_text(seconds)


def _ways(plan: Plan) -> Iterator[str]:
    """Say which way each pull restores."""
    ways: dict[int, list[str]] = {}
    for step in plan.steps:
        if isinstance(step.action, Pull):
            ways.setdefault(step.database.restore_jobs, []).append(str(step.number))
    for jobs, numbers in sorted(ways.items()):
        over = f"over {jobs} connections" if jobs > 1 else "through one pg_restore"
        plainly = " (large objects: one)" if jobs > 1 else ""
        which = "every pull" if len(ways) == 1 else f"pull {', '.join(numbers)}"
        yield from wrap(f"{which} restores straight from the stream {over}{plainly}", WIDTH)


def _fitted(rows: Sequence[Row]) -> list[list[str]]:
    """Shorten the cells of the columns that give way until the table is narrow enough."""
    headings, *cells = rows
    least = [len(heading) + MIN_PADDING for heading in headings]
    widths = [
        max(least[column], *(len(row[column]) for row in cells)) for column in range(len(headings))
    ]
    excess = sum(widths) + _SEPARATOR * (len(widths) - 1) - WIDTH
    for column in _SHRINKING:
        given = max(0, min(excess, widths[column] - max(_LEAST, least[column])))
        widths[column] -= given
        excess -= given
    return [
        [_shortened(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows
    ]


def _shortened(text: str, width: int) -> str:
    """Take the middle out of a text: names differ at either end."""
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"


def artefacts_table(manifests: Sequence[Manifest]) -> str:
    """Return a database's artefacts, newest first."""
    rows = [
        (
            manifest.stamp,
            bytes_text(manifest.bytes),
            count_text(manifest.total_rows),
            ", ".join(script.name for script in manifest.sanitised) or "no",
            manifest.server_version.split()[0],
        )
        for manifest in sorted(manifests, key=lambda manifest: manifest.stamp, reverse=True)
    ]
    headings = ("timestamp", "size", "rows", "sanitised", "server")
    return _simple(rows, headings)


def _simple(rows: Sequence[Row], headings: Sequence[str]) -> str:
    return tabulate(rows, headings, tablefmt="simple", disable_numparse=True)


def moment_text(moment: datetime | None) -> str:
    """Return a moment in UTC to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"
