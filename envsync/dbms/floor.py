"""The least that a push's artefact must hold, by what the newest one holds. Pure."""

from envsync.artefacts import Manifest
from envsync.dbms.request import Request
from envsync.inventory.model import Database, Options
from envsync.shrinking import Floor


def floor(
    former: Manifest | None, database: Database, options: Options, request: Request
) -> Floor | None:
    """Return what an artefact is measured by; None where there is none before it.

    One of another environment or database is no measure.
    """
    if former is None:
        return None
    if (former.environment, former.database) != (database.environment.name, database.key):
        return None
    return Floor(
        former,
        database.max_shrink,
        (*options.exclude_table_data, *options.exclude_tables),
        request.allow_shrink,
    )
