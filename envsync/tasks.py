"""The command line: what an operator can ask for, each a signature, a docstring and one call."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit, ParseError
from invoke.program import Program
from invoke.tasks import task

from envsync import app, running
from envsync.app import Asked
from envsync.errors import EnvsyncError, RefusedError
from envsync.execution.executor import Run
from envsync.plan.model import Plan
from envsync.version import VERSION

INVENTORY = "the folder of inventories (default: ENVSYNC_INVENTORY, else ./inventories)"
ENV = "the environment (default: ENVSYNC_ENVIRONMENT)"
DRY_RUN = "show the exact commands, and touch nothing"
LOG_FORMAT = "plain or json"
ALLOW_MASS_DELETE = "let a bucket sync delete more than its max_delete, or all there is"
ONTO_PROTECTED = "the protected environment whose data may be replaced, typed out"
MACHINE = "only steps on this machine, as db_admin or integration/db_admin"
JOBS = "how many steps at once"
TIMESTAMP = "the artefact to pull, in UTC as 2026-11-20T02:40 (default: the newest)"


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what an operator can act on into its sentence on standard error, and exit code 2."""
    try:
        yield
        sys.stdout.flush()
    except EnvsyncError as error:
        print(error, file=sys.stderr)
        raise Exit(code=2) from error
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python would complain again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _carry_out(c: Context, plan: Plan, run: Run, *, dry_run: bool, log_format: str) -> None:
    """Show a plan's commands or carry them out, and exit with what came of it.

    Invoke's own --dry asks for the former as well.
    """
    if dry_run or c.config.run.dry:
        raise Exit(code=running.speak(plan, run, print))
    raise Exit(code=running.act(plan, run, log_format))


@task(
    help={
        "env": ENV,
        "database": "only this database, or bucket",
        "machine": MACHINE,
        "all": "show disabled steps as well",
        "format": "table, markdown or json",
        "inventory": INVENTORY,
    }
)
def plan(
    c: Context,
    env: str | None = None,
    database: str | None = None,
    machine: str | None = None,
    all: bool = False,
    format: str = "table",
    inventory: str | None = None,
) -> None:
    """Print the steps that would refresh an environment, in order."""
    with refusals():
        asked = Asked(inventory, env, database, machine=machine)
        print(app.plan_text(asked, everything=all, form=format))


@task(
    positional=["name"],
    help={
        "name": "the database or bucket, as the inventory calls it",
        "env": "the environment to refresh (default: ENVSYNC_ENVIRONMENT, else each that has it)",
        "from": "take the data from this environment instead of the inventory's",
        "timestamp": TIMESTAMP,
        "dry-run": DRY_RUN,
        "push-only": "only the push half",
        "pull-only": "only the pull half",
        "onto-protected": ONTO_PROTECTED,
        "allow-mass-delete": ALLOW_MASS_DELETE,
        "jobs": JOBS,
        "log-format": LOG_FORMAT,
        "inventory": INVENTORY,
    },
)
def sync(
    c: Context,
    name: str,
    env: str | None = None,
    from_: str | None = None,
    timestamp: str | None = None,
    dry_run: bool = False,
    push_only: bool = False,
    pull_only: bool = False,
    onto_protected: str | None = None,
    allow_mass_delete: bool = False,
    jobs: str = "1",
    log_format: str = "plain",
    inventory: str | None = None,
) -> None:
    """Refresh one database: push it from its source, pull it into its targets; or one bucket."""
    with refusals():
        asked = Asked(inventory, env, name, from_, onto_protected=onto_protected)
        plan = app.sync_plan(
            asked, app.halves(push_only=push_only, pull_only=pull_only, timestamp=timestamp)
        )
        run = app.careful(jobs, timestamp, allow_mass_delete=allow_mass_delete)
        _carry_out(c, plan, run, dry_run=dry_run, log_format=log_format)


@task(
    positional=["name"],
    help={
        "name": "the database, as the inventory calls it",
        "env": "push this environment's own copy (default: what a sync of it would push)",
        "dry-run": DRY_RUN,
        "jobs": JOBS,
        "log-format": LOG_FORMAT,
        "inventory": INVENTORY,
    },
)
def push(
    c: Context,
    name: str,
    env: str | None = None,
    dry_run: bool = False,
    jobs: str = "1",
    log_format: str = "plain",
    inventory: str | None = None,
) -> None:
    """Dump one database and upload it."""
    with refusals():
        plan = app.push_plan(Asked(inventory, env, name))
        _carry_out(c, plan, app.careful(jobs), dry_run=dry_run, log_format=log_format)


