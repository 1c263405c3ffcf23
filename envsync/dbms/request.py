"""What a run adds to a step: when it is, and which artefact is meant."""

from dataclasses import dataclass

from envsync.artefacts import ArtefactKey, Stamp
from envsync.commands import Measured


@dataclass(frozen=True, slots=True)
class Fault:
    """What a drill found wrong with an artefact, what it had measured by then, and where."""

    artefact: ArtefactKey
    reason: str
    measured: Measured
    server_version: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One step of one run.

    `now` stamps the artefact of a push and tells how old that of a pull is. `timestamp` is what
    an operator typed. `pushed` is the artefact the step's own push made in this run; `awaited`
    is True before that push, or what else the step needs, has ended. `allow_mass_delete` is what
    an operator typed as well, and `allow_shrink`, which is why an artefact may be much smaller than
    the one before it. `dumped` tells what clears up that the push had written its artefact:
    what else lies there is another's; and `touched`, that the step had begun to act at all.
    `restored` is the artefact it took, `fault` what it found wrong with that. `died` is
    when earlier runs of the step on this machine began that were killed.
    """

    now: Stamp
    timestamp: str | None = None
    pushed: ArtefactKey | None = None
    awaited: bool = False
    allow_mass_delete: bool = False
    allow_shrink: str = ""
    dumped: bool = False
    touched: bool = True
    restored: ArtefactKey | None = None
    fault: Fault | None = None
    died: tuple[Stamp, ...] = ()
