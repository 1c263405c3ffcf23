"""Push: a dump program's stream, its rows counted on the way, compressed into the storage."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from subprocess import PIPE

from envsync.commands import Measured
from envsync.commands.mysql import CREDENTIALS, Dump
from envsync.gateways.mysql.clients import credentials
from envsync.gateways.mysql.schemas import kept_objects
from envsync.gateways.mysql.session import connect
from envsync.gateways.mysql.statements import Statement, statements
from envsync.gateways.mysql.tables import taken_apart
from envsync.gateways.process import running
from envsync.gateways.scope import Scope
from envsync.gateways.storage.open_store import open_store
from envsync.gateways.uploading import BLOCK, Upload

_OPTION_FILE = "--defaults-file="
# As a whole argument: a schema may be named like the placeholder.
_GIVEN = _OPTION_FILE + CREDENTIALS


def dump(command: Dump, scope: Scope) -> Measured:
    """Dump, compress and upload; the object is there only if all of it went well."""
    store = open_store(command.location.storage)
    scope.meter.stage("dumping", command.expected_bytes)
    rows: Counter[str] = Counter()
    with (
        credentials(command.target.endpoint) as (file, surroundings),
        store.writer(
            str(command.location.key), store.part_bytes(command.expected_bytes), scope
        ) as writer,
    ):
        upload = Upload(writer, scope, command.location.storage.age.encrypt_to)
        argv = [_OPTION_FILE + file if each == _GIVEN else each for each in command.argv]
        with running(argv, scope, surroundings, stdout=PIPE) as child:
            source = iter(partial(child.stdout.read1, BLOCK), b"")
            told = _counted(statements(source), rows, command.without_rows)
            if command.follows:
                told = chain(told, _kept(command, scope))
            upload.compress(_together(told), command.level, command.threads)
    return Measured(
        bytes=upload.bytes,
        bytes_uncompressed=upload.bytes_uncompressed,
        sha256=upload.sha256,
        rows=dict(rows),
    )


def _kept(command: Dump, scope: Scope) -> Iterator[bytes]:
    """Write down what is kept of a quarantine besides its tables, as dump programs do."""
    with connect(command.target, scope) as session:
        objects = kept_objects(session, command.target.database)
    for each in objects:
        yield from (f"{setting};\n".encode() for setting in each.manner.settings())
        yield b"DELIMITER ;;\n" + each.statement + b";;\nDELIMITER ;\n"


def _counted(
    source: Iterable[Statement], rows: Counter[str], without_rows: tuple[str, ...]
) -> Iterator[bytes]:
    """Write the statements of a dump down again, as the mysql program reads them.

    Comments between them are left out, so also MariaDB's first line, which only newer programs of
    its own can read.
    """
    delimiter = b";"
    for statement in source:
        if statement.delimiter != delimiter:
            delimiter = statement.delimiter
            yield b"DELIMITER " + delimiter + b"\n"
        if statement.rows is not None:
            if statement.rows in without_rows:
                continue
            rows[statement.rows] += statement.count()
            yield statement.text
        else:
            if table := taken_apart(statement.text):
                rows[table.name] += 0
            yield statement.text
        yield delimiter + b"\n"
    if delimiter != b";":
        yield b"DELIMITER ;\n"


def _together(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Gather small pieces: each block costs the compressor and the hash a turn."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
