"""A rollback: the previous data made live again, outside of any plan."""

from envsync.app.asked import Asked, database, inventory
from envsync.artefacts import Stamp
from envsync.dbms.drivers import driver
from envsync.errors import NoPreviousError, RefusedError
from envsync.execution.guard import database_lock
from envsync.facts import Facts, SwapFactsBase
from envsync.gateways import hands
from envsync.gateways.clock import SystemClock
from envsync.gateways.scope import SilentMeter
from envsync.inventory.model import Database, Ensure, Inventory
from envsync.running import state, stopping


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
        stopping() as stop,
        remembered.locks.hold(database_lock(meant)),
        hands.session(SilentMeter()) as session,
        stop.attached(session.cancel),
    ):
        facts = session.observe(engine.rollback_question(meant))
        try:
            for command in engine.rollback(meant, facts):
                session.perform(command)
        except NoPreviousError as error:
            known = inventory(asked.inventory)
            raise NoPreviousError(f"{error}; {_instead(known, meant)}") from error
        measured = session.measured
    stamp = measured.data_of or _stamp(facts)
    remembered.journal.swap(meant.environment.name, meant.key, stamp, SystemClock().now())
    since = f", with the data of {stamp}" if stamp else ""
    told = "".join(f"; {warning}" for warning in measured.warnings)
    return f"{meant.name} in {meant.environment.name} is what it was before{since}{told}"


def _stamp(facts: Facts) -> Stamp | None:
    """Return when the data was taken that was to be live again, if anybody knows."""
    came = facts.returning if isinstance(facts, SwapFactsBase) else None
    return came.stamp if came else None


def _instead(known: Inventory, meant: Database) -> str:
    """Say how older data is brought there, where there is nothing to put back."""
    place = f"{meant.key} --env {meant.environment.name}"
    for sync in known.syncs:
        if sync.target == meant and sync.options.ensure is not Ensure.ABSENT:
            source = sync.source
            consent = (
                f" --onto-protected {meant.environment.name}" if meant.environment.protected else ""
            )
            return (
                f"envsync backups {source.key} --env {source.environment.name} lists the artefacts "
                f"that envsync pull {place} --timestamp T{consent} restores instead"
            )
    return f"no sync restores artefacts there; add one under syncs: of {meant.environment.name}"
