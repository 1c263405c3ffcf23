"""The task that removes old artefacts."""

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from envsync.app import prune as pruning
from envsync.app.asked import Asked
from envsync.tasks.common import INVENTORY, MACHINE, is_dry, refusals


@task(
    help={
        "env": "only this environment's artefacts (default: ENVSYNC_ENVIRONMENT, else all)",
        "database": "only this database, as the inventory calls it",
        "machine": MACHINE,
        "dry-run": "show what would be removed and why, and remove nothing",
        "inventory": INVENTORY,
    },
)
def prune(
    c: Context,
    env: str | None = None,
    database: str | None = None,
    machine: str | None = None,
    dry_run: bool = False,
    inventory: str | None = None,
) -> None:
    """Remove the artefacts that no rule of the inventory keeps, and what killed pushes left."""
    with refusals():
        asked = Asked(inventory, env, database, machine=machine)
        carried_out = pruning.spoken if is_dry(c, dry_run=dry_run) else pruning.pruned
        told, code = carried_out(asked)
        print(told)
    raise Exit(code=code)
