"""What tasks share: the words of their options, how refusals are told, how a plan is run."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from invoke.context import Context
from invoke.exceptions import Exit

from envsync import running
from envsync.errors import EnvsyncError
from envsync.execution.executor import Run
from envsync.plan.model import Plan

INVENTORY = "the folder of inventories (default: ENVSYNC_INVENTORY, else ./inventories)"
ENV = "the environment (default: ENVSYNC_ENVIRONMENT)"
DRY_RUN = "show the exact commands, and touch nothing"
LOG_FORMAT = "plain or json"
ALLOW_MASS_DELETE = "let a bucket sync delete more than its max_delete, or all there is"
ALLOW_SHRINK = "why an artefact may be smaller than the last by more than its max_shrink"
ONTO_PROTECTED = "the protected environment whose data may be replaced, typed out"
MACHINE = "only steps on this machine, as db_admin or integration/db_admin"
JOBS = "how many steps at once"
TIMESTAMP = "the artefact to pull, in UTC as 2026-11-20T02:40 (default: the newest)"


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what an operator can act on into its sentence on standard error, and exit code 2."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(_tells_no_secret)
    try:
        yield
        sys.stdout.flush()
    except EnvsyncError as error:
        print(error, file=sys.stderr)
        raise Exit(code=2) from error
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python would complain again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tells_no_secret(record: logging.LogRecord) -> bool:
    """Tell whether a line may be logged: with --debug libraries log the headers they send."""
    return record.levelno >= logging.WARNING or record.name.startswith(("envsync", "invoke"))


def is_dry(c: Context, *, dry_run: bool) -> bool:
    """Tell whether a task is to show what it would do; invoke's own --dry asks for that as well."""
    return dry_run or bool(c.config.run.dry)


def carry_out(c: Context, plan: Plan, run: Run, *, dry_run: bool, log_format: str) -> None:
    """Show a plan's commands or carry them out, and exit with what came of it."""
    if is_dry(c, dry_run=dry_run):
        raise Exit(code=running.speak(plan, run, print))
    raise Exit(code=running.act(plan, run, log_format))
