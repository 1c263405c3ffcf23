"""Materialised views filled anew once their tables are sanitised, each after those it reads."""

from graphlib import TopologicalSorter

from psycopg import sql

from envsync.commands.postgresql import RefreshViews
from envsync.gateways.postgresql.scripts import transaction
from envsync.gateways.scope import Scope

_POPULATED = """
SELECT c.oid::bigint, n.nspname::text, c.relname::text
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'm' AND c.relispopulated
"""
# What a view reads stands in the dependencies of its rule (PostgreSQL manual, pg_depend).
_READS = """
SELECT DISTINCT v.oid::bigint, d.refobjid::bigint
  FROM pg_catalog.pg_class v
  JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
   AND d.objid = r.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.refobjid <> v.oid
 WHERE v.relkind IN ('v', 'm')
"""


def refresh_views(command: RefreshViews, scope: Scope) -> None:
    """Refresh every populated materialised view, in one transaction; stops at the first error."""
    with transaction(command.target, command.role, scope) as session:
        views = {oid: (schema, name) for oid, schema, name in session.execute(_POPULATED)}
        if not views:
            return
        order: TopologicalSorter[int] = TopologicalSorter()
        for view, read in session.execute(_READS):
            order.add(view, read)
        for oid in order.static_order():
            if oid in views:
                name = sql.Identifier(*views[oid])
                session.execute(sql.SQL("REFRESH MATERIALIZED VIEW {}").format(name))
