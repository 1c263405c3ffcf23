"""Tasks about scripts that sanitise."""

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from envsync.app import linting
from envsync.app.asked import Asked
from envsync.tasks.common import INVENTORY, refusals


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
