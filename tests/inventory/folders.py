"""Inventory folders for tests: a small sound one, and what its loading says once it is spoilt."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from envsync.errors import InventoryError
from envsync.inventory.load import load
from envsync.inventory.model import Inventory

PRODUCTION = """\
environment: production
protected: true
storage: {backend: file, directory: /backups/production}
servers:
  main: {dbms: postgresql, host: db.production, machine: admin}
databases:
  app: {server: main, name: app_production, path: postgresql}
  other: {server: main, name: other_production, path: postgresql}
backups:
  app: {at: "02:00"}
"""
STAGING = """\
environment: staging
protected: false
storage: {backend: file, directory: /backups/staging}
servers:
  main: {dbms: postgresql, host: db.staging, machine: admin}
databases:
  app: {server: main, name: app_staging, path: postgresql}
  other: {server: main, name: other_staging, path: postgresql}
syncs:
  app: {from: production, at: "03:00", sanitise: clean.sql}
"""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of inventories, with a folder of scripts beside it."""

    path: Path
    scripts: Path

    def load(self) -> Inventory:
        return load(self.path, self.scripts)

    def problems(self) -> list[str]:
        """Return what is wrong, without the folder's own path; a folder that is sound fails."""
        with pytest.raises(InventoryError) as caught:
            self.load()
        return [
            problem.replace(f"{self.path}/", "").replace(str(self.scripts), "SCRIPTS")
            for problem in caught.value.problems
        ]


def folder(where: Path, **contents: str | bytes) -> Folder:
    """Make a folder with sound files for production and staging, other contents as given.

    Beside it lies a script, clean.sql, with its checks and what is decided of columns.
    """
    made = Folder(where / "inventories", where / "scripts")
    made.path.mkdir(parents=True)
    made.scripts.mkdir()
    for name in ("clean.sql", "clean.checks.sql"):
        (made.scripts / name).write_text("select 1 where false;\n")
    (made.scripts / "clean.columns.yaml").write_text("people: {id: {keep: integer}}\n")
    for name, content in {"production": PRODUCTION, "staging": STAGING, **contents}.items():
        text = content.encode() if isinstance(content, str) else content
        (made.path / f"{name}.yaml").write_bytes(text)
    return made


def with_sync(entry: str) -> str:
    """Return the staging file with another sync of its database, at line 10."""
    return STAGING.replace('from: production, at: "03:00", sanitise: clean.sql', entry)


def with_storage(entry: str) -> str:
    """Return the staging file with another storage, at line 3."""
    return STAGING.replace("backend: file, directory: /backups/staging", entry)


def with_top(lines: str) -> str:
    """Return the staging file with more lines, from line 11 on."""
    return f"{STAGING}{lines}\n"


def integration(syncs: str) -> str:
    """Return a third file, for integration, with syncs from line 10 on."""
    before, _, _ = STAGING.replace("staging", "integration").partition("  app: {from")
    return f"{before}{syncs}\n"


def large(environment: str, databases: int, source: str | None = None) -> str:
    """Return a file with many databases, each with a sync from another environment or a backup."""
    keys = [f"app_{number:05}" for number in range(databases)]
    syncs = [f"  {key}: {{from: {source}, sanitise: clean.sql}}" for key in keys if source]
    lines = [
        f"environment: {environment}",
        f"protected: {'false' if source else 'true'}",
        f"storage: {{backend: file, directory: /backups/{environment}}}",
        f"servers:\n  main: {{dbms: postgresql, host: db.{environment}, machine: admin}}",
        "databases:",
        *(f"  {key}: {{server: main, name: {key}, path: postgresql}}" for key in keys),
        *(["syncs:", *syncs] if source else ["backups:", *(f"  {key}: {{}}" for key in keys)]),
    ]
    return "\n".join(lines) + "\n"
