"""Holds: made, ended and listed."""

import getpass
import os

from envsync.app.asked import Asked, inventory
from envsync.errors import RefusedError
from envsync.gateways.clock import SystemClock
from envsync.inventory.model import Bucket, Database
from envsync.plan.hold import Hold, parse_until
from envsync.plan.select import Selection, require_known
from envsync.reporting.holds import holds_table
from envsync.running import state


def hold(asked: Asked, until: str | None, because: str | None, by: str | None) -> str:
    """Pause what nights do to a database or bucket of an environment."""
    environment, key = _place(asked)
    now = SystemClock().now()
    if until is None:
        raise RefusedError("say until when to hold it with --until DATE, the last day in UTC")
    if because is None or not because.strip():
        raise RefusedError('say why to hold it with --because "…": who finds it red will ask')
    made = Hold(
        environment,
        key,
        parse_until(until, now.date()),
        " ".join(because.split()),
        (by or "").strip() or _operator(),
        now,
    )
    state().holds.add(made)
    return f"{key} in {environment} is {made}; end it by {made.release}"


def unhold(asked: Asked) -> str:
    """End a hold, past its date or not."""
    environment, key = _place(asked)
    ended = state().holds.remove(environment, key)
    return f"{key} in {environment} is free again; it was {ended}"


def holds_text(asked: Asked) -> str:
    """Return what is held, in one environment or in all."""
    environments = (asked.environment,) if asked.environment else ()
    require_known(inventory(asked.inventory), Selection(environments))
    found = [
        each for each in state().holds.all() if not environments or each.environment in environments
    ]
    return holds_table(found, SystemClock().now()) if found else "nothing is held"


def _place(asked: Asked) -> tuple[str, str]:
    """Return the environment and the key that are meant, both known to the inventory."""
    known = inventory(asked.inventory)
    environment = asked.environment or os.environ.get("ENVSYNC_ENVIRONMENT")
    if environment is None:
        raise RefusedError("say which environment with --env, or set ENVSYNC_ENVIRONMENT")
    key = asked.database or ""
    require_known(known, Selection((environment,), (key,)))
    things: tuple[Database | Bucket, ...] = (*known.databases, *known.buckets)
    if not any((thing.environment.name, thing.key) == (environment, key) for thing in things):
        raise RefusedError(f"{environment} has no database or bucket {key!r}")
    return environment, key


def _operator() -> str:
    return os.environ.get("SUDO_USER") or getpass.getuser()
