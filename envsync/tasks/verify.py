"""The task that shows an artefact to be restorable."""

from invoke.context import Context
from invoke.tasks import task

from envsync.app import verify as drills
from envsync.app.asked import Asked
from envsync.tasks.common import DRY_RUN, INVENTORY, JOBS, LOG_FORMAT, carry_out, refusals


@task(
    positional=["name"],
    help={
        "name": "the database, as the inventory calls it",
        "env": "whose artefact (default: ENVSYNC_ENVIRONMENT, else the one that lists a drill)",
        "timestamp": "the artefact to verify, in UTC as 2026-11-20T02:40 (default: the newest)",
        "dry-run": DRY_RUN,
        "jobs": JOBS,
        "log-format": LOG_FORMAT,
        "inventory": INVENTORY,
    },
)
def verify(
    c: Context,
    name: str,
    env: str | None = None,
    timestamp: str | None = None,
    dry_run: bool = False,
    jobs: str = "1",
    log_format: str = "plain",
    inventory: str | None = None,
) -> None:
    """Restore one database's newest artefact where nobody reads it, check it, and drop it."""
    with refusals():
        plan = drills.verify_plan(Asked(inventory, env, name))
        run = drills.verify_run(jobs, timestamp)
        carry_out(c, plan, run, dry_run=dry_run, log_format=log_format)
