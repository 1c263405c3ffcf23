"""The dump programs of MySQL and MariaDB: where they are, and what they need to connect."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from envsync.facts.mysql import Brand, Client
from envsync.gateways.memory import path, sealed
from envsync.gateways.process import Surroundings
from envsync.gateways.secrets import reveal
from envsync.places import Endpoint

VERSION_PATIENCE = 10.0
"""Seconds a program has to say its version."""
_PROGRAMS = ("mariadb-dump", "mysqldump")
_VERSION = re.compile(r"(?:\bDistrib|\bfrom|\bVer) (\d+(?:\.\d+)+[^\s,;]*)")


def installed(folders: tuple[str, ...]) -> tuple[Client, ...]:
    """Return every dump program in the given folders and in PATH, each once."""
    on_path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    candidates = (Path(folder) / name for folder in (*folders, *on_path) for name in _PROGRAMS)
    real = dict.fromkeys(each.resolve() for each in candidates if os.access(each, os.X_OK))
    return tuple(client for program in real if (client := _client(program)))


@contextmanager
def credentials(endpoint: Endpoint) -> Iterator[tuple[str, Surroundings]]:
    """Yield the path of an option file with the password, and what a program needs to open it.

    The file is in memory, and only this user's programs can open it. It stands in the place of all
    other option files, so that none of them changes what is done.
    """
    text = "[client]\n"
    if endpoint.password is not None:
        text += f'password="{_escaped(reveal(endpoint.password))}"\n'
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with sealed("my.cnf", text.encode()) as file:
        yield path(file), Surroundings({**kept, "LANG": "C.UTF-8"}, (file,))


def _escaped(password: str) -> str:
    """Write a value as option files have it (MySQL manual, Using Option Files)."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b"}
    return "".join(escapes.get(character, character) for character in password)


def _client(program: Path) -> Client | None:
    try:
        said = subprocess.run(
            (program, "--no-defaults", "--version"),
            stdin=subprocess.DEVNULL,
            env={"LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=VERSION_PATIENCE,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = _told_version(said)
    if found is None:
        return None
    numbers = tuple(int(part) for part in re.findall(r"\d+", found)[:3])
    brand: Brand = "MariaDB" if "mariadb" in said.lower() else "MySQL"
    return Client(brand, numbers, found, str(program))


def _told_version(said: str) -> str | None:
    """Find the version of the server a program came with, not that of the program itself."""
    found = {match[0].split()[0]: match[1] for match in _VERSION.finditer(said)}
    return found.get("Distrib") or found.get("from") or found.get("Ver")
