"""Scripts of PostgreSQL that wait for a word, which a test gives once it has seen what it wanted to.

How long a script would have to sleep instead nobody knows of a machine that is busy with others.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from tests.servers.postgresql import PostgresqlServer
from tests.servers.waiting import until


@dataclass(frozen=True, slots=True)
class Word:
    """A role, which whoever waits for it sees as soon as it is made."""

    server: PostgresqlServer
    text: str

    @property
    def awaited(self) -> str:
        """The statement that waits for it."""
        return (
            f"DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{self.text}') "
            "LOOP PERFORM pg_sleep(0.1); END LOOP; END $$;\n"
        )

    def is_awaited(self) -> bool:
        """Tell whether a session waits for it at this moment."""
        query = (
            f"SELECT 1 FROM pg_stat_activity WHERE query LIKE '%{self.text}%' AND state = 'active' "
            "AND pid <> pg_backend_pid()"
        )
        return bool(self.server.run(query))

    def give(self) -> None:
        """Let go on whoever waits for it, or will; that it was given before does not matter."""
        if not self.server.run(f"SELECT 1 FROM pg_roles WHERE rolname = '{self.text}'"):
            self.server.run(f'CREATE ROLE "{self.text}"')


@contextmanager
def awaited(server: PostgresqlServer) -> Iterator[Word]:
    """Make a word for a script on a server; at the end nobody waits for it any more."""
    word = Word(server, f"go_{uuid4().hex}")
    try:
        yield word
    finally:
        word.give()
        until(lambda: not word.is_awaited(), "whoever waited to go on")
        server.run(f'DROP ROLE "{word.text}"')
