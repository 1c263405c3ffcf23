"""PostgreSQL's own programs: found, and connected without a secret in sight."""

from dataclasses import replace
from pathlib import Path
from subprocess import PIPE

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envsync.commands import Target
from envsync.commands.postgresql_text import conninfo
from envsync.errors import CommandError
from envsync.gateways.postgresql.clients import client_setting, installed
from envsync.gateways.process import running
from envsync.gateways.scope import Scope
from envsync.places import Endpoint, Secret
from tests.servers.postgresql import PASSWORD, Postgresql, PostgresqlServer

pytestmark = pytest.mark.live


def asked(target: Target, program: Path, *arguments: str) -> bytes:
    """Return what a client program writes, connected as envsync connects it."""
    argv = (
        str(program),
        *arguments,
        "--no-password",
        f"--dbname={conninfo(target.endpoint, target.database)}",
    )
    with (
        client_setting(target.endpoint) as setting,
        running(argv, Scope(), setting, stdout=PIPE) as child,
    ):
        return child.stdout.read()


def query(target: Target, programs: Path, statement: str) -> str:
    options = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", f"--command={statement}")
    return asked(target, programs / "psql", *options).decode().strip()


def test_every_installed_client_is_found_oldest_first(
    postgresql: Postgresql, postgresql_18: PostgresqlServer
) -> None:
    newer = str(postgresql_18.programs)
    found = installed((newer, newer, "/no/such/folder"))
    folders = [client.folder for client in found]
    assert {str(postgresql.programs), newer} <= set(folders)
    assert len(folders) == len(set(folders))
    assert found == tuple(sorted(found, key=lambda client: client.major))


def test_a_client_says_its_version(postgresql_18: PostgresqlServer) -> None:
    (client,) = (
        client
        for client in installed((str(postgresql_18.programs),))
        if client.folder == str(postgresql_18.programs)
    )
    assert (client.major, client.version.partition(".")[0]) == (18, "18")


def test_debians_wrapper_is_no_client() -> None:
    assert "/usr/bin" not in {client.folder for client in installed(("/usr/bin",))}


def test_a_pg_dump_without_its_pg_restore_is_no_client(tmp_path: Path) -> None:
    (tmp_path / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.1'\n")
    (tmp_path / "pg_dump").chmod(0o755)
    assert str(tmp_path) not in {client.folder for client in installed((str(tmp_path),))}


def test_a_broken_client_is_no_client(tmp_path: Path) -> None:
    for name in ("pg_dump", "pg_restore"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 127\n")
        (tmp_path / name).chmod(0o755)
    assert str(tmp_path) not in {client.folder for client in installed((str(tmp_path),))}


def test_both_clients_connect_with_the_password(
    postgresql: Postgresql, postgresql_18: PostgresqlServer
) -> None:
    target = postgresql.production.target("postgres")
    newer = postgresql_18.programs
    found = [query(target, programs, "SELECT 1") for programs in (postgresql.programs, newer)]
    assert found == ["1", "1"]


def test_no_secret_is_in_arguments_or_variables(postgresql: Postgresql) -> None:
    endpoint = postgresql.production.endpoint
    with client_setting(endpoint, "-c work_mem=5MB") as setting:
        names = set(setting.variables)
        assert PASSWORD not in "".join(setting.variables.values())
    assert names == {"PATH", "HOME", "LANG", "PGAPPNAME", "PGOPTIONS", "PGPASSFILE"}


def test_nothing_else_of_the_surroundings_reaches_a_client(
    postgresql: Postgresql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGDATABASE", "another")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "bait")
    with (
        client_setting(postgresql.production.endpoint) as setting,
        running(("/usr/bin/env",), Scope(), setting, stdout=PIPE) as child,
    ):
        said = child.stdout.read()
    assert b"PGPASSFILE=/dev/fd/" in said
    assert not {b"bait", b"another"} & set(said.replace(b"\n", b"=").split(b"="))


def test_a_wrong_password_fails_without_asking(postgresql: Postgresql, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wrong")
    target = postgresql.production.target("postgres")
    wrong = replace(target.endpoint, password=Secret("file", str(tmp_path / "wrong")))
    with pytest.raises(CommandError, match="password authentication failed"):
        query(replace(target, endpoint=wrong), postgresql.programs, "SELECT 1")


def test_a_password_of_two_lines_is_refused(tmp_path: Path) -> None:
    (tmp_path / "two").write_text("one\ntwo")
    endpoint = Endpoint("x", "h", 5432, password=Secret("file", str(tmp_path / "two")))
    with pytest.raises(CommandError, match="line break"), client_setting(endpoint):
        pass


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    password=st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30
    )
)
def test_any_password_of_one_line_connects(
    postgresql: Postgresql, tmp_path: Path, password: str
) -> None:
    server = postgresql.production
    role = server.role("hostile")
    server.run(f"ALTER ROLE {role} PASSWORD '{password.replace(chr(39), chr(39) * 2)}'")
    (tmp_path / "password").write_text(password, encoding="utf-8")
    endpoint = replace(
        server.endpoint_as(role), password=Secret("file", str(tmp_path / "password"))
    )
    assert query(Target(endpoint, "postgres"), server.programs, "SELECT current_user") == role
