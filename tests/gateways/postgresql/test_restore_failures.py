"""Restores that go wrong: one clear sentence, soon, and nothing left running."""

import threading
from collections.abc import Callable, Iterator

import pytest

from envsync.errors import CommandError, EnvsyncError, InterruptedStepError, UnavailableError
from envsync.gateways.postgresql.restore import restore
from envsync.gateways.scope import Scope
from tests.gateways.postgresql.restoring import into, nothing_runs_on
from tests.gateways.postgresql.specimen import archived, in_blocks
from tests.servers.postgresql import Postgresql, PostgresqlServer

TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"
BLOCK = 100_000
SLOW = """
CREATE FUNCTION slow(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
  IF current_database() LIKE 'slowly%' THEN PERFORM pg_sleep(60); END IF;
  RETURN $1;
END $$;
CREATE TABLE slow AS SELECT 1 AS id;
CREATE INDEX ON slow (slow(id));
"""

pytestmark = pytest.mark.live


def failure(
    server: PostgresqlServer,
    blocks: Iterator[bytes],
    jobs: int,
    scope: Scope | None = None,
    target: str | None = None,
) -> EnvsyncError:
    """Restore what cannot be; returns how it failed, having seen that nothing is left running."""
    target = target or server.database()
    with pytest.raises((CommandError, InterruptedStepError)) as failed:
        restore(into(server, target, jobs), blocks, scope or Scope())
    assert nothing_runs_on(server, target)
    return failed.value


def interrupted_by(archive: bytes, act: Callable[[], object], after: int) -> Iterator[bytes]:
    """Yield an archive's blocks; do something in between."""
    for number, block in enumerate(in_blocks(archive, BLOCK)):
        if number == after:
            act()
        yield block


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_row_that_does_not_fit_its_table_names_the_table_and_not_the_row(
    postgresql: Postgresql, large_archive: bytes, jobs: int
) -> None:
    damaged = large_archive.replace(b"39000\tName 39000\t", b"three\tName 39000\t")
    error = str(failure(postgresql.integration, in_blocks(damaged), jobs))
    assert "invalid input syntax for type integer: …" in error
    assert "three" not in error
    assert "large" in error
    assert "Name 39000" not in error


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_constraint_that_does_not_hold_is_named(
    postgresql: Postgresql, large_archive: bytes, jobs: int
) -> None:
    doubled = large_archive.replace(b"\tName 2\t", b"\tName 1\t")
    error = str(failure(postgresql.integration, in_blocks(doubled), jobs))
    assert 'could not create unique index "large_name_key"' in error


@pytest.mark.parametrize("jobs", [1, 2, 3])
@pytest.mark.parametrize("part", [0.0, 0.001, 0.3, 0.9, 0.9999999])
def test_an_archive_that_ends_too_early_is_refused(
    postgresql: Postgresql, large_archive: bytes, jobs: int, part: float
) -> None:
    beginning = large_archive[: int(len(large_archive) * part)]
    assert isinstance(failure(postgresql.integration, in_blocks(beginning), jobs), CommandError)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_source_that_fails_tells_its_own_reason(
    postgresql: Postgresql, large_archive: bytes, jobs: int
) -> None:
    def broken() -> None:
        raise CommandError("the download broke off")

    error = failure(postgresql.integration, interrupted_by(large_archive, broken, 40), jobs)
    assert str(error) == "the download broke off"


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_source_found_altered_at_its_very_end_fails_the_restore(
    postgresql: Postgresql, large_archive: bytes, jobs: int
) -> None:
    def altered() -> Iterator[bytes]:
        yield from in_blocks(large_archive)
        raise CommandError("the checksum differs")

    assert str(failure(postgresql.integration, altered(), jobs)) == "the checksum differs"


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_sessions_ended_by_the_server_fail_the_restore(
    postgresql: Postgresql, large_archive: bytes, jobs: int
) -> None:
    server = postgresql.integration
    target = server.database()

    def terminate() -> None:
        server.run(TERMINATE.format(target))

    blocks = interrupted_by(large_archive, terminate, 100)
    error = failure(server, blocks, jobs, target=target)
    assert jobs == 1 or isinstance(error, UnavailableError)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_step_that_is_ended_says_so_and_leaves_nothing_behind(
    postgresql: Postgresql, large_archive: bytes, jobs: int
) -> None:
    scope = Scope()

    def end() -> None:
        thread = threading.Thread(target=scope.cancel, args=("ended by SIGTERM",))
        thread.start()
        thread.join()

    blocks = interrupted_by(large_archive, end, 60)
    error = failure(postgresql.integration, blocks, jobs, scope)
    assert (type(error), str(error)) == (InterruptedStepError, "ended by SIGTERM")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_step_is_ended_while_an_index_is_built(postgresql: Postgresql, jobs: int) -> None:
    server = postgresql.integration
    source, target = postgresql.production.database(), server.database("slowly")
    postgresql.production.run(SLOW, source)
    archive = archived(postgresql.production, source)
    scope = Scope()
    timer = threading.Timer(1.0, scope.cancel, ("the deadline has passed",))
    timer.start()
    error = failure(server, in_blocks(archive), jobs, scope, target)
    timer.join()
    assert str(error) == "the deadline has passed"
