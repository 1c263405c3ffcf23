"""The table of engines' hands and eyes: each is a module, imported when it is first needed."""

from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from envsync.commands import Command, Measured
from envsync.facts import Facts
from envsync.gateways.scope import Scope
from envsync.questions import Question


@dataclass(slots=True)
class Work:
    """One step's work so far: what it measured, and what it holds until its end.

    What an engine must remember from one command to another it keeps under names of its own.
    """

    scope: Scope
    held: ExitStack
    measured: Measured
    kept: dict[str, object]


class Engine(Protocol):
    """One engine's eyes and hands."""

    def observe(self, question: Question, scope: Scope) -> Facts:
        """Look at servers and storages; raises EnvsyncError where something cannot be seen."""

    def assume(self, question: Question) -> Facts:
        """What a dry run takes for granted where it cannot look, all in order."""

    def perform(self, command: Command, work: Work) -> Measured | None:
        """Carry out one of the engine's own commands; returns what it measured."""


def engine(dbms: str) -> Engine:
    """Return an engine; its client libraries are loaded only now, which takes their time."""
    return cast("Engine", import_module(f"envsync.gateways.{dbms}.engine"))
