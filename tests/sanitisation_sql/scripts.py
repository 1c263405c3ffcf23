"""The shipped scripts as a restore runs them: one transaction, and checks that return no rows."""

from pathlib import Path

from psycopg import Connection, sql

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "benchmarks" / "schemas"
SCRIPTS = ROOT / "sanitisation_sql"


def sanitise(connection: Connection, name: str) -> None:
    with connection.transaction():
        connection.execute(script(name))


def script(name: str) -> bytes:
    return (SCRIPTS / f"{name}.sql").read_bytes()


def findings(connection: Connection, name: str) -> list[int]:
    """Return how many rows each check returns; none should return any."""
    queries = (SCRIPTS / f"{name}.checks.sql").read_text().split(";")
    return [
        len(connection.execute(query.encode()).fetchall()) for query in queries if query.strip()
    ]


def one(connection: Connection, query: str, *values: object) -> object:
    """Return the first column of the first row."""
    row = connection.execute(query.encode(), values or None).fetchone()
    return row and row[0]


def count(connection: Connection, table: str) -> object:
    row = connection.execute(
        sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
    ).fetchone()
    return row and row[0]


def column(connection: Connection, query: str) -> list[object]:
    """Return the first column of every row."""
    return [row[0] for row in connection.execute(query.encode())]
