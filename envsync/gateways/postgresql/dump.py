"""Push: pg_dump in an exported snapshot, compressed and hashed on its way into the storage."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from subprocess import PIPE
from typing import IO

import zstandard

from envsync.commands import SNAPSHOT, Dump, Measured
from envsync.errors import CommandError
from envsync.gateways.postgresql.clients import client_setting
from envsync.gateways.postgresql.rows import count_rows
from envsync.gateways.postgresql.session import Session, connect
from envsync.gateways.process import running
from envsync.gateways.scope import Scope
from envsync.gateways.storage.open_store import open_store
from envsync.gateways.storage.store import Writer

JOB = 2 << 20
"""Bytes each thread compresses at a time: zstd's own choice takes 50 MB more for 1 % in size."""
BLOCK = 1 << 20
"""Bytes read from the dump at once."""


@dataclass(slots=True)
class _Tally:
    """What has gone through the stream so far."""

    read: int = 0
    written: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)


def dump(command: Dump, scope: Scope) -> Measured:
    """Dump, compress and upload; the object is there only if all of it went well."""
    with (
        _exported_snapshot(command, scope) as (session, snapshot),
        ThreadPoolExecutor(1, thread_name_prefix="count-rows") as counter,
    ):
        counting = counter.submit(count_rows, session, command.row_counts, command.without_rows)
        tally = _stream(command, snapshot, counting, scope)
    return Measured(
        bytes=tally.written,
        bytes_uncompressed=tally.read,
        sha256=tally.digest.hexdigest(),
        rows=counting.result(),
    )


@contextmanager
def _exported_snapshot(command: Dump, scope: Scope) -> Iterator[tuple[Session, str]]:
    """Open the transaction whose snapshot the dump and the row counts share.

    PostgreSQL manual, Snapshot Synchronization Functions.
    """
    with connect(command.target, scope) as session:
        session.execute("SET idle_in_transaction_session_timeout = 0")
        session.execute("SET statement_timeout = 0")
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = session.execute("SELECT pg_export_snapshot()").fetchone()
        yield session, row[0] if row else ""


def _stream(command: Dump, snapshot: str, counting: Future[dict[str, int]], scope: Scope) -> _Tally:
    # As a whole argument: a database may be named like the placeholder.
    argv = [
        f"--snapshot={snapshot}" if argument == f"--snapshot={SNAPSHOT}" else argument
        for argument in command.argv
    ]
    store = open_store(command.location.storage)
    tally = _Tally()
    scope.meter.stage("dumping", command.expected_bytes)
    with store.writer(
        str(command.location.key), store.part_bytes(command.expected_bytes), scope
    ) as writer:
        with (
            _snapshot_held(counting),
            client_setting(command.target.endpoint) as client,
            running(argv, scope, client, stdout=PIPE) as child,
        ):
            _compress(child.stdout, writer, command, tally, scope)
        counting.result()
    return tally


@contextmanager
def _snapshot_held(counting: Future[dict[str, int]]) -> Iterator[None]:
    """Tell why counting failed where that is why pg_dump did: the snapshot ends with the count."""
    try:
        yield
    except CommandError:
        if counting.done():
            counting.result()
        raise


def _compress(
    source: IO[bytes], writer: Writer, command: Dump, tally: _Tally, scope: Scope
) -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(
        command.level, threads=command.threads, write_checksum=True, job_size=JOB
    )
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    while block := source.read(BLOCK):
        scope.check()
        tally.read += len(block)
        scope.meter.moved(len(block))
        _forward(compressor.compress(block), writer, tally)
    _forward(compressor.flush(), writer, tally)


def _forward(data: bytes, writer: Writer, tally: _Tally) -> None:
    if data:
        tally.digest.update(data)
        tally.written += len(data)
        writer.write(data)
