"""The demo: fills a "production", syncs it into an "integration", and shows both."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

import yaml

ROOT = Path(__file__).parents[1]
ENGINES = ("postgresql", "mysql", "mongo")


class Server(Protocol):
    """A throw-away server."""

    @property
    def inventory(self) -> Mapping[str, object]:
        """How an inventory's `servers` names it."""


class Engine(Protocol):
    """What the demo needs to know of an engine: a module of scripts/engines."""

    NAME: str
    """How people call it."""
    KEY: str
    """The database's key in the inventories."""
    DATABASE: Mapping[str, object]
    """The database in the inventories, without its server."""
    SCRIPT: str
    """What makes it safe to read, in sanitisation_sql."""
    ENVIRONMENT: Mapping[str, object]
    """What else both inventories say at their top."""

    def servers(self, folder: Path) -> AbstractContextManager[tuple[Server, Server]]:
        """Run a production and an integration, whose data lie below a folder."""

    def fill(self, production: Server) -> None:
        """Fill production with a database that never was, personal data included."""

    def shown(self, server: Server) -> Iterator[tuple[str, int, str]]:
        """Yield what can be seen on a server: a name, how many, and of what."""


def main() -> None:
    """Run the demo in a temporary folder; nothing is left of it."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0], help="what to sync")
    engine = cast("Engine", import_module(f"scripts.engines.{parser.parse_args().engine}"))
    with tempfile.TemporaryDirectory(prefix="envsync-demo-") as temporary:
        folder = Path(temporary)
        say(f"Starting two {engine.NAME} servers: production and integration")
        with engine.servers(folder) as (production, integration):
            demonstrate(engine, folder, production, integration)
        say("Everything of this demo has been stopped and removed")


def demonstrate(engine: Engine, folder: Path, production: Server, integration: Server) -> None:
    """Show the road from an inventory to a sanitised, promoted database."""
    say(f"Filling production's {engine.KEY} with what never was, personal data included")
    engine.fill(production)
    write_inventories(engine, folder, {"production": production, "integration": integration})
    environment = os.environ | {
        "ENVSYNC_INVENTORY": str(folder / "inventories"),
        "ENVSYNC_STATE": str(folder / "state"),
    }

    envsync(environment, "plan", "--env", "integration")
    envsync(environment, "sync", engine.KEY, "--env", "integration")
    say("Production, as it is and stays")
    show(engine, production)
    say(f"Integration, after {engine.SCRIPT}")
    show(engine, integration)
    envsync(environment, "status")


def write_inventories(engine: Engine, folder: Path, servers: Mapping[str, Server]) -> None:
    """Write the two inventories of the demo, and link the scripts they name beside them."""
    (folder / "inventories").mkdir()
    (folder / "sanitisation_sql").symlink_to(ROOT / "sanitisation_sql")
    sync = {"from": "production", "at": "02:40", "sanitise": engine.SCRIPT}
    edges: dict[str, dict[str, object]] = {
        "production": {"protected": True, "backups": {engine.KEY: {"at": "02:00"}}},
        "integration": {"protected": False, "syncs": {engine.KEY: sync}},
    }
    for name, server in servers.items():
        artefacts = folder / "artefacts" / name
        artefacts.mkdir(parents=True)
        inventory = {
            "environment": name,
            **engine.ENVIRONMENT,
            "storage": {"backend": "file", "directory": str(artefacts)},
            "servers": {"server": {**server.inventory, "machine": "db_admin"}},
            "databases": {engine.KEY: {"server": "server", **engine.DATABASE}},
            **edges[name],
        }
        text = yaml.safe_dump(inventory, sort_keys=False)
        (folder / "inventories" / f"{name}.yaml").write_text(text)


def envsync(environment: Mapping[str, str], *arguments: str) -> None:
    """Run envsync as an operator would, and show what it says."""
    say(f"$ envsync {' '.join(arguments)}")
    command = (sys.executable, "-m", "envsync", *arguments)
    completed = subprocess.run(command, env=environment, cwd=ROOT, check=False)
    if completed.returncode:
        sys.exit(f"envsync {arguments[0]} ended with exit code {completed.returncode}")


def show(engine: Engine, server: Server) -> None:
    """Show how much there is on a server, and how much of it can be read."""
    for name, count, what in engine.shown(server):
        print(f"  {name:<16} {count:>8,} {what}")


def say(text: str) -> None:
    """Print a heading."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


if __name__ == "__main__":
    main()
