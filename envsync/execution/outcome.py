"""How a step ended: the value that tables, monitoring and the journal are made from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from envsync.artefacts import ArtefactKey
from envsync.commands import Measured
from envsync.commands.reports import CheckCode
from envsync.plan.model import Step


class State(StrEnum):
    """Whether a step did its work, tried and failed, or was not tried."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step's end: its state, why, how long it took, what was measured.

    `healthy` is claimed by the last line of a step, or by a skip that is as it should be (a
    standby); nobody else may set it. `seconds` are those of the step itself, without waiting.
    `touched` is False where the step was refused or skipped before it did anything. What another
    run is doing at this moment `is_told_elsewhere`: by that run, when it ends.
    """

    step: Step
    state: State
    reason: str = ""
    healthy: bool = False
    seconds: float = 0.0
    measured: Measured = field(default_factory=Measured)
    artefact: ArtefactKey | None = None
    warnings: tuple[str, ...] = ()
    touched: bool = False
    is_told_elsewhere: bool = False

    @property
    def code(self) -> CheckCode:
        """CRITICAL, unless health was claimed by a step that did not fail."""
        if not self.healthy or self.state is State.FAILED:
            return CheckCode.CRITICAL
        return CheckCode.WARNING if self.warnings else CheckCode.OK


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 where every goal is done or rightly idle, 2 where nothing was touched, else 1."""
    if all(outcome.healthy for outcome in outcomes):
        return 0
    return 1 if any(outcome.touched for outcome in outcomes) else 2
