"""What the benchmark measured, beside what is aimed at, as a page of Markdown."""

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from tabulate import tabulate

from benchmarks.servers import SETTINGS

MEGABYTE = 1_000_000
PUSH_TARGETS = {"(a)": 5.0, "(b)": 1.5}
PULL_TARGET = 1.3
MEMORY_TARGET = 150 * MEGABYTE
GAP_TARGET = 1.0
SWITCH = "envsync"


@dataclass(frozen=True, slots=True)
class Result:
    """One pipeline's seconds, run by run, its peak memory, and what a reader saw of its pull."""

    name: str
    description: str
    pushes: tuple[float, ...]
    pulls: tuple[float, ...]
    peak: int | None
    longest_gap: float
    exposed: float


@dataclass(frozen=True, slots=True)
class Setting:
    """What was measured on: the database's size in bytes, the S3 server, how busy it was before."""

    size: int
    s3: str
    load: float
    versions: tuple[str, ...]


def page(results: Sequence[Result], setting: Setting) -> str:
    """Return the whole page."""
    return "\n".join(
        (
            "# What was measured\n",
            *_facts(setting),
            "",
            _measured(results),
            "",
            *(f"- {result.name}: {result.description}" for result in results),
            "",
            _aims(results),
            "",
        )
    )


def versions(*commands: Sequence[str]) -> tuple[str, ...]:
    """Return the first line that each program says of itself."""
    said = (
        subprocess.run(command, capture_output=True, text=True, check=True) for command in commands
    )
    return (f"Python {platform.python_version()}", *(run.stdout.splitlines()[0] for run in said))


def _facts(setting: Setting) -> Iterator[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    settings = ", ".join(f"{name} = {value}" for name, value in SETTINGS.items())
    yield (
        f"One machine with {os.cpu_count()} cores and {memory:.0f} GiB, shared by two PostgreSQL "
        f"servers, the S3 server ({setting.s3}) and the pipelines. Database: "
        f"{setting.size / 1e9:.2f} GB. PostgreSQL: its defaults and {settings}. Before each "
        "measurement both servers have written what they had to write (CHECKPOINT). The load "
        f"average was {setting.load:.1f} when it began."
    )
    yield ""
    yield f"Versions: {'; '.join(setting.versions)}."


def _measured(results: Sequence[Result]) -> str:
    rows = [
        (
            result.name,
            _seconds(result.pushes),
            _seconds(result.pulls),
            f"{result.longest_gap * 1000:,.0f} ms",
            f"{result.exposed * 1000:,.0f} ms",
            f"{result.peak / MEGABYTE:.0f} MB" if result.peak else "-",
        )
        for result in results
    ]
    headers = ("pipeline", "push", "pull", "longest gap", "unsanitised readable", "own peak memory")
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)


def _seconds(runs: Sequence[float]) -> str:
    return f"{median(runs):.1f} s ({', '.join(f'{seconds:.1f}' for seconds in runs)})"


def _aims(results: Sequence[Result]) -> str:
    """Hold envsync's numbers against the aims; empty where it was not measured."""
    by_name = {result.name: result for result in results}
    ours = by_name.pop(SWITCH, None)
    if ours is None:
        return ""
    rows = [row for other in by_name.values() for row in _ratios(ours, other)]
    rows.append(_row("longest gap in a pull", ours.longest_gap, GAP_TARGET, "s"))
    rows.append(_row("peak memory", (ours.peak or 0) / MEGABYTE, MEMORY_TARGET / MEGABYTE, "MB"))
    return tabulate(rows, ("", "measured", "aim", "met"), tablefmt="github", disable_numparse=True)


def _ratios(ours: Result, other: Result) -> Iterator[tuple[str, ...]]:
    for verb, their_runs, our_runs, aim in (
        ("push", other.pushes, ours.pushes, PUSH_TARGETS[other.name]),
        ("pull", other.pulls, ours.pulls, PULL_TARGET),
    ):
        ratio = median(their_runs) / median(our_runs)
        met = "yes" if ratio >= aim else "no"
        yield f"{verb}, times as fast as {other.name}", f"{ratio:.2f}", f"at least {aim}", met


def _row(what: str, measured: float, aim: float, unit: str) -> tuple[str, ...]:
    met = "yes" if measured < aim else "no"
    return what, f"{measured:.2f} {unit}", f"under {aim:.0f} {unit}", met
