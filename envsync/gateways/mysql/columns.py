"""The columns of a schema, as the server's own catalogue tells them, and a few of their values."""

import re

from envsync.columns import Found, Samples, names, written
from envsync.commands import Target
from envsync.commands.mysql_text import quoted
from envsync.gateways.mysql.scripts import transaction
from envsync.gateways.mysql.session import connect
from envsync.gateways.scope import Scope
from envsync.questions import SamplesQuestion

LONGEST_SAMPLE = 200
# Generated columns are what the others are.
_COLUMNS = """
SELECT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE
  FROM information_schema.COLUMNS c
  JOIN information_schema.TABLES t
    ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
 WHERE t.TABLE_SCHEMA = %s AND t.TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW', 'SEQUENCE')
   AND COALESCE(c.GENERATION_EXPRESSION, '') = ''
 ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION
"""
# How wide a whole number is shown, which newer servers tell no more; but tinyint(1) is a boolean.
_WIDTH = re.compile(r"\b(?!tinyint\(1\))((?:tiny|small|medium|big)?int|year)\(\d+\)")
_BINARY = re.compile(r"(?:tiny|medium|long)?blob|(?:var)?binary|bit|geometry|point|polygon")


def columns(target: Target, scope: Scope) -> Found:
    """Return the columns of every table of a schema; not of its views."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    with connect(target, scope) as session:
        for table, column, kind in session.run(_COLUMNS, (target.database,)):
            shown = _WIDTH.sub(r"\1", kind)
            found.setdefault(written(table), {})[written(column)] = (shown,)
    return found


def samples(question: SamplesQuestion, scope: Scope) -> Samples:
    """Return values of at most so many rows of a table, each cut short; nothing is written."""
    readable = [name for name, (kind,) in question.columns.items() if not _BINARY.match(kind)]
    if not readable:
        return {}
    parts = ", ".join(
        f"LEFT(CAST({quoted(*names(name))} AS CHAR), {LONGEST_SAMPLE})" for name in readable
    )
    with transaction(question.target, scope, "START TRANSACTION READ ONLY") as session:
        table = quoted(*names(question.table))
        rows = session.run(f"SELECT {parts} FROM {table} LIMIT {int(question.limit)}")
    return {
        name: [str(row[place]) for row in rows if row[place] is not None]
        for place, name in enumerate(readable)
    }
