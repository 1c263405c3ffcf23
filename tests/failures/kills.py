"""Faults at every stage of a step: kills and cuts, and what must hold after each."""

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.failures.aftermath import Serves, assert_aftermath
from tests.failures.stages import GatedScene, Stage, Steps, at_every_stage
from tests.servers.gate import When
from tests.servers.processes import children_of

PUSH = ("push", "app", "--env", "production")
PULL = ("pull", "app")
SYNC = ("sync", "app")

Strike = Callable[["subprocess.Popen[bytes]"], None]
"""What is done to a run that waits at a stage."""


class Mortal(Protocol):
    """A server of a test's own."""

    def kill(self) -> None:
        """End it as a power cut would."""

    def start(self) -> None:
        """Start it again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done at every stage, where exactly, and what the run may end as before a promote."""

    strike: Strike
    when: When = "unanswered"
    serves: Serves = Serves.OLD


def push_through(steps: Steps[GatedScene], stages: Sequence[Stage], fault: Fault) -> None:
    """Strike a push at every stage; at the end a sync shows that its artefacts are good."""
    push = ("push", steps.scene.key, "--env", "production")

    def struck(stage: Stage) -> None:
        old = steps.scene.served()
        with steps.stopped(stage, fault.when, *push) as running:
            fault.strike(running)
            ended = steps.ended(running)
        assert_aftermath(steps.scene, ended, old, fault.serves, again=push)

    at_every_stage(stages, struck)
    steps.scene.next_run()
    ran = steps.scene.run("sync", steps.scene.key)
    assert (ran.code, steps.scene.served()) == (0, steps.scene.fresh()), ran.err


def pull_through(
    steps: Steps[GatedScene], stages: Sequence[Stage], fault: Fault, promoted: Stage
) -> None:
    """Strike a pull at every stage; from one of them on the new data may be live already."""
    late = stages[stages.index(promoted) :] if promoted in stages else ()
    pull = ("pull", steps.scene.key)

    def struck(stage: Stage) -> None:
        old = steps.scene.served()
        steps.scene.next_run()
        with steps.stopped(stage, fault.when, *pull) as running:
            fault.strike(running)
            ended = steps.ended(running)
        serves = Serves.EITHER if stage in late else fault.serves
        assert_aftermath(steps.scene, ended, old, serves, again=pull)

    at_every_stage(stages, struck)


def kill(running: "subprocess.Popen[bytes]") -> None:
    """Kill the run itself."""
    running.kill()


def kill_program(steps: Steps[GatedScene], name: str) -> Strike:
    """Kill a program that the run has started, and let all else go on."""

    def strike(running: "subprocess.Popen[bytes]") -> None:
        programs = {found: pid for pid, found in children_of(running.pid).items()}
        os.kill(programs[name], signal.SIGKILL)
        steps.gates.resume()

    return strike


def kill_server(steps: Steps[GatedScene], server: Mortal) -> Strike:
    """Kill a server, and start it again while the run takes note."""

    def strike(running: "subprocess.Popen[bytes]") -> None:
        del running
        server.kill()
        steps.gates.open()
        server.start()

    return strike


def cut(steps: Steps[GatedScene]) -> Strike:
    """Cut all connections there are at the moment; new ones are made as before."""

    def strike(running: "subprocess.Popen[bytes]") -> None:
        del running
        steps.gates.open()

    return strike
