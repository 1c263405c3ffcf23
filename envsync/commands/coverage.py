"""How the columns of a copy are compared with those that somebody decided on."""

from collections.abc import Iterator
from dataclasses import dataclass

from envsync.columns import Classification
from envsync.commands import Command, Target


@dataclass(frozen=True, slots=True)
class Gate:
    """What a copy's columns are compared with; where it is strict, an undecided one fails the step.

    Tables that are `without` are left out of the copy: they are not missed.
    """

    classification: Classification
    strict: bool
    without: tuple[str, ...] = ()

    def line(self, where: object) -> str:
        """Return the comparison as a dry run shows it."""
        otherwise = "fails the step" if self.strict else "is a warning"
        file = self.classification.file
        return f"compare the columns of {where} with {file}: one not decided on {otherwise}"


@dataclass(frozen=True, slots=True)
class ColumnsCheck(Command):
    """Compare the columns of what was restored with those that somebody decided on."""

    target: Target
    gate: Gate

    def lines(self) -> Iterator[str]:
        yield self.gate.line(self.target)
