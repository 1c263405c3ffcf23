"""What tests of trials share: runs that are tried, what they print, and where they stand."""

import re
import subprocess
from pathlib import Path
from typing import Protocol


class Said(Protocol):
    """How a run ended and what it said, as each site tells it."""

    @property
    def out(self) -> str: ...

    @property
    def err(self) -> str: ...


def lines(ran: Said) -> list[str]:
    """Return the lines that were printed, with spaces as one and without rules and blanks."""
    told = (" ".join(line.split()) for line in ran.out.splitlines())
    return [line for line in told if line.strip("- ")]


def leaked(ran: Said, folder: Path, raw: tuple[str, ...]) -> list[str]:
    """Return the raw values that stand in what was said, or in what was written on this machine."""
    kept = [path.read_bytes() for path in (folder / "state").rglob("*") if path.is_file()]
    told = f"{ran.out}{ran.err}{b''.join(kept).decode(errors='replace')}"
    return [value for value in raw if value in told]


def apart(trial: Said, pull: Said) -> list[str]:
    """Return what a trial does, by its dry run, that a pull does not, up to the comparison.

    All else it must do in the pull's own order.
    """
    done, pulled = _commands(trial), _commands(pull)
    end = next(place for place, line in enumerate(done) if line.startswith("compare every"))
    own = [line for line in done[: end + 1] if line not in pulled]
    following = iter(pulled)
    assert [line for line in done[:end] if line not in own and line not in following] == []
    return [" ".join(line.split()[:2]) for line in own]


def _commands(ran: Said) -> list[str]:
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
