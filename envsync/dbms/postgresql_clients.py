"""Which installed PostgreSQL client fits a dump or a restore, by the versions of both ends."""

from itertools import takewhile

from envsync.errors import RefusedError
from envsync.facts.postgresql import Client

# pg_restore 17 and later begin with "SET transaction_timeout", which older servers refuse.
_TRANSACTION_TIMEOUT = 17


def dump_client(clients: tuple[Client, ...], source: int) -> Client:
    """Return the oldest client not older than the source server's major version.

    pg_dump refuses servers newer than itself (PostgreSQL manual, pg_dump, Notes).
    """
    fitting = [client for client in clients if client.major >= source]
    if not fitting:
        raise RefusedError(
            f"no pg_dump here can read a PostgreSQL {source} server ({_installed(clients)}); "
            f"install postgresql-client-{source}, or name its folder under clients:"
        )
    return min(fitting, key=lambda client: client.major)


def restore_client(clients: tuple[Client, ...], dumped: int, source: int, target: int) -> Client:
    """Return the oldest client that reads the dump and writes what the target server understands.

    Raises RefusedError where there is none, and where the target is older than the source.
    """
    if source > target:
        raise RefusedError(
            f"a dump of PostgreSQL {source} does not fit the older target server, PostgreSQL "
            f"{target}; upgrade the target to {source} first"
        )
    fitting = [client for client in clients if client.major >= dumped and _speaks(client, target)]
    if not fitting:
        raise RefusedError(
            f"no pg_restore here fits a dump by pg_dump {dumped} and a PostgreSQL {target} server "
            f"({_installed(clients)}); install postgresql-client-{max(dumped, target)}, or name "
            "its folder under clients: in the inventory"
        )
    return min(fitting, key=lambda client: client.major)


def major(version: str) -> int:
    """Return the major version of a version's text, as 15 of "15.18 (Debian 15.18-0)"."""
    return int("".join(takewhile(str.isdecimal, version)))


def _speaks(client: Client, target: int) -> bool:
    return client.major < _TRANSACTION_TIMEOUT or target >= _TRANSACTION_TIMEOUT


def _installed(clients: tuple[Client, ...]) -> str:
    found = ", ".join(f"{client.version} in {client.folder}" for client in clients)
    return f"found {found}" if found else "found none"
