"""What follows a schema's tables: its objects put in place, all of them or those not there yet."""

from collections.abc import Sequence

from envsync.gateways.mysql.definitions import create, drop_objects, objects_of
from envsync.gateways.mysql.objects import KINDS, Object
from envsync.gateways.mysql.session import Session

PATIENCE = 30.0
"""Seconds in which whoever holds what is to be replaced is given the chance to let go of it."""
OF_TABLES = ("TRIGGER", "EVENT")
"""What goes before the tables do, and comes after them."""
OTHERS = ("VIEW", "FUNCTION", "PROCEDURE", "PACKAGE", "PACKAGE BODY")


def put(session: Session, objects: Sequence[Object], *, whole: bool = True) -> tuple[str, ...]:
    """Create objects in the session's schema, over those of the same names; returns warnings.

    All of them, or those alone whose tables are there, and what else they are made of.
    """
    session.run(f"SET SESSION lock_wait_timeout = {PATIENCE:.0f}")
    return create(session, objects, mariadb=_is_mariadb(session), whole=whole)


def put_missing(session: Session, schema: str, objects: Sequence[Object]) -> tuple[str, ...]:
    """Create those that the session's schema does not have as they are; returns warnings.

    Nobody who holds one of the others is waited for. Those are left out whose tables an application
    has dropped meanwhile, or what else they are made of.
    """
    there = objects_of(session, schema)
    return put(session, [each for each in objects if each not in there], whole=False)


def put_back(
    session: Session, schema: str, objects: Sequence[Object], instead: Sequence[Object]
) -> tuple[str, ...]:
    """Have the session's schema hold objects as it did, and not those that were to come instead."""
    drop_objects(session, instead, KINDS, keep=objects)
    return put_missing(session, schema, objects)


def _is_mariadb(session: Session) -> bool:
    ((version,),) = session.run("SELECT VERSION()")
    return "mariadb" in str(version).lower()
