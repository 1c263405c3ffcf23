"""A rollback: the previous data made live again, outside of any plan."""

from envsync.app.asked import Asked, database
from envsync.dbms.drivers import driver
from envsync.errors import RefusedError
from envsync.execution.guard import database_lock
from envsync.facts import SwapFactsBase
from envsync.gateways import hands
from envsync.gateways.clock import SystemClock
from envsync.gateways.scope import SilentMeter
from envsync.running import state


def rollback(asked: Asked) -> str:
    """Put a database's previous data back; what was live becomes the previous."""
    meant = database(asked)
    if meant.environment.protected and asked.onto_protected != meant.environment.name:
        raise RefusedError(
            f"{meant.environment.name} is protected; to replace its data, add "
            f"--onto-protected {meant.environment.name}"
        )
    engine = driver(meant)
    remembered = state()
    with (
        remembered.locks.hold(database_lock(meant)),
        hands.session(SilentMeter()) as session,
    ):
        facts = session.observe(engine.rollback_question(meant))
        for command in engine.rollback(meant, facts):
            session.perform(command)
    live = facts.returning if isinstance(facts, SwapFactsBase) else None
    remembered.journal.swap(
        meant.environment.name, meant.key, live.stamp if live else None, SystemClock().now()
    )
    since = f", with the data of {live.stamp}" if live else ""
    return f"{meant.name} in {meant.environment.name} is what it was before{since}"