@task(
    positional=["name"],
    help={
        "name": "the database, as the inventory calls it",
        "env": "the environment to refresh (default: ENVSYNC_ENVIRONMENT, else each that has it)",
        "from": "take the data from this environment instead of the inventory's",
        "timestamp": TIMESTAMP,
        "dry-run": DRY_RUN,
        "onto-protected": ONTO_PROTECTED,
        "jobs": JOBS,
        "log-format": LOG_FORMAT,
        "inventory": INVENTORY,
    },
)
def pull(
    c: Context,
    name: str,
    env: str | None = None,
    from_: str | None = None,
    timestamp: str | None = None,
    dry_run: bool = False,
    onto_protected: str | None = None,
    jobs: str = "1",
    log_format: str = "plain",
    inventory: str | None = None,
) -> None:
    """Restore one database's newest artefact beside the live one, sanitise it, promote it."""
    with refusals():
        plan = app.sync_plan(
            Asked(inventory, env, name, from_, onto_protected=onto_protected), ("pull",)
        )
        run = app.careful(jobs, timestamp)
        _carry_out(c, plan, run, dry_run=dry_run, log_format=log_format)


@task(
    help={
        "env": "only this environment's goals (default: ENVSYNC_ENVIRONMENT, else all)",
        "machine": MACHINE,
        "dry-run": DRY_RUN,
        "allow-mass-delete": ALLOW_MASS_DELETE,
        "jobs": JOBS,
        "log-format": LOG_FORMAT,
        "inventory": INVENTORY,
    }
)
def nightly(
    c: Context,
    env: str | None = None,
    machine: str | None = None,
    dry_run: bool = False,
    allow_mass_delete: bool = False,
    jobs: str = "1",
    log_format: str = "plain",
    inventory: str | None = None,
) -> None:
    """Run all that is due tonight; independent steps go on when one fails."""
    with refusals():
        plan = app.nightly_plan(Asked(inventory, env, machine=machine))
        run = app.nightly_run(jobs, allow_mass_delete=allow_mass_delete)
        _carry_out(c, plan, run, dry_run=dry_run, log_format=log_format)


@task(
    positional=["name"],
    help={
        "name": "the database, as the inventory calls it",
        "env": ENV,
        "onto-protected": ONTO_PROTECTED,
        "inventory": INVENTORY,
    },
)
def rollback(
    c: Context,
    name: str,
    env: str | None = None,
    onto_protected: str | None = None,
    inventory: str | None = None,
) -> None:
    """Put a database's previous data back; doing it twice undoes it."""
    with refusals():
        if c.config.run.dry:
            raise RefusedError("a rollback has no dry run; leave --dry out to roll back")
        print(app.rollback(Asked(inventory, env, name, onto_protected=onto_protected)))


@task(
    positional=["name"],
    help={
        "name": "the database, as the inventory calls it",
        "env": "the environment whose artefacts to list (default: ENVSYNC_ENVIRONMENT)",
        "inventory": INVENTORY,
    },
)
def backups(c: Context, name: str, env: str | None = None, inventory: str | None = None) -> None:
    """List a database's artefacts, newest first."""
    with refusals():
        print(app.backups_text(Asked(inventory, env, name)))


@task(help={"env": "only this environment", "inventory": INVENTORY})
def status(c: Context, env: str | None = None, inventory: str | None = None) -> None:
    """Show how old the data of each database and bucket is, and how its steps last ended."""
    with refusals():
        print(app.status_text(Asked(inventory, env)))


@task(
    positional=["name"],
    help={
        "name": "the database or bucket, as the inventory calls it",
        "env": "only this environment",
        "inventory": INVENTORY,
    },
)
def history(c: Context, name: str, env: str | None = None, inventory: str | None = None) -> None:
    """Show what has been run for a database or a bucket, newest first."""
    with refusals():
        print(app.history_text(Asked(inventory, env, name)))


@task
def schema(c: Context) -> None:
    """Print the JSON Schema of an inventory file, for editors."""
    with refusals():
        print(app.schema_text())


OPERATOR_TASKS = (plan, sync, push, pull, nightly, rollback, backups, status, history, schema)
"""What both `invoke` and the `envsync` program offer."""


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
    program = _Program(name="envsync", version=VERSION, namespace=Collection(*OPERATOR_TASKS))
    program.run()
    sys.exit(0)
