"""The `envsync` program: all tasks for operators, as `invoke` offers them in a checkout too."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError
from invoke.program import Program

from envsync.tasks import (
    doctor,
    holding,
    looking,
    pruning,
    refreshing,
    rollback,
    sanitising,
    verify,
)
from envsync.version import VERSION


def operators() -> Collection:
    """Return what both `invoke` and the `envsync` program offer."""
    return Collection(
        refreshing.plan,
        refreshing.sync,
        refreshing.push,
        refreshing.pull,
        refreshing.nightly,
        verify.verify,
        rollback.rollback,
        doctor.doctor,
        holding.hold,
        holding.unhold,
        holding.holds,
        pruning.prune,
        looking.backups,
        looking.status,
        looking.history,
        looking.schema,
        Collection("sanitise", sanitising.init, sanitising.lint, sanitising.try_out),
    )


class _Program(Program):
    """The `envsync` program: what it cannot read is refused with exit code 2, as all refusals."""

    def parse_core(self, argv: list[str] | None) -> None:
        with _refused_words():
            super().parse_core(argv)

    def parse_tasks(self) -> None:
        with _refused_words():
            super().parse_tasks()


@contextmanager
def _refused_words() -> Iterator[None]:
    try:
        yield
    except ParseError as error:
        print(f"{error}; envsync --help TASK shows what it takes", file=sys.stderr)
        raise Exit(code=2) from error


def run() -> NoReturn:
    """Start the `envsync` program."""
    program = _Program(name="envsync", version=VERSION, namespace=operators())
    program.run()
    sys.exit(0)
