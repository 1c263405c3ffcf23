"""A storage full of artefacts for one test of pruning, and envsync beside it; no database runs."""

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from envsync.artefacts import ArtefactKey, Stamp
from envsync.gateways.storage.store import Store
from tests.fleet import MANIFEST
from tests.live import program
from tests.live.program import Ran
from tests.live.site import change
from tests.test_verification import GOOD

PATH = "postgresql"
DUMP = b"what pg_dump wrote"
NOW = datetime.now(UTC).replace(microsecond=0)
LONG_AGO = time.time() - 3 * 86400


def ago(days: float) -> Stamp:
    """Return a moment so many days before this run of the tests."""
    return Stamp.of(NOW - timedelta(days=days))


@dataclass(slots=True)
class PruneSite:
    """Production with one database `app`, and the store its artefacts lie in."""

    folder: Path
    storage: dict[str, Any]
    store: Store
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, **changes: Any) -> None:
        """Write the inventories, production's changed at dotted paths as `{path: value}`."""
        inventory: dict[str, Any] = {
            "environment": "production",
            "protected": True,
            "storage": self.storage,
            "retention": {"keep_daily": 3},
            "servers": {"main": _server()},
            "databases": {"app": {"server": "main", "name": "app", "path": PATH}},
            "backups": {"app": {"at": "02:00"}},
        }
        for path, value in changes.items():
            change(inventory, path.replace("__", ".").split("."), value)
        staging = {
            "environment": "staging",
            "protected": False,
            "storage": {"backend": "file", "directory": str(self.folder / "staging")},
            "servers": {"main": _server()},
            "databases": {"app": {"server": "main", "name": "app_staging", "path": PATH}},
            "syncs": {"app": {"from": "production", "sanitise": "never", "because": "a test"}},
        }
        where = self.folder / "inventories"
        where.mkdir(exist_ok=True)
        for text in (inventory, staging):
            (where / f"{text['environment']}.yaml").write_text(yaml.safe_dump(text))

    def artefact(self, stamp: Stamp, **says: Any) -> ArtefactKey:
        """Put an artefact there whose manifest says what is usual, or else."""
        key = self.bytes_of(stamp)
        manifest = MANIFEST.model_copy(update={**_usual(stamp), **says})
        self.store.put(key.manifest, manifest.write().encode())
        return key

    def bytes_of(self, stamp: Stamp, name: str = "app") -> ArtefactKey:
        """Put the bytes of an artefact there, without a manifest."""
        key = ArtefactKey(PATH, stamp, name)
        self.store.put(str(key), DUMP)
        return key

    def drill(self, key: ArtefactKey, when: Stamp, *, healthy: bool) -> str:
        """Put a restore drill's result beside an artefact."""
        said = GOOD.model_copy(update={"at": str(when), "healthy": healthy})
        self.store.put(key.verification(when), said.write().encode())
        return key.verification(when)

    def stamps(self) -> list[str]:
        """Return the timestamps of what has a manifest, newest first."""
        keys = (ArtefactKey.of_manifest(key) for key in self.lying())
        return sorted((str(key.stamp) for key in keys if key), reverse=True)

    def lying(self) -> list[str]:
        return [found.key for found in self.store.keys(f"{PATH}/")]

    def run(self, *arguments: str) -> Ran:
        return program.run(self.folder, self._variables(), *arguments)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return program.start(self.folder, self._variables(), *arguments)

    def _variables(self) -> Mapping[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "ENVSYNC_INVENTORY": str(self.folder / "inventories"),
            "ENVSYNC_STATE": str(self.folder / "state"),
            **self.environment,
        }


def decisions(ran: Ran) -> dict[str, tuple[str, str]]:
    """Return the lines of a prune's table: by artefact, the decision and why."""
    head, *lines = [line for line in ran.out.splitlines() if line]
    where = [head.index(word) for word in ("artefact", "decision", "why")]
    rows = [line for line in lines[1:] if line.startswith(("app (", "-  "))]
    return {
        row[where[0] :].split()[0]: (
            row[where[1] : where[2]].strip(),
            row[where[2] :].strip(),
        )
        for row in rows
    }


def old(*paths: Path) -> None:
    """Have files look as if they had been written some days ago."""
    for path in paths:
        os.utime(path, (LONG_AGO, LONG_AGO))


def _usual(stamp: Stamp) -> dict[str, Any]:
    return {"database": "app", "name": "app", "stamp": str(stamp), "bytes": len(DUMP)}


def _server() -> dict[str, Any]:
    return {"dbms": "postgresql", "host": "nowhere.invalid", "machine": "db_admin"}
