"""A scratch server beside a site's production, and what is to be seen of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.site import Site
from tests.servers.postgresql import PostgresqlServer

RAW_CHECKS = "SELECT id FROM people WHERE email IS NULL;\n"
LIVE = frozenset({"postgres", "template0", "template1"})


@dataclass(frozen=True, slots=True)
class Scratch:
    """The server, and the role envsync works as on it, which is no superuser."""

    server: PostgresqlServer
    admin: str

    def entry(self) -> dict[str, Any]:
        """Return it as an inventory has it."""
        return {
            "dbms": "postgresql",
            "host": "127.0.0.1",
            "port": self.server.port,
            "user": self.admin,
            "password": {"file": str(self.server.folder / "password")},
            "tls": "disable",
            "machine": "db_admin",
            "scratch": True,
        }

    @property
    def asleep(self) -> str:
        """The query for sessions of its own role that sleep; earlier tests may have left others."""
        return (
            "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' "
            f"AND state = 'active' AND usename = '{self.admin}'"
        )

    def databases(self) -> set[str]:
        """Return what lies on it that is not the server's own."""
        found = {name for (name,) in self.server.run("SELECT datname FROM pg_database")}
        return found - LIVE


def make_scratch(server: PostgresqlServer) -> Scratch:
    return Scratch(server, server.role("envsync", "CREATEDB"))


def drilled(site: Site, scratch: Scratch | None, **verify: Any) -> None:
    """Give production a scratch server, where there is one, and a drill with checks."""
    (site.folder / "sanitisation_sql" / "raw.checks.sql").write_text(RAW_CHECKS)
    changes: dict[str, Any] = {"databases.app.verify": {"checks": "raw.checks.sql", **verify}}
    if scratch is not None:
        changes["servers.scratch"] = scratch.entry()
    site.write(production=changes)


def cleaning(
    site: Site,
    scratch: Scratch,
    production: Mapping[str, Any] | None = None,
    integration: Mapping[str, Any] | None = None,
) -> None:
    """Have what goes from production into integration sanitised before it leaves."""
    (site.folder / "artefacts" / "clean").mkdir(exist_ok=True)
    site.write(
        production={
            "servers.scratch": scratch.entry(),
            "clean_storage": {"backend": "file", "directory": str(clean_folder(site))},
            **(production or {}),
        },
        integration={"syncs.app.sanitise_at": "source", **(integration or {})},
    )


def clean_folder(site: Site) -> Path:
    return site.folder / "artefacts" / "clean"


def clean_files(site: Site) -> list[str]:
    """Return what lies in production's storage for clean artefacts."""
    root = clean_folder(site)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def clean_manifests(site: Site) -> list[dict[str, Any]]:
    """Return the manifests of clean artefacts, oldest first."""
    found = sorted(clean_folder(site).rglob("*.manifest.json"))
    return [dict(json.loads(path.read_text())) for path in found]


def results(site: Site) -> list[dict[str, Any]]:
    """Return what drills have left in production's file storage, oldest first."""
    root = site.folder / "artefacts" / "production"
    found = sorted(root.rglob("*.verification.json"))
    return [dict(json.loads(path.read_text())) for path in found]
