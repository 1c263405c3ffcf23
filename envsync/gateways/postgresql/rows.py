"""Row counts: taken in the snapshot of a dump, compared with what was restored."""

from collections.abc import Mapping
from typing import Literal

from psycopg import sql

from envsync.commands.postgresql import CompareRows
from envsync.errors import CommandError
from envsync.gateways.manifests import read_manifest
from envsync.gateways.postgresql.session import Session
from envsync.gateways.storage.open_store import open_store
from envsync.tables import is_named

ESTIMATE_TOLERANCE = 0.5
"""A table may hold this share of its estimate and pass: statistics are allowed to be stale."""
ESTIMATE_FLOOR = 10_000
"""Estimates below this many rows prove nothing."""

# Members of extensions belong to the extension: pg_dump leaves their rows to it.
_TABLES = """
SELECT n.nspname::text, c.relname::text, format('%I.%I', n.nspname, c.relname),
       greatest(c.reltuples, 0)::bigint
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY 3
"""


def count_rows(
    connection: Session, how: Literal["exact", "estimate"], without_rows: tuple[str, ...]
) -> dict[str, int]:
    """Return the rows of every table by its quoted name, as the connection's snapshot sees them."""
    counts: dict[str, int] = {}
    for schema, table, name, estimate in connection.execute(_TABLES).fetchall():
        if table not in without_rows and f"{schema}.{table}" not in without_rows:
            counts[name] = _count(connection, schema, table) if how == "exact" else estimate
    return counts


def _count(connection: Session, schema: str, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(schema, table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def compare_rows(command: CompareRows, restored: Mapping[str, int]) -> None:
    """Raise CommandError unless what was restored is what the manifest counted."""
    manifest = read_manifest(open_store(command.location.storage), command.location.key)
    differing = [
        f"{table} {restored.get(table, 0):,} of {counted:,}"
        for table, counted in manifest.rows.items()
        if not is_named(table, command.without_rows, command.dbms)
        and not _agrees(restored.get(table), counted, manifest.row_counts)
    ]
    if differing:
        raise CommandError(
            f"the rows restored into {command.target} are not those of the manifest: "
            + "; ".join(differing[:5])
            + (f"; and {len(differing) - 5} more tables" if len(differing) > 5 else "")  # noqa: PLR2004
        )


def _agrees(restored: int | None, counted: int, how: Literal["exact", "estimate"]) -> bool:
    if how == "exact":
        return (restored or 0) == counted
    return counted < ESTIMATE_FLOOR or (restored or 0) >= counted * ESTIMATE_TOLERANCE
