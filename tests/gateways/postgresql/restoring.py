"""What the tests of restoring share: commands, and proof that nothing is left running."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from envsync.artefacts import ArtefactKey, Stamp
from envsync.commands import Location
from envsync.commands.postgresql import PutBack, Restore
from envsync.gateways.postgresql.aside import put_back
from envsync.gateways.postgresql.restore import restore
from envsync.gateways.scope import Scope
from envsync.places import FileStorage
from tests.servers.postgresql import PostgresqlServer
from tests.servers.waiting import until

LOCATION = Location(
    FileStorage("/nowhere"), ArtefactKey("", Stamp(datetime(2026, 11, 20, tzinfo=UTC)), "x")
)
_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}'"


def into(server: PostgresqlServer, database: str, jobs: int, user: str = "postgres") -> Restore:
    """Return the command that restores into a database, by default as a superuser."""
    return Restore(server.target(database, user), LOCATION, str(server.programs), None, jobs)


def restored(command: Restore, source: Iterator[bytes]) -> dict[str, int]:
    """Restore, and put back at once what waits for sanitising; returns the rows by table."""
    done = restore(command, source, Scope())
    put_back(PutBack(command.target, command.role), done.aside, Scope())
    return done.rows


def nothing_runs_on(server: PostgresqlServer, database: str) -> bool:
    """Wait until no session is in a database; tells whether no thread and no child is left."""
    until(lambda: server.run(_SESSIONS.format(database)) == [(0,)], "the last session to end", 30)
    own = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
    programs = {Path(f"/proc/{child}/comm").read_text().strip() for child in own}
    threads = {thread.name.partition("_")[0] for thread in threading.enumerate()}
    return "pg_restore" not in programs and "restore" not in threads
