"""Materialised views filled anew once their tables are sanitised, each after those it reads."""

from collections.abc import Iterable
from graphlib import TopologicalSorter

import psycopg
from psycopg import sql

from envsync.commands.postgresql import RefreshViews
from envsync.gateways.postgresql.scripts import transaction
from envsync.gateways.postgresql.session import Session
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


_REFRESH = sql.SQL("REFRESH MATERIALIZED VIEW {}")


def refresh_views(command: RefreshViews, scope: Scope) -> None:
    """Refresh every populated materialised view, in one transaction; stops at the first error.

    All are emptied before: what a view reads through a function stands in no dependency, and a
    view that is read too early is refused then, and tried again after the others.
    """
    with transaction(command.target, command.role, scope) as session:
        views = {
            oid: sql.Identifier(schema, name) for oid, schema, name in session.execute(_POPULATED)
        }
        for name in views.values():
            session.execute(sql.SQL("REFRESH MATERIALIZED VIEW {} WITH NO DATA").format(name))
        waiting = [views[oid] for oid in _order(session, views) if oid in views]
        while waiting:
            early = [name for name in waiting if not _refreshed(session, name)]
            if early == waiting:
                session.execute(_REFRESH.format(early[0]))
            waiting = early


def _order(session: Session, views: Iterable[int]) -> Iterable[int]:
    order: TopologicalSorter[int] = TopologicalSorter()
    for view in views:
        order.add(view)
    for view, read in session.execute(_READS):
        order.add(view, read)
    return order.static_order()


def _refreshed(session: Session, view: sql.Identifier) -> bool:
    """Refresh a view, unless it reads one that is still empty."""
    session.execute("SAVEPOINT early")
    try:
        session.execute(_REFRESH.format(view))
    except psycopg.errors.ObjectNotInPrerequisiteState:
        session.execute("ROLLBACK TO SAVEPOINT early")
        return False
    session.execute("RELEASE SAVEPOINT early")
    return True
