"""A trial: what a script changes in a copy, seen before any copy is promoted."""

from dataclasses import dataclass

from envsync.app.asked import Asked
from envsync.app.plans import sync_plan
from envsync.dbms.trials import refuse_untriable
from envsync.errors import RefusedError
from envsync.execution.trial import Tried
from envsync.gateways.speaking import Say
from envsync.inventory.model import Sync
from envsync.plan.model import Pull, Step
from envsync.reporting.changes import changes_text
from envsync.running import speak_trial, try_step


@dataclass(frozen=True, slots=True)
class Trial:
    """What an operator is told of a trial: the tables, how it ended, the exit code."""

    text: str
    ended: str
    exit_code: int


def tried(asked: Asked, timestamp: str | None) -> Trial:
    """Try out what a pull would do to a database, and return what it changed."""
    step, sync = _meant(asked)
    done = try_step(step, timestamp)
    columns = sync.columns if sync.gate else None
    text = changes_text(done.changes, columns) if done.looked else ""
    warnings = "".join(f"warning: {warning}\n" for warning in done.warnings)
    return Trial(text, f"{warnings}{_ended(done)}", done.exit_code)


def spoken(asked: Asked, timestamp: str | None, say: Say) -> int:
    """Show every command of a trial; return the exit code it would begin with."""
    step, _ = _meant(asked)
    done = speak_trial(step, timestamp, say)
    if done.reason:
        say(f"# {done.reason}")
    return done.exit_code


def _meant(asked: Asked) -> tuple[Step, Sync]:
    plan = sync_plan(asked, ("pull",))
    pulls = [step for step in plan.steps if isinstance(step.action, Pull)]
    if len(pulls) > 1:
        names = ", ".join(step.environment.name for step in pulls)
        raise RefusedError(f"{asked.database} is pulled into {names}; say which with --env")
    action = pulls[0].action
    if not isinstance(action, Pull):
        raise TypeError(f"not a pull: {action}")
    refuse_untriable(action.sync)
    return pulls[0], action.sync


def _ended(done: Tried) -> str:
    if not done.reason:
        return f"tried {done.step.action}: script and checks passed; nothing was promoted"
    return f"tried {done.step.action}: {done.reason}"
