"""Push: pg_dump in an exported snapshot, compressed and hashed on its way into the storage."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from subprocess import PIPE

from envsync.commands import Measured
from envsync.commands.postgresql import SNAPSHOT, Dump
from envsync.errors import CommandError
from envsync.gateways.postgresql.clients import client_setting
from envsync.gateways.postgresql.rows import count_rows
from envsync.gateways.postgresql.session import Session, connect
from envsync.gateways.process import running
from envsync.gateways.scope import Scope
from envsync.gateways.storage.open_store import open_store
from envsync.gateways.uploading import BLOCK, Upload


def dump(command: Dump, scope: Scope) -> Measured:
    """Dump, compress and upload; the object is there only if all of it went well."""
    store = open_store(command.location.storage)
    # The writer is the last to end: an object that is there before a failure would stay.
    with (
        store.writer(
            str(command.location.key), store.part_bytes(command.expected_bytes), scope
        ) as writer,
        _exported_snapshot(command, scope) as (session, snapshot),
        ThreadPoolExecutor(1, thread_name_prefix="count-rows") as counter,
    ):
        upload = Upload(writer, scope, command.location.storage.age.encrypt_to)
        counting = counter.submit(count_rows, session, command.row_counts, command.without_rows)
        _stream(command, snapshot, counting, upload, scope)
        rows = counting.result()
    return Measured(
        bytes=upload.bytes,
        bytes_uncompressed=upload.bytes_uncompressed,
        sha256=upload.sha256,
        rows=rows,
    )


@contextmanager
def _exported_snapshot(command: Dump, scope: Scope) -> Iterator[tuple[Session, str]]:
    """Open the transaction whose snapshot the dump and the row counts share.

    PostgreSQL manual, Snapshot Synchronization Functions.
    """
    with connect(command.target, scope) as session:
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = session.execute("SELECT pg_export_snapshot()").fetchone()
        yield session, row[0] if row else ""


def _stream(
    command: Dump, snapshot: str, counting: Future[dict[str, int]], upload: Upload, scope: Scope
) -> None:
    # As a whole argument: a database may be named like the placeholder.
    argv = [
        f"--snapshot={snapshot}" if argument == f"--snapshot={SNAPSHOT}" else argument
        for argument in command.argv
    ]
    scope.meter.stage("dumping", command.expected_bytes)
    with (
        _snapshot_held(counting),
        client_setting(command.target.endpoint) as client,
        running(argv, scope, client, stdout=PIPE) as child,
    ):
        blocks = iter(partial(child.stdout.read, BLOCK), b"")
        upload.compress(blocks, command.level, command.threads)


@contextmanager
def _snapshot_held(counting: Future[dict[str, int]]) -> Iterator[None]:
    """Tell why counting failed where that is why pg_dump did: the snapshot ends with the count."""
    try:
        yield
    except CommandError:
        if counting.done():
            counting.result()
        raise
