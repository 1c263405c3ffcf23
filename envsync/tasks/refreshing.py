"""Tasks about plans: shown, carried out for one database, carried out at night."""

from invoke.context import Context
from invoke.tasks import task

from envsync.app import plans, runs
from envsync.app.asked import Asked
from envsync.tasks.common import (
    ALLOW_MASS_DELETE,
    ALLOW_SHRINK,
    DRY_RUN,
    ENV,
    INVENTORY,
    JOBS,
    LOG_FORMAT,
    MACHINE,
    ONTO_PROTECTED,
    TIMESTAMP,
    carry_out,
    refusals,
)


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
        print(plans.plan_text(asked, everything=all, form=format))


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
        "allow-shrink": ALLOW_SHRINK,
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
    allow_shrink: str | None = None,
    jobs: str = "1",
    log_format: str = "plain",
    inventory: str | None = None,
) -> None:
    """Refresh one database: push it from its source, pull it into its targets; or one bucket."""
    with refusals():
        asked = Asked(inventory, env, name, from_, onto_protected=onto_protected)
        plan = plans.sync_plan(
            asked, runs.halves(push_only=push_only, pull_only=pull_only, timestamp=timestamp)
        )
        run = runs.careful(jobs, timestamp, runs.Allowed(allow_mass_delete, allow_shrink))
        carry_out(c, plan, run, dry_run=dry_run, log_format=log_format)


@task(
    positional=["name"],
    help={
        "name": "the database, as the inventory calls it",
        "env": "push this environment's own copy (default: what a sync of it would push)",
        "dry-run": DRY_RUN,
        "allow-shrink": ALLOW_SHRINK,
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
    allow_shrink: str | None = None,
    jobs: str = "1",
    log_format: str = "plain",
    inventory: str | None = None,
) -> None:
    """Dump one database and upload it."""
    with refusals():
        plan = plans.push_plan(Asked(inventory, env, name))
        run = runs.careful(jobs, allowed=runs.Allowed(shrink=allow_shrink))
        carry_out(c, plan, run, dry_run=dry_run, log_format=log_format)


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
        plan = plans.sync_plan(
            Asked(inventory, env, name, from_, onto_protected=onto_protected), ("pull",)
        )
        run = runs.careful(jobs, timestamp)
        carry_out(c, plan, run, dry_run=dry_run, log_format=log_format)


@task(
    help={
        "env": "only this environment's goals (default: ENVSYNC_ENVIRONMENT, else all)",
        "machine": MACHINE,
        "dry-run": DRY_RUN,
        "allow-mass-delete": ALLOW_MASS_DELETE,
        "allow-shrink": ALLOW_SHRINK,
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
    allow_shrink: str | None = None,
    jobs: str = "1",
    log_format: str = "plain",
    inventory: str | None = None,
) -> None:
    """Run all that is due tonight; independent steps go on when one fails."""
    with refusals():
        plan = plans.nightly_plan(Asked(inventory, env, machine=machine))
        run = runs.nightly_run(plan, jobs, runs.Allowed(allow_mass_delete, allow_shrink))
        carry_out(c, plan, run, dry_run=dry_run, log_format=log_format)
