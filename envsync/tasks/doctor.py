"""The task that examines everything a night needs, beforehand."""

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from envsync.app import doctor as examination
from envsync.app.asked import Asked
from envsync.tasks.common import INVENTORY, MACHINE, refusals


@task(
    help={
        "env": "only this environment (default: ENVSYNC_ENVIRONMENT, else all)",
        "machine": MACHINE,
        "inventory": INVENTORY,
    }
)
def doctor(
    c: Context, env: str | None = None, machine: str | None = None, inventory: str | None = None
) -> None:
    """Look at every connection, right, program, storage, lock and disk a night needs."""
    with refusals():
        table, fit = examination.examine(Asked(inventory, env, machine=machine))
        print(table)
        if not fit:
            raise Exit(code=1)
