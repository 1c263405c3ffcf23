"""Which installed dump program fits a server, and with which options."""

from collections.abc import Iterator

from envsync.commands.mysql import CREDENTIALS
from envsync.commands.mysql_text import socket_of
from envsync.errors import RefusedError
from envsync.facts.mysql import Client, Server
from envsync.inventory.model import Database
from envsync.places import Endpoint

_ONE_SNAPSHOT = ("--single-transaction", "--quick")
_WHOLE = ("--routines", "--events", "--triggers", "--hex-blob", "--no-tablespaces")
_PLAIN = ("--skip-comments", "--skip-add-locks", "--skip-disable-keys")
_LARGEST = "--max-allowed-packet=1G"
SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def dump_client(clients: tuple[Client, ...], server: Server) -> Client:
    """Return the newest program of the server's own brand, else of the other; there is one.

    Raises RefusedError where none is installed.
    """
    if not clients:
        raise RefusedError(
            "found neither mariadb-dump nor mysqldump here; install mariadb-client or "
            "mysql-client, or name their folder under clients: in the inventory"
        )
    return max(clients, key=lambda client: (client.brand == server.brand, client.version))


def dump_arguments(
    client: Client, database: Database, schema: str, left_out: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return a dump program with all it is told to dump a schema on a database's server."""
    return (
        client.program,
        f"--defaults-file={CREDENTIALS}",
        *dump_options(client, database.server.endpoint),
        *(f"--ignore-table={schema}.{table}" for table in left_out),
        "--",
        schema,
    )


def dump_options(client: Client, endpoint: Endpoint) -> Iterator[str]:
    """Yield what a program is told besides the schema; nothing it needs SUPER or locks for."""
    yield from (*_ONE_SNAPSHOT, *_WHOLE, *_PLAIN, _LARGEST, "--default-character-set=utf8mb4")
    if client.brand == "MySQL":
        yield "--set-gtid-purged=OFF"
        # Servers other than MySQL 8 have no such statistics, and the dump would fail.
        yield "--column-statistics=0"
    path = socket_of(endpoint)
    yield from (f"--socket={path}",) if path else _over_tcp(client, endpoint)
    if endpoint.user:
        yield f"--user={endpoint.user}"


def _over_tcp(client: Client, endpoint: Endpoint) -> Iterator[str]:
    yield f"--host={endpoint.host}"
    yield f"--port={endpoint.port}"
    yield "--protocol=TCP"
    verifies = endpoint.tls.startswith("verify")
    if client.brand == "MySQL":
        modes = {"disable": "DISABLED", "require": "REQUIRED", "verify-ca": "VERIFY_CA"}
        yield f"--ssl-mode={modes.get(endpoint.tls, 'VERIFY_IDENTITY')}"
    elif endpoint.tls == "disable":
        yield "--skip-ssl"
    else:
        # MariaDB's programs verify both the authority and the name, or nothing.
        yield "--ssl"
        yield "--ssl-verify-server-cert" if verifies else "--skip-ssl-verify-server-cert"
    if verifies:
        yield f"--ssl-ca={endpoint.tls_ca or SYSTEM_CERTIFICATES}"
