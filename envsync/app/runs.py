"""How a plan is to be walked, as an operator's options say."""

from dataclasses import dataclass, replace

from envsync.errors import RefusedError
from envsync.execution.executor import Run
from envsync.plan.hold import held
from envsync.plan.model import VERBS, Plan
from envsync.running import state, today

LONGEST_REASON = 200


def halves(*, push_only: bool, pull_only: bool, timestamp: str | None) -> tuple[str, ...]:
    """Return which halves of a sync are asked for; a timestamp names an artefact there is."""
    if push_only and pull_only:
        raise RefusedError("--push-only and --pull-only exclude each other; give one, or neither")
    if push_only and timestamp is not None:
        raise RefusedError("--timestamp names an artefact to pull, and --push-only pulls none")
    if timestamp is not None:
        return ("pull",)
    return ("push", "clean") if push_only else ("pull",) if pull_only else VERBS


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an operator lets a run do beyond the inventory's bounds.

    `shrink` is why artefacts may be much smaller than those before them.
    """

    mass_delete: bool = False
    shrink: str | None = None


NOTHING_MORE = Allowed()


def careful(jobs: str, timestamp: str | None = None, allowed: Allowed = NOTHING_MORE) -> Run:
    """Return how a run by hand goes: everything is looked at before anything is touched."""
    return replace(_run(jobs, allowed), timestamp=timestamp, careful=True)


def nightly_run(plan: Plan, jobs: str, allowed: Allowed = NOTHING_MORE) -> Run:
    """Return how a nightly run goes: each step looks for itself, independent ones go on."""
    return replace(_run(jobs, allowed), held=held(plan, state().holds.all(), today()))


def _run(jobs: str, allowed: Allowed) -> Run:
    return Run(
        positive(jobs),
        allow_mass_delete=allowed.mass_delete,
        allow_shrink="" if allowed.shrink is None else _reason(allowed.shrink),
    )


def _reason(text: str) -> str:
    """Return a reason on one line; it goes into manifests, which a cluster keeps small."""
    words = " ".join(text.split())
    if not words or len(words) > LONGEST_REASON or not words.isprintable():
        raise RefusedError(
            f"--allow-shrink {text!r} is no reason; say in 1 to {LONGEST_REASON} characters why "
            'an artefact may be so small, as in --allow-shrink "events are archived since May"'
        )
    return words


def positive(jobs: str) -> int:
    """Return how many steps may run at once; raises RefusedError for what is no such number."""
    if not jobs.isdecimal() or int(jobs) < 1:
        raise RefusedError(f"--jobs {jobs} is not a number of steps; give 1 or more")
    return int(jobs)
