"""Tasks about holds: nights leave alone what somebody has paused."""

from invoke.context import Context
from invoke.tasks import task

from envsync.app import holds as pauses
from envsync.app.asked import Asked
from envsync.tasks.common import ENV, INVENTORY, refusals

NAME = "the database or bucket, as the inventory calls it"


@task(
    positional=["name"],
    help={
        "name": NAME,
        "env": ENV,
        "until": "the last day of the hold in UTC, as 2026-12-01",
        "because": "why, for whoever wonders",
        "by": "who holds it (default: who is logged in)",
        "inventory": INVENTORY,
    },
)
def hold(
    c: Context,
    name: str,
    env: str | None = None,
    until: str | None = None,
    because: str | None = None,
    by: str | None = None,
    inventory: str | None = None,
) -> None:
    """Have nights leave a database or bucket of an environment alone until a day has passed."""
    with refusals():
        print(pauses.hold(Asked(inventory, env, name), until, because, by))


@task(positional=["name"], help={"name": NAME, "env": ENV, "inventory": INVENTORY})
def unhold(c: Context, name: str, env: str | None = None, inventory: str | None = None) -> None:
    """End a hold."""
    with refusals():
        print(pauses.unhold(Asked(inventory, env, name)))


@task(help={"env": "only this environment", "inventory": INVENTORY})
def holds(c: Context, env: str | None = None, inventory: str | None = None) -> None:
    """List what is held on this machine: by whom, why and until when."""
    with refusals():
        print(pauses.holds_text(Asked(inventory, env)))
