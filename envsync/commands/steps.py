"""What any step may do, whatever it is of: wait for its group, warn, run a program."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from envsync.commands import Command


@dataclass(frozen=True, slots=True)
class Meet(Command):
    """Go on once all pulls of a group are as far as this one; not at all where one has failed."""

    group: str

    def lines(self) -> Iterator[str]:
        yield f"# wait until all pulls of group {self.group!r} can be promoted, or give all up"


@dataclass(frozen=True, slots=True)
class Caution(Command):
    """Tell the operator of something that is not as it should be, and go on."""

    prepares: ClassVar[bool] = True
    text: str

    def lines(self) -> Iterator[str]:
        yield f"# warning: {self.text}"


@dataclass(frozen=True, slots=True)
class RunProgram(Command):
    """Run a program on this machine, with a few variables of its own and no shell."""

    argv: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]

    def lines(self) -> Iterator[str]:
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in self.variables)
        yield f"{given} {shlex.join(self.argv)}"
