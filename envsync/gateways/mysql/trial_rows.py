"""MySQL's rows for a trial: each table in one query, whose rows wait on the server's side."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pymysql.cursors import SSCursor

from envsync.columns import written
from envsync.commands.mysql_text import quoted
from envsync.commands.trial import Copy
from envsync.gateways.mysql.session import Session, connect
from envsync.gateways.scope import Scope
from envsync.gateways.trial.rows import Cell, Row, Table, key_of

_COLUMNS = """
SELECT t.TABLE_NAME, c.COLUMN_NAME
  FROM information_schema.TABLES t
  JOIN information_schema.COLUMNS c
    ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
 WHERE t.TABLE_SCHEMA = %s AND t.TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW', 'SEQUENCE')
   AND COALESCE(c.GENERATION_EXPRESSION, '') = ''
 ORDER BY t.TABLE_NAME, c.ORDINAL_POSITION
"""
# A key is one that all rows have: the primary one, else a unique one that allows no NULL. Parts of
# columns, and what is computed of them, tell no row from others.
_KEYS = """
SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, NULLABLE = 'YES' OR SUB_PART IS NOT NULL
  FROM information_schema.STATISTICS
 WHERE TABLE_SCHEMA = %s AND NON_UNIQUE = 0
 ORDER BY TABLE_NAME, INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX
"""


@dataclass(frozen=True, slots=True)
class _Where:
    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


def tables(copy: Copy, scope: Scope) -> list[Table]:
    """Return all tables of a copy that hold rows."""
    schema = copy.target.database
    with connect(copy.target, scope) as session:
        columns: dict[str, list[str]] = {}
        for table, column in session.run(_COLUMNS, (schema,)):
            columns.setdefault(table, []).append(column)
        keys = _keys(session, schema)
    return [_table(name, tuple(found), keys.get(name, ())) for name, found in columns.items()]


def _table(name: str, columns: tuple[str, ...], key: tuple[str, ...]) -> Table:
    usable = bool(key) and set(key) <= set(columns)
    where = _Where(name, columns, key if usable else ())
    return Table(written(name), where, tuple(map(written, columns)), keyed=usable)


def _keys(session: Session, schema: str) -> dict[str, tuple[str, ...]]:
    """Return the first key of each table that has one."""
    parts: dict[tuple[str, str], list[str | None]] = {}
    for table, index, column, is_loose in session.run(_KEYS, (schema,)):
        parts.setdefault((table, index), []).append(None if is_loose else column)
    keys: dict[str, tuple[str, ...]] = {}
    for (table, _), columns in parts.items():
        sound = tuple(column for column in columns if column is not None)
        if len(sound) == len(columns):
            keys.setdefault(table, sound)
    return keys


def rows(copy: Copy, table: Table, scope: Scope) -> Iterator[Row]:
    """Yield every row of a table."""
    where: _Where = table.where
    places = tuple(where.columns.index(name) for name in where.key)
    wanted = ", ".join(map(quoted, where.columns))
    with connect(copy.target, scope) as session:
        # Every value as the server writes it: a number or a date is text as well.
        session.decoders = {}
        session.run("SET SESSION wait_timeout = 2147483, net_write_timeout = 31536000")
        cursor: Any = session.cursor(SSCursor)
        with cursor:
            cursor.execute(f"SELECT {wanted} FROM {quoted(where.name)}")
            while (values := cursor.fetchone()) is not None:
                texts = [_text(value) for value in values]
                cells = [
                    Cell(column, text, text)
                    for column, text in zip(table.columns, texts, strict=True)
                ]
                yield Row(key_of(texts[place] for place in places), cells)


def _text(value: str | bytes | None) -> str | None:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
