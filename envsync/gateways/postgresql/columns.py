"""The columns of a database, as its own catalogue tells them, and a few of their values."""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from psycopg import sql

from envsync.columns import Found, Samples, names, written
from envsync.commands import Target
from envsync.gateways.postgresql.session import Session, connect
from envsync.gateways.scope import Scope
from envsync.questions import SamplesQuestion

PUBLIC = "public"
LONGEST_SAMPLE = 200
LARGE_OBJECTS = {written("pg_catalog", "pg_largeobject"): {"data": ("bytea",)}}
"""What stands for the large objects of a database that has any."""
# A partition, or another child, has its parent's columns; only its own count as its own, but where
# the parent is not looked at: a foreign table, or an extension's. Generated
# columns are what the others are. Members of extensions are theirs, but for the tables whose rows
# a dump carries. Rows of foreign tables are elsewhere.
_COLUMNS = """
SELECT n.nspname::text, c.relname::text, c.relispartition OR i.inhrelid IS NOT NULL,
       a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN (SELECT DISTINCT inhrelid FROM pg_catalog.pg_inherits) i ON i.inhrelid = c.oid
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
   AND NOT a.attisdropped AND a.attgenerated = ''
   AND (a.attinhcount = 0 OR EXISTS (
     SELECT FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
      WHERE h.inhrelid = c.oid AND (p.relkind = 'f' OR EXISTS (
        SELECT FROM pg_catalog.pg_depend d
         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = p.oid
           AND d.deptype = 'e'))))
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (
     SELECT FROM pg_catalog.pg_depend d
       JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
        AND d.deptype = 'e' AND NOT c.oid = ANY (coalesce(e.extconfig, '{}')))
 ORDER BY n.nspname <> 'public', 1, 2, a.attnum
"""
# A column of a composite type has columns of its own, which may come and go.
_COMPOSITES = """
SELECT pg_catalog.format_type(t.oid, NULL), a.attname::text,
       pg_catalog.format_type(a.atttypid, a.atttypmod)
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
   AND NOT a.attisdropped
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE t.typtype = 'c' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY 1, a.attnum
"""
_ESTIMATE = "SELECT reltuples FROM pg_catalog.pg_class WHERE oid = %s::pg_catalog.regclass"
_HAS_LARGE_OBJECTS = "SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)"


def columns(target: Target, scope: Scope) -> Found:
    """Return the columns of every table that holds rows of its own."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    with connect(target, scope) as session:
        composites: dict[str, list[tuple[str, str]]] = {}
        for kind, attribute, of in session.execute(_COMPOSITES):
            composites.setdefault(kind, []).append((attribute, of))
        for schema, table, is_child, column, kind in session.execute(_COLUMNS):
            name = _written(schema, table)
            if column is not None:
                found.setdefault(name, {})[written(column)] = (_kind(kind, composites),)
            elif not is_child:
                found.setdefault(name, {})
        row = session.execute(_HAS_LARGE_OBJECTS).fetchone()
    return {**found, **(LARGE_OBJECTS if row and row[0] else {})}


def samples(question: SamplesQuestion, scope: Scope) -> Samples:
    """Return values of at most so many rows of a table, each cut short; nothing is written."""
    readable = [name for name, (kind,) in question.columns.items() if not kind.startswith("bytea")]
    if not readable or question.table in LARGE_OBJECTS:
        return {}
    parts = (
        sql.SQL("left({}::text, {})").format(sql.Identifier(*names(name)), LONGEST_SAMPLE)
        for name in readable
    )
    *schema, relation = names(question.table)
    with connect(question.target, scope) as session:
        session.execute("BEGIN READ ONLY")
        place = sql.Identifier(*(schema or [PUBLIC]), relation)
        share = _share(session, place.as_string(session), question.limit)
        rows = session.execute(
            sql.SQL("SELECT {} FROM {} {} LIMIT {}").format(
                sql.SQL(", ").join(parts), place, sql.SQL(share), question.limit
            )
        ).fetchall()
        session.execute("COMMIT")
    return {
        name: [str(row[place]) for row in rows if row[place] is not None]
        for place, name in enumerate(readable)
    }


def _share(session: Session, table: str, limit: int) -> LiteralString:
    """Return which share of a large table to look at: its first rows are its oldest."""
    row = session.execute(_ESTIMATE, (table,)).fetchone()
    estimate = row[0] if row else 0
    if estimate < limit * 1_000:
        return ""
    return "TABLESAMPLE SYSTEM (1)" if estimate < limit * 100_000 else "TABLESAMPLE SYSTEM (0.01)"


def _written(schema: str, table: str) -> str:
    return written(table) if schema == PUBLIC else written(schema, table)


def _kind(kind: str, composites: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """Return a type as it is known where no schema has to be named, with what it is made of."""
    of = kind.rstrip("[]")
    parts = [f"{name} {_kind(each, composites)}" for name, each in composites.get(of, ())]
    made_of = f"({', '.join(parts)})" if parts else ""
    return f"{of.removeprefix(f'{PUBLIC}.')}{made_of}{kind[len(of) :]}"
