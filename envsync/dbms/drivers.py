"""How each engine's steps are carried out: by a module of its name, with the same few functions."""

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from envsync.artefacts import ArtefactKey, Stamp
from envsync.commands import Command, Location
from envsync.commands.artefacts import Discard
from envsync.commands.steps import Meet, RunProgram
from envsync.dbms import buckets
from envsync.dbms.cleaning import already_clean
from envsync.dbms.drills import failed, passed
from envsync.dbms.exclusions import unknown
from envsync.dbms.request import Request
from envsync.dbms.spooling import spool
from envsync.dbms.trials import compared, room
from envsync.facts import Facts
from envsync.inventory.model import Database, Dbms
from envsync.plan.model import Copy, Pull, Push, Step
from envsync.questions import Question


class StepDriver(Protocol):
    """How a kind of step is carried out: pure, steps and facts in, commands out.

    A driver is handed back the facts that its own eyes saw, and no others.
    """

    def question(self, step: Step, request: Request) -> Question:
        """What must be known before the step acts."""

    def idle(self, facts: Facts) -> str | None:
        """Why there is rightly nothing to do here, if so: the server is a standby."""

    def refuse(self, step: Step, request: Request, facts: Facts) -> None:
        """Raise RefusedError where the step could not succeed; nothing has been touched yet."""

    def commands(self, step: Step, request: Request, facts: Facts) -> Iterator[Command]:
        """What the step does, in order."""

    def abandon(self, step: Step, request: Request) -> Iterator[Command]:
        """What clears up after a step that failed halfway."""


class Driver(StepDriver, Protocol):
    """How one engine's databases are pushed and pulled, and what else can be done with them."""

    def artefact(self, database: Database, stamp: Stamp) -> ArtefactKey:
        """Where a push made at a moment leaves its artefact."""

    def trial(self, step: Step, request: Request, facts: Facts) -> Iterator[Command]:
        """What a pull does up to its checks, with its rows remembered before they are changed."""

    def rollback_question(self, database: Database) -> Question:
        """What must be known before a rollback; the answer is SwapFactsBase."""

    def rollback(self, database: Database, facts: Facts) -> Iterator[Command]:
        """What makes the previous data live again; raises NoPreviousError without any."""


def commands(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What a step does, in order: its engine's commands, then what the inventory has follow.

    An artefact that rsync carries needs room on this machine first. What killed pushes have begun
    goes before another is. The pulls of a group meet before their promotes.
    """
    yield from spool(step, facts)
    yield from unknown(step, facts)
    yield from _remains(step, request)
    for command in step_driver(step).commands(step, request, facts):
        if command.promotes and step.group is not None:
            yield Meet(step.group)
        yield command
    yield from passed(step, request, facts)
    if isinstance(step.action, Pull):
        target = step.action.sync.target
        variables = (
            ("ENVSYNC_ENVIRONMENT", target.environment.name),
            ("ENVSYNC_DATABASE", target.name),
        )
        for argv in step.action.sync.after_promote:
            yield RunProgram(argv, variables)


def idle(step: Step, facts: Facts) -> str | None:
    """Why there is rightly nothing to do for a step here, if so."""
    return step_driver(step).idle(facts) or already_clean(step, facts)


def abandon(step: Step, request: Request) -> Iterator[Command]:
    """What clears up after a step that failed, and tells what it found wrong with its artefact."""
    if request.touched:
        yield from step_driver(step).abandon(step, request)
    yield from failed(step, request)


def _remains(step: Step, request: Request) -> Iterator[Command]:
    """What removes the half artefacts of killed pushes; a snapshot of a cluster's own is whole."""
    if not isinstance(step.action, Push) or step.database.server.dbms is Dbms.ELASTICSEARCH:
        return
    for stamp in request.died:
        key = driver(step.database).artefact(step.database, stamp)
        yield Discard(Location(step.database.environment.storage, key))


def trial(step: Step, request: Request, facts: Facts) -> Iterator[Command]:
    """What tries a pull: all that it does up to its checks, and a look at what that changes."""
    yield from room(step, facts)
    yield from spool(step, facts)
    yield from compared(driver(step.database).trial(step, request, facts))


def driver(database: Database) -> Driver:
    """Return the driver of a database's engine; a run loads those of its own engines only."""
    return cast("Driver", import_module(f"envsync.dbms.{database.server.dbms}"))


def step_driver(step: Step) -> StepDriver:
    """Return what carries out a step: its database's engine, or what copies buckets."""
    return buckets if isinstance(step.action, Copy) else driver(step.database)
