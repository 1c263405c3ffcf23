"""Tasks about scripts that sanitise: read offline, or tried out on a copy that nobody gets."""

import sys

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from envsync.app import drafting, linting, trying
from envsync.app.asked import Asked
from envsync.errors import RefusedError
from envsync.tasks.common import (
    DRY_RUN,
    ENV,
    INVENTORY,
    ONTO_PROTECTED,
    TIMESTAMP,
    is_dry,
    refusals,
)


@task(
    positional=["name"],
    help={
        "name": "the database, as the inventory calls it",
        "env": "draft from this environment's copy (default: ENVSYNC_ENVIRONMENT, else the source)",
        "output": "the file to write (default: what the sync reads, beside its script)",
        "inventory": INVENTORY,
    },
)
def init(
    c: Context,
    name: str,
    env: str | None = None,
    output: str | None = None,
    inventory: str | None = None,
) -> None:
    """Draft what becomes of every column, from a live database's names and a few of its values."""
    with refusals():
        if c.config.run.dry:
            raise RefusedError("a draft has no dry run; --output names another file to write")
        print(drafting.draft(Asked(inventory, env, name), output))


@task(
    help={
        "database": "only what sanitises this database, as the inventory calls it",
        "inventory": INVENTORY,
    },
)
def lint(c: Context, database: str | None = None, inventory: str | None = None) -> None:
    """Tell what is wrong with scripts, checks and decisions on columns; asks no server."""
    with refusals():
        found = linting.linted(Asked(inventory, database=database))
        for finding in found.findings:
            print(finding)
        print(found.summary)
        if found.mistakes:
            raise Exit(code=1)


@task(
    name="try",
    positional=["name"],
    help={
        "name": "the database, as the inventory calls it",
        "env": ENV,
        "timestamp": TIMESTAMP,
        "dry-run": DRY_RUN,
        "onto-protected": ONTO_PROTECTED,
        "inventory": INVENTORY,
    },
)
def try_out(
    c: Context,
    name: str,
    env: str | None = None,
    timestamp: str | None = None,
    dry_run: bool = False,
    onto_protected: str | None = None,
    inventory: str | None = None,
) -> None:
    """Restore, sanitise and check as a pull does, show what that changes, promote nothing."""
    with refusals():
        asked = Asked(inventory, env, name, onto_protected=onto_protected)
        if is_dry(c, dry_run=dry_run):
            raise Exit(code=trying.spoken(asked, timestamp, print))
        done = trying.tried(asked, timestamp)
        if done.text:
            print(done.text)
        print(done.ended, file=sys.stderr)
        raise Exit(code=done.exit_code)
