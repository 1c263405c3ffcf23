"""Runs the soak and reports it: exit code 0 only if nothing was lost, leaked or left."""

import argparse
import contextlib
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tabulate import tabulate

from scripts.soaking import nights
from scripts.soaking.faults import KINDS, Night
from scripts.soaking.fleet import Fleet, running_fleet
from scripts.soaking.leftovers import leftovers
from scripts.soaking.processes import end_all

RUNS, MINUTES = 200, 15
SMALL_DISK = "64m"
_MOUNT, _UMOUNT = "/usr/bin/mount", "/usr/bin/umount"


def main() -> None:
    """Run the nights that were asked for, as far as the time goes, and report."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="nights (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="what chance begins with (default: printed)")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="time for all nights")
    parser.add_argument("--keep", type=Path, help="a folder for the logs of nights that went wrong")
    asked = parser.parse_args()
    seed = secrets.randbelow(2**32) if asked.seed is None else asked.seed
    say(f"seed {seed}: scripts/soak --seed {seed} chooses the same faults again")
    with (
        tempfile.TemporaryDirectory(prefix="envsync-soak-") as temporary,
        _disk(Path(temporary) / "disk") as disk,
        contextlib.closing(_Ending()),
    ):
        folder = Path(temporary) / "fleet"
        folder.mkdir()
        with running_fleet(folder, random.Random(seed), disk) as fleet:
            sound = soak(fleet, asked.runs, asked.minutes * 60)
            for log in sorted(folder.glob("night-*.log")) if asked.keep else ():
                asked.keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(log, asked.keep)
    sys.exit(0 if sound else 1)


class _Ending:
    def close(self) -> None:
        end_all()


@contextmanager
def _disk(folder: Path) -> Iterator[Path]:
    """Make a small disk, where this user may; else a folder, which is never full."""
    folder.mkdir()
    mount = (_MOUNT, "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder))
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    if not mounted:
        say("no small disk can be mounted here (only root may): nights of a full disk are not run")
        KINDS.remove("disk full")
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run((_UMOUNT, "--lazy", str(folder)), check=False)


def soak(fleet: Fleet, runs: int, seconds: float) -> bool:
    """Run nights; returns whether all that must hold has held."""
    begun = time.monotonic()
    done: list[Night] = []
    try:
        done.extend(_nights(fleet, runs, begun + seconds))
        done.append(nights.last(fleet, len(done) + 1))
        left = leftovers(fleet)
    except KeyboardInterrupt:
        left = ["stopped before the last night: what would be left was not looked for"]
    print(report(done, left, time.monotonic() - begun))
    return not left and not any(night.wrong for night in done)


def _nights(fleet: Fleet, runs: int, until: float) -> Iterator[Night]:
    usual = 1.0
    for number in range(1, runs + 1):
        started = time.monotonic()
        if started > until:
            say(f"the time is over: {runs - number + 1} nights were not run")
            return
        night = nights.draw(fleet, number)
        nights.run(fleet, night, usual)
        if not night.faults:
            usual = 0.7 * usual + 0.3 * night.seconds
        _tell(night, time.monotonic() - started)
        yield night


def _tell(night: Night, seconds: float) -> None:
    due = ", ".join(member.name.removeprefix("soak_") for member in night.tonight.due)
    ended = ",".join(map(str, night.codes))
    wrong = f"  WRONG: {'; '.join(night.wrong)}" if night.wrong else ""
    faults = ", ".join(night.struck) or "no fault"
    say(f"night {night.number:3}  {seconds:5.1f} s  exit {ended:<8} {faults} ({due}){wrong}")


def report(done: list[Night], left: list[str], seconds: float) -> str:
    """Return what the soak showed, as a table; the last of the nights is the one without faults."""
    wrong = Counter(text.partition(":")[0] for night in done for text in night.wrong)
    rows = [_row(kind, done) for kind in KINDS]
    faults = tabulate(
        rows, headers=("fault", "injected", "nights red", "nights green", "went wrong")
    )
    totals = [
        ("nights, the last one without faults", len(done)),
        ("databases refreshed or tried", sum(len(night.tonight.due) for night in done)),
        ("faults injected", sum(len(night.struck) for night in done)),
        ("nights in which something failed, and was told", sum(map(_is_red, done))),
        ("nights survived", sum(not night.wrong for night in done)),
        ("times a copy was read while a night went on", sum(night.reads for night in done)),
        ("data lost from copies", wrong["lost"]),
        ("data lost from production", wrong["source lost"]),
        ("copies of two generations", wrong["mixed"]),
        ("unsanitised data seen", wrong["unsanitised"]),
        ("failures not told by the exit code", wrong["green"]),
        ("red nights without a fault", wrong["red without a fault"]),
        ("nights that hung", wrong["hung"]),
        ("tracebacks", wrong["traceback"]),
        ("of the last night, not refreshed", wrong["not refreshed by the last night"]),
        ("leftovers", len(left)),
        ("seconds", round(seconds)),
    ]
    told = [f"left: {each}" for each in left]
    told += [f"night {night.number}: {each}" for night in done for each in night.wrong]
    return "\n".join(("", faults, "", tabulate(totals), *told))


def _row(kind: str, done: list[Night]) -> tuple[str, int, int, int, int]:
    struck = [night for night in done if kind in night.struck]
    red = sum(map(_is_red, struck))
    wrong = sum(bool(night.wrong) for night in struck)
    return kind, len(struck), red, len(struck) - red, wrong


def _is_red(night: Night) -> bool:
    return any(night.codes)


def say(text: str) -> None:
    """Tell how it goes, on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
