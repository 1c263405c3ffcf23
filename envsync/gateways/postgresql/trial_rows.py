"""PostgreSQL's rows for a trial: each table in one COPY, so that no more than a row is held."""

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from envsync.columns import written
from envsync.commands.trial import Copy
from envsync.gateways.postgresql.scripts import transaction
from envsync.gateways.scope import Scope
from envsync.gateways.trial.rows import Cell, Row, Table, key_of

# Partitions are read with the table they are parts of. Generated columns are what the others are;
# a key is one that all rows have: the primary one, else a unique one that allows no NULL.
_TABLES = """
SELECT n.nspname::text, c.relname::text, CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END,
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND a.attgenerated = '' ORDER BY a.attnum),
       (SELECT ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey))
          FROM pg_catalog.pg_index i
         WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
           AND i.indexprs IS NULL
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                            WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
                              AND NOT a.attnotnull)
         ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY n.nspname <> 'public', 1, 2
"""


@dataclass(frozen=True, slots=True)
class _Where:
    name: sql.Composable
    columns: tuple[str, ...]
    key: tuple[str, ...]


def tables(copy: Copy, scope: Scope) -> list[Table]:
    """Return all tables of a copy that hold rows of their own."""
    with transaction(copy.target, copy.role, scope) as session:
        return [_table(*found) for found in session.execute(_TABLES).fetchall()]


def _table(schema: str, name: str, only: str, columns: list[str], key: list[str] | None) -> Table:
    where = sql.SQL("{}{}").format(sql.SQL(only), sql.Identifier(schema, name))
    return Table(
        written(name) if schema == "public" else written(schema, name),
        _Where(where, tuple(columns), tuple(key or ())),
        tuple(written(column) for column in columns),
        keyed=bool(key),
    )


def rows(copy: Copy, table: Table, scope: Scope) -> Iterator[Row]:
    """Yield every row of a table."""
    where: _Where = table.where
    wanted = sql.SQL(", ").join(map(sql.Identifier, where.columns)) if where.columns else None
    if wanted is None:
        return
    keys = tuple(where.columns.index(name) for name in where.key)
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(wanted, where.name)
    with (
        transaction(copy.target, copy.role, scope) as session,
        session.cursor() as cursor,
        cursor.copy(query) as stream,
    ):
        for values in stream.rows():
            cells = [
                Cell(column, value, value)
                for column, value in zip(table.columns, values, strict=True)
            ]
            yield Row(key_of(values[place] for place in keys), cells)
