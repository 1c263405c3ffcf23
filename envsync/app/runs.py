"""How a plan is to be walked, as an operator's options say."""

from envsync.errors import RefusedError
from envsync.execution.executor import Run
from envsync.plan.hold import held
from envsync.plan.model import VERBS, Plan
from envsync.running import state, today


def halves(*, push_only: bool, pull_only: bool, timestamp: str | None) -> tuple[str, ...]:
    """Return which halves of a sync are asked for; a timestamp names an artefact there is."""
    if push_only and pull_only:
        raise RefusedError("--push-only and --pull-only exclude each other; give one, or neither")
    if push_only and timestamp is not None:
        raise RefusedError("--timestamp names an artefact to pull, and --push-only pulls none")
    if timestamp is not None:
        return ("pull",)
    return ("push",) if push_only else ("pull",) if pull_only else VERBS


def careful(jobs: str, timestamp: str | None = None, *, allow_mass_delete: bool = False) -> Run:
    """Return how a run by hand goes: everything is looked at before anything is touched."""
    return Run(_positive(jobs), timestamp, careful=True, allow_mass_delete=allow_mass_delete)


def nightly_run(plan: Plan, jobs: str, *, allow_mass_delete: bool = False) -> Run:
    """Return how a nightly run goes: each step looks for itself, independent ones go on."""
    paused = held(plan, state().holds.all(), today())
    return Run(_positive(jobs), allow_mass_delete=allow_mass_delete, held=paused)


def _positive(jobs: str) -> int:
    if not jobs.isdecimal() or int(jobs) < 1:
        raise RefusedError(f"--jobs {jobs} is not a number of steps; give 1 or more")
    return int(jobs)
