"""PostgreSQL's own programs: where they are installed, and what they need to connect."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from envsync.errors import CommandError
from envsync.facts.postgresql import Client
from envsync.gateways.memory import path, sealed
from envsync.gateways.process import Surroundings
from envsync.gateways.secrets import reveal
from envsync.places import Endpoint, Secret

DEBIAN_FOLDERS = Path("/usr/lib/postgresql")
VERSION_PATIENCE = 10.0
"""Seconds a program has to say its version."""
_VERSION = re.compile(r"\(PostgreSQL\) ((\d+).*)")
# The client's own ways to prove who it is, for endpoints that name no password.
_OWN_WAYS = ("PGPASSFILE", "KRB5CCNAME")


def installed(folders: tuple[str, ...]) -> tuple[Client, ...]:
    """Return every pg_dump with a pg_restore beside it, oldest version first.

    They are looked for in the given folders, in PATH, and where Debian puts each major version.
    """
    on_path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    debian = sorted(DEBIAN_FOLDERS.glob("*/bin"))
    places = dict.fromkeys(
        real
        for folder in (*map(Path, folders), *map(Path, on_path), *debian)
        if (real := _real_folder(folder))
    )
    clients = (client for place in places if (client := _client(place)))
    return tuple(sorted(clients, key=lambda client: (client.major, client.version, client.folder)))


@contextmanager
def client_setting(endpoint: Endpoint, options: str | None = None) -> Iterator[Surroundings]:
    """Yield what lets a libpq program connect, with no secret in its arguments or variables.

    The password is in a file in memory that only the program's user can open. `options` are
    settings for the server, as for PGOPTIONS.
    """
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    variables = {**inherited, "LANG": "C.UTF-8", "PGAPPNAME": "envsync"}
    if options:
        variables["PGOPTIONS"] = options
    with ExitStack() as held:
        if endpoint.password is None:
            own = {name: os.environ[name] for name in _OWN_WAYS if name in os.environ}
            yield Surroundings({**variables, **own})
        else:
            file = held.enter_context(sealed("pgpass", _pgpass(endpoint.password)))
            yield Surroundings({**variables, "PGPASSFILE": path(file)}, (file,))


def _pgpass(secret: Secret) -> bytes:
    """Write a password file that fits any server (PostgreSQL manual, The Password File)."""
    password = reveal(secret)
    if "\n" in password or "\r" in password:
        raise CommandError(
            f"the secret at {secret} holds a line break, which PostgreSQL's programs cannot read "
            "from a password file; use a password of one line"
        )
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    return f"*:*:*:*:{escaped}\n".encode()


def _real_folder(folder: Path) -> Path | None:
    """Follow a folder's pg_dump to where it really lies; Debian's wrapper picks versions itself."""
    program = (folder / "pg_dump").resolve()
    if program.name != "pg_dump" or not os.access(program.with_name("pg_restore"), os.X_OK):
        return None
    return program.parent


def _client(folder: Path) -> Client | None:
    try:
        said = subprocess.run(
            (folder / "pg_dump", "--version"),
            stdin=subprocess.DEVNULL,
            env={"LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=VERSION_PATIENCE,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = _VERSION.search(said)
    return Client(int(found[2]), found[1], str(folder)) if found else None
