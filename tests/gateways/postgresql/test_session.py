"""Sessions on real servers: opened, refused, ended."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from envsync.commands import Target
from envsync.errors import CommandError, InterruptedStepError, UnavailableError
from envsync.gateways.postgresql.session import connect
from envsync.gateways.scope import Scope
from envsync.places import Secret, TlsMode
from tests.servers.ports import free_port
from tests.servers.postgresql import PASSWORD, Postgresql

pytestmark = pytest.mark.live


@pytest.fixture
def target(postgresql: Postgresql) -> Target:
    return postgresql.production.target("postgres")


def failure(target: Target, statement: str = "SELECT 1", scope: Scope | None = None) -> Exception:
    """Return how a statement, or connecting for it, fails."""

    def run() -> None:
        with connect(target, scope or Scope()) as session:
            session.execute(statement.encode())

    with pytest.raises((CommandError, InterruptedStepError)) as failed:
        run()
    return failed.value


def test_a_session_commits_each_statement(target: Target, postgresql: Postgresql) -> None:
    database = replace(target, database=postgresql.production.database())
    with connect(database, Scope()) as session:
        session.execute("CREATE TABLE public.t (id integer)")
        assert postgresql.production.run("SELECT count(*) FROM t", database.database) == [(0,)]


def test_a_session_says_who_it_is_and_takes_settings(target: Target) -> None:
    query = "SELECT current_setting('application_name'), current_setting('work_mem')"
    with connect(target, Scope(), options="-c work_mem=5MB") as session:
        assert session.execute(query).fetchone() == ("envsync", "5MB")


def test_a_wrong_password_is_refused_and_not_told(target: Target, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text(PASSWORD[:-1])
    wrong = replace(target.endpoint, password=Secret("file", str(tmp_path / "wrong")))
    error = failure(replace(target, endpoint=wrong))
    assert type(error) is CommandError
    assert "password authentication failed" in str(error)
    assert PASSWORD[:-1] not in str(error)


def test_a_database_that_is_not_there_is_refused(target: Target) -> None:
    error = failure(replace(target, database="no such"))
    assert type(error) is CommandError
    assert 'database "no such" does not exist' in str(error)


def test_a_server_that_is_not_there_is_unavailable(target: Target) -> None:
    error = failure(replace(target, endpoint=replace(target.endpoint, port=free_port())))
    assert type(error) is UnavailableError
    assert "Connection refused" in str(error)


def test_a_failing_statement_is_told_without_the_rows_it_quotes(target: Target) -> None:
    statement = (
        "CREATE TEMP TABLE t (name text UNIQUE); INSERT INTO t VALUES ('Jane'); "
        "INSERT INTO t VALUES ('Jane')"
    )
    assert str(failure(target, statement)) == (
        f'{target} refused: duplicate key value violates unique constraint "t_name_key"'
    )


def test_a_lost_connection_is_unavailability(target: Target) -> None:
    error = failure(target, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert type(error) is UnavailableError


def test_a_step_that_is_ended_ends_its_statement_on_the_server_too(
    target: Target, postgresql: Postgresql
) -> None:
    scope = Scope()
    threading.Timer(0.3, scope.cancel, ("ended by SIGTERM",)).start()
    began = time.monotonic()
    error = failure(target, "SELECT pg_sleep(60), 'ended soon'", scope)
    assert (type(error), str(error)) == (InterruptedStepError, "ended by SIGTERM")
    assert time.monotonic() - began < 30
    query = (
        "SELECT FROM pg_stat_activity WHERE query LIKE '%ended s' || 'oon%' AND state = 'active'"
    )
    assert postgresql.production.run(query) == []


def test_no_session_is_opened_once_the_step_has_ended(target: Target) -> None:
    scope = Scope()
    scope.cancel("too late")
    assert str(failure(target, scope=scope)) == "too late"


def test_a_closed_session_is_left_alone_when_the_step_ends(target: Target) -> None:
    scope = Scope()
    session = connect(target, scope)
    session.close()
    session.close()
    scope.cancel("later")
    assert session.closed


def test_a_certificate_is_verified(target: Target, postgresql: Postgresql) -> None:
    ca = str(postgresql.production.certificate)
    endpoint = replace(target.endpoint, tls="verify-full", tls_ca=ca)
    with connect(replace(target, endpoint=endpoint), Scope()) as session:
        row = session.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    assert row == (True,)


@pytest.mark.parametrize("tls", ["verify-ca", "verify-full"])
def test_a_certificate_nobody_vouches_for_is_refused(target: Target, tls: TlsMode) -> None:
    endpoint = replace(target.endpoint, tls=tls)
    assert "certificate verify failed" in str(failure(replace(target, endpoint=endpoint)))


def test_a_certificate_of_another_name_is_refused(target: Target, postgresql: Postgresql) -> None:
    ca = str(postgresql.production.certificate)
    endpoint = replace(target.endpoint, host="localhost", tls="verify-full", tls_ca=ca)
    assert "does not match host name" in str(failure(replace(target, endpoint=endpoint)))


def test_a_socket_folder_is_a_host(target: Target, postgresql: Postgresql) -> None:
    folder = str(postgresql.production.folder)
    endpoint = replace(target.endpoint, host=folder, tls="verify-full")
    with connect(replace(target, endpoint=endpoint), Scope()) as session:
        assert session.execute("SELECT inet_client_addr()").fetchone() == (None,)
