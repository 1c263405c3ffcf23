"""Tasks that look and change nothing: artefacts, states, histories, the schema."""

from invoke.context import Context
from invoke.tasks import task

from envsync.app import looking
from envsync.app.asked import Asked
from envsync.tasks.common import INVENTORY, refusals


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
        print(looking.backups_text(Asked(inventory, env, name)))


@task(help={"env": "only this environment", "inventory": INVENTORY})
def status(c: Context, env: str | None = None, inventory: str | None = None) -> None:
    """Show how old the data of each database and bucket is, and how its steps last ended."""
    with refusals():
        print(looking.status_text(Asked(inventory, env)))


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
        print(looking.history_text(Asked(inventory, env, name)))


@task
def schema(c: Context) -> None:
    """Print the JSON Schema of an inventory file, for editors."""
    with refusals():
        print(looking.schema_text())
