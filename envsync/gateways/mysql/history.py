"""Former rows: what MariaDB keeps of tables WITH SYSTEM VERSIONING, and a copy must not."""

import pymysql

from envsync.commands.mysql import DeleteHistory
from envsync.commands.mysql_text import quoted
from envsync.errors import CommandError
from envsync.gateways.mysql.session import connect, told
from envsync.gateways.scope import Scope

# MySQL has no such tables, and so no row here.
_VERSIONED = """
SELECT TABLE_NAME FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = %s AND TABLE_TYPE = 'SYSTEM VERSIONED' ORDER BY TABLE_NAME
"""


def delete_history(command: DeleteHistory, scope: Scope) -> None:
    """Delete all that rows were before, of every table that remembers it."""
    target = command.target
    with connect(target, scope) as session:
        for (table,) in session.run(_VERSIONED, (target.database,)):
            try:
                session.run(f"DELETE HISTORY FROM {quoted(table)}")
            except pymysql.Error as error:
                raise CommandError(
                    f"cannot delete the history of {table!r}: {told(error, target)}; nothing was "
                    "promoted"
                ) from None
