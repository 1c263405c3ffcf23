"""Fills a database like GOV.UK's Publishing API, with personal data that is nobody's.

python -m benchmarks.generate "host=127.0.0.1 dbname=publishing_api_production" --size small
"""

import argparse
import time
from pathlib import Path
from random import Random

import psycopg
from psycopg import Connection, sql

from benchmarks.prose import Prose
from benchmarks.publications import COLUMNS, Publications, Rows

FULL = 1_300_000_000
SMALL = 20_000_000
SIZES = {"full": FULL, "small": SMALL}
SEED = 1846
BATCH = 500
BYTES_PER_DOCUMENT = 12_450
"""What a document adds to pg_database_size, with all its rows and their index entries."""
LONGEST_BOOK = 16_000_000

_SCHEMAS = Path(__file__).parent / "schemas"
_NUMBERED = ("documents", "editions", "link_sets")
_ADDRESS = r"[[:alnum:].+_-]+@[[:alnum:].-]+[[:alnum:]]"
_PERSONAL = (
    "SELECT payload::text FROM events",
    "SELECT details::text FROM editions",
    "SELECT note FROM change_notes",
    "SELECT users::text FROM access_limits",
)


def fill(connection: Connection, size: int = FULL) -> None:
    """Create the tables and fill them to about so many bytes, as pg_database_size counts them.

    The same size makes the same rows. All in one transaction.
    """
    random = Random(SEED)
    publications = Publications(random, Prose(random, min(LONGEST_BOOK, size // 10)))
    with connection.transaction():
        connection.execute((_SCHEMAS / "publishing_api_tables.sql").read_bytes())
        for _ in range(max(1, size // BYTES_PER_DOCUMENT // BATCH)):
            _copy(connection, publications.batch(BATCH))
        connection.execute((_SCHEMAS / "publishing_api_keys.sql").read_bytes())
        _continue_numbers(connection)
        connection.execute("ANALYZE")


def addresses(connection: Connection) -> int:
    """Count the distinct e-mail addresses that can be read in a database filled by `fill`."""
    texts = sql.SQL(" UNION ALL ").join(map(sql.SQL, _PERSONAL))
    found = connection.execute(
        sql.SQL(
            "SELECT count(DISTINCT lower(match[1])) FROM ({}) AS texts (content),"
            " regexp_matches(content, {}, 'g') AS match"
        ).format(texts, sql.Literal(f"({_ADDRESS})"))
    ).fetchone()
    return int(found[0]) if found else 0


def _copy(connection: Connection, rows: Rows) -> None:
    for table, lines in rows.items():
        columns = map(sql.Identifier, COLUMNS[table].split(", "))
        command = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(columns)
        )
        with connection.cursor().copy(command) as copy:
            copy.write("".join(lines))


def _continue_numbers(connection: Connection) -> None:
    """Have new rows numbered after those that brought their own numbers."""
    for table in _NUMBERED:
        connection.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {}").format(
                sql.Literal(table), sql.Identifier(table)
            )
        )


def main() -> None:
    """Fill the database that a connection string names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("conninfo", help="an empty database, as libpq's connection string")
    parser.add_argument("--size", choices=SIZES, default="full")
    options = parser.parse_args()
    started = time.monotonic()
    with psycopg.connect(options.conninfo) as connection:
        fill(connection, SIZES[options.size])
        size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    print(f"{size[0] if size else 0:,} bytes in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
