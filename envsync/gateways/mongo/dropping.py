"""Dropping what a pull leaves beside the live collections, and the quarantine."""

from envsync.commands.mongo import DropCollections, DropDatabase
from envsync.gateways.mongo.promote import drop_prefixed
from envsync.gateways.mongo.session import connect
from envsync.gateways.scope import Scope


def drop_database(command: DropDatabase, scope: Scope) -> None:
    """Drop a database; one that is not there is no error."""
    with connect(command.endpoint, scope) as session:
        session.command(command.database, {"dropDatabase": 1})


def drop_collections(command: DropCollections, scope: Scope) -> None:
    """Drop what bears a prefix that is reserved for envsync."""
    with connect(command.target.endpoint, scope) as session:
        drop_prefixed(session, command.target.database, command.prefix)
