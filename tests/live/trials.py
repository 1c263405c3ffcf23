"""What tests of trials share: runs that are tried, what they print, and where they stand."""

import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Protocol

from tests.live.mysql_site import MysqlSite
from tests.live.program import Ran
from tests.live.site import Site


class Tried(Protocol):
    """A site as far as a trial needs it."""

    def run(self, *arguments: str) -> Ran: ...

    def start(self, *arguments: str) -> "subprocess.Popen[str]": ...


def get_ready(site: Site | MysqlSite, more: str, columns: str) -> None:
    """Have production hold more than it did, decide on all of it, and push it."""
    site.production.run(more, site.source)
    site.decisions.stop(columns)
    ran = site.run("push", "app", "--env", "production")
    assert ran.code == 0, ran.err


def assert_stops(site: Tried, moment: str, seconds: float = 0) -> None:
    """Try a pull, send SIGTERM some seconds after it has come so far, and see it say so."""
    running = site.start("sanitise.try", "app")
    until(running, moment)
    time.sleep(seconds)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out, "interrupted by SIGTERM" in err) == (1, "", True), err


def assert_does_as_a_pull_does(site: Tried, key: str = "app") -> Ran:
    """See by dry runs that a trial is a pull but for its own; returns how the trial's went."""
    trial, pull = (site.run(task, key, "--dry-run") for task in ("sanitise.try", "pull"))
    assert (trial.code, pull.code) == (0, 0)
    assert apart(trial, pull) == ["remember rows", "remember every", "compare every"]
    return trial


def lines(ran: Ran) -> list[str]:
    """Return the lines that were printed, with spaces as one and without rules and blanks."""
    told = (" ".join(line.split()) for line in ran.out.splitlines())
    return [line for line in told if line.strip("- ")]


def leaked(ran: Ran, folder: Path, raw: tuple[str, ...]) -> list[str]:
    """Return the raw values that stand in what was said, or in what was written on this machine."""
    kept = [path.read_bytes() for path in (folder / "state").rglob("*") if path.is_file()]
    told = f"{ran.out}{ran.err}{b''.join(kept).decode(errors='replace')}"
    return [value for value in raw if value in told]


def apart(trial: Ran, pull: Ran) -> list[str]:
    """Return what a trial does, by its dry run, that a pull does not, up to the comparison.

    All else it must do in the pull's own order.
    """
    done, pulled = _commands(trial), _commands(pull)
    end = next(place for place, line in enumerate(done) if line.startswith("compare every"))
    own = [line for line in done[: end + 1] if line not in pulled]
    following = iter(pulled)
    assert [line for line in done[:end] if line not in own and line not in following] == []
    return [" ".join(line.split()[:2]) for line in own]


def _commands(ran: Ran) -> list[str]:
    """Return the commands of a dry run, whenever it was."""
    return [re.sub(r"\d{8}t\d{6}z", "NOW", line) for line in ran.out.splitlines()]


def until(running: "subprocess.Popen[str]", words: str) -> None:
    """Wait until a run says that it has come so far."""
    if running.stderr is None:
        raise AssertionError("it was started without ears")
    for line in running.stderr:
        if words in line:
            return
    raise AssertionError(f"it ended and never said {words!r}")
