"""The task that puts previous data back."""

from invoke.context import Context
from invoke.tasks import task

from envsync.app import rollback as data
from envsync.app.asked import Asked
from envsync.errors import RefusedError
from envsync.tasks.common import ENV, INVENTORY, ONTO_PROTECTED, refusals


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
        print(data.rollback(Asked(inventory, env, name, onto_protected=onto_protected)))
