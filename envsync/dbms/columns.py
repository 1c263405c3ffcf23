"""What is asked of a database whose columns somebody is to decide on: the same of all engines."""

from envsync.columns import Columns
from envsync.dbms.dumps import target_of
from envsync.inventory.model import Database
from envsync.questions import ColumnsQuestion, SamplesQuestion


def columns_question(database: Database) -> ColumnsQuestion:
    """What columns a database has."""
    target = target_of(database, database.name)
    return ColumnsQuestion(target, database.indices, dbms=database.server.dbms)


def samples_question(
    database: Database, table: str, columns: Columns, limit: int
) -> SamplesQuestion:
    """What at most so many rows of a table look like."""
    target, indices = target_of(database, database.name), database.indices
    return SamplesQuestion(target, table, columns, limit, indices, dbms=database.server.dbms)
