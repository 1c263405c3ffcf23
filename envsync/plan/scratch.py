"""Where artefacts are restored that nobody may read: a scratch server, else beside the source."""

from dataclasses import replace
from datetime import timedelta

from envsync.errors import RefusedError
from envsync.inventory.model import Database, Drill, Ensure, Inventory, Options, Sync
from envsync.inventory.scratch_rules import LONGEST_DRILLED

ANY_AGE = timedelta.max
"""A drill asks whether an artefact can be restored, not whether it is of last night."""


def drilled(drill: Drill) -> Sync:
    """Return the edge of a drill: from a database's artefact to a place that is dropped again.

    The place has a name of its own, so that a drill and a pull of one database do not meet.
    """
    source = drill.database
    return Sync(
        source=source,
        target=_beside(source, f"{source.name}__verify"),
        sanitise=None,
        checks=drill.checks,
        options=drill.options,
        max_age=ANY_AGE,
    )


def cleaned(edge: Sync) -> Sync:
    """Return the edge of a cleaning: from a database's raw artefact to a scratch server.

    It is the edge of one of those that take the clean artefact, as far as all agree.
    """
    source = edge.source
    return replace(
        edge,
        target=_beside(source, source.name),
        rewrite=(),
        after_promote=(),
        coverage=edge.gate,
        sanitise_at="target",
    )


def _beside(database: Database, name: str) -> Database:
    return replace(
        database,
        server=database.scratch or database.server,
        name=name,
        owner=None,
        grants=None,
        keep_previous=False,
        scratch=None,
    )


def with_drill(inventory: Inventory, database: Database) -> Inventory:
    """Return the inventory with a drill of one database alone, to be run by hand.

    Raises RefusedError for a name that leaves no room for the drill's own.
    """
    size = len(database.name.encode())
    if size > LONGEST_DRILLED:
        raise RefusedError(
            f"{database} has a name of {size} bytes, too long for a drill; accepted: "
            f"{LONGEST_DRILLED} bytes, for '__verify__incoming' to fit behind"
        )
    listed = next((each for each in inventory.drills if each.database == database), None)
    drill = listed or Drill(
        database,
        None,
        Options(title=f"verify {database.key} of {database.environment.name}"),
    )
    by_hand = replace(drill, options=replace(drill.options, ensure=Ensure.DISABLED))
    return replace(inventory, drills=(by_hand,))
