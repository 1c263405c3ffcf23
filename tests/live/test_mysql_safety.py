"""What nobody may ever see on MySQL: data not yet sanitised, a table that is gone, a half promote."""

import hashlib
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest

from tests.live.mysql_site import OLD, SANITISED, SCRIPT, MysqlSite, mysql_site
from tests.live.test_mysql_road import told
from tests.servers.mariadb import Mariadb
from tests.servers.waiting import until

pytestmark = pytest.mark.live

SLOW = f"SELECT sleep(30);\n{SCRIPT}"


@pytest.fixture
def site(tmp_path: Path, mariadb: Mariadb) -> Iterator[MysqlSite]:
    with mysql_site(tmp_path, mariadb) as made:
        yield made


def assert_failed(site: MysqlSite, *sentences: str, code: int = 1) -> None:
    """A sync fails for a reason; yesterday's data is live, nothing else is left."""
    before = told(site.integration, site.target)
    ran = site.run("sync", "app")
    assert (ran.code, [each for each in sentences if each not in ran.err]) == (code, []), ran.err
    assert "Traceback" not in ran.err
    assert site.schemas() <= {"live", "__previous", "__discarded"}
    assert told(site.integration, site.target) == before


class Reader(threading.Thread):
    """An application that reads its table and its view every ten milliseconds."""

    def __init__(self, site: MysqlSite) -> None:
        super().__init__(daemon=True)
        self._connection = site.integration.connect(site.target)
        self._done = threading.Event()
        self.seen: Counter[str] = Counter()

    def run(self) -> None:
        with self._connection as connection, connection.cursor() as cursor:
            while not self._done.is_set():
                try:
                    cursor.execute("SELECT email FROM people")
                    emails = [email for (email,) in cursor.fetchall()]
                    cursor.execute("SELECT count(*) FROM towns")
                    self.seen[_kind(emails)] += 1
                except pymysql.Error as error:
                    self.seen[str(error)] += 1
                time.sleep(0.01)

    def stop(self) -> None:
        self._done.set()
        self.join()


def _kind(emails: list[str]) -> str:
    if emails == ["yesterday@example.com"]:
        return "yesterday"
    clean = all(email.endswith("@example.com") for email in emails)
    return "sanitised" if clean and len(emails) == 500 else f"{len(emails)} rows, clean: {clean}"


def test_a_reader_finds_yesterday_s_rows_or_the_sanitised_ones_and_never_none(
    site: MysqlSite,
) -> None:
    reader = Reader(site)
    reader.start()
    ran = site.run("sync", "app")
    until(lambda: "sanitised" in reader.seen, "the reader to see the copy")
    back = site.run("rollback", "app", "--env", "integration")
    reader.stop()
    assert (ran.code, back.code, set(reader.seen)) == (0, 0, {"yesterday", "sanitised"}), ran.err


def test_a_transaction_that_holds_on_is_ended(site: MysqlSite) -> None:
    with site.integration.connect(site.target) as holder, holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM people")
        ran = site.run("sync", "app")
        assert (ran.code, site.people()) == (0, SANITISED), ran.err


@contextmanager
def interrupted(site: MysqlSite, how: signal.Signals) -> Iterator[None]:
    """Start a sync whose script takes long, and send it a signal while the script runs."""
    site.script(SLOW)
    running = site.start("sync", "app")
    until(lambda: _is_sanitising(site), "the script to run")
    yield
    running.send_signal(how)
    _, said = running.communicate(timeout=60)
    assert running.returncode == (1 if how == signal.SIGTERM else -how), said


def _is_sanitising(site: MysqlSite) -> bool:
    query = "SELECT DB FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT sleep(30)%'"
    return (f"{site.target}__incoming",) in site.integration.run(query)


def test_an_application_s_account_cannot_reach_the_quarantine(site: MysqlSite) -> None:
    escaped = site.target.replace("_", "\\_")
    app = site.integration.account("app", f"ALL ON `{escaped}`.*")
    with interrupted(site, signal.SIGTERM), pytest.raises(pymysql.Error, match="Access denied"):
        site.integration.run("SELECT * FROM people", f"{site.target}__incoming", app)


def test_sigterm_unwinds_everything_and_ends_the_statement(site: MysqlSite) -> None:
    with interrupted(site, signal.SIGTERM):
        pass
    until(lambda: not _is_sanitising(site), "the statement to end", 20)
    assert (site.people(), site.schemas()) == (OLD, {"live"})


def test_after_sigkill_the_next_run_clears_up(site: MysqlSite) -> None:
    with interrupted(site, signal.SIGKILL):
        pass
    assert site.people() == OLD
    site.script()
    ran = site.run("sync", "app")
    assert (ran.code, site.schemas()) == (0, {"live", "__previous"}), ran.err


def test_a_pull_that_loses_its_claim_promotes_nothing(site: MysqlSite) -> None:
    wait = f"SELECT GET_LOCK('go_{site.target}', 100)"
    site.script(f"{wait};\n{SCRIPT}")
    waiting = f'SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE "{wait}%"'
    lock = "envsync." + hashlib.sha256(site.target.encode()).hexdigest()[:40]
    with site.integration.connect() as keeper, keeper.cursor() as cursor:
        cursor.execute(wait)
        running = site.start("sync", "app")
        until(lambda: bool(site.integration.run(waiting)), "the script to run")
        ((holder,),) = site.integration.run(f"SELECT IS_USED_LOCK('{lock}')")
        site.integration.run(f"KILL {holder}")
    _, err = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "the session that kept others from this database has ended" in err
    assert site.people() == OLD
    assert site.schemas() == {"live"}


def test_a_failing_script_changes_nothing_that_anybody_sees(site: MysqlSite) -> None:
    site.script("-- first\nUPDATE people SET town = '';\nUPDATE nobody SET town = '';\n")
    assert_failed(
        site, "clean.sql:3 failed: Table '", "nobody' doesn't exist; nothing was promoted"
    )


def test_an_error_that_quotes_a_row_is_told_without_it(site: MysqlSite) -> None:
    site.script("ALTER TABLE people ADD UNIQUE (town(1));\n")
    assert_failed(site, "clean.sql:1 failed: Duplicate entry '…")
    assert "Town" not in site.run("history", "app").out


def test_a_check_that_finds_rows_names_columns_and_no_value(site: MysqlSite) -> None:
    site.script("DO 1;\n")
    assert_failed(site, "check 1 of clean.checks.sql found rows (id)")


def test_a_script_cannot_leave_the_quarantine(site: MysqlSite) -> None:
    site.script(f"/* hop */ USE `{site.target}`;\nDELETE FROM people;\n")
    assert_failed(site, "clean.sql:1 leaves the quarantine")


def test_an_altered_artefact_is_not_promoted(site: MysqlSite) -> None:
    site.run("push", "app", "--env", "production")
    (dump,) = (site.folder / "artefacts" / "production").rglob("*.sql.zst")
    whole = bytearray(dump.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    dump.write_bytes(whole)
    ran = site.run("pull", "app")
    assert (ran.code, "is not what its manifest describes" in ran.err) == (1, True), ran.err
    assert (site.people(), site.schemas()) == (OLD, {"live"})


def test_a_wrong_password_is_refused_without_telling_it(site: MysqlSite) -> None:
    wrong = site.folder / "wrong"
    wrong.write_text("sesame")
    wrong.chmod(0o600)
    site.write(integration={"servers.mysql.password": {"file": str(wrong)}})
    ran = site.run("sync", "app")
    assert (ran.code, "Access denied" in ran.err, "sesame" in ran.err) == (2, True, False), ran.err
    assert site.artefacts() == []


def test_a_dump_program_that_dies_leaves_no_artefact(site: MysqlSite) -> None:
    programs = site.folder / "programs"
    programs.mkdir()
    fake = programs / "mysqldump"
    fake.write_text(
        "#!/bin/sh\ncase $* in *--version) exec mariadb-dump --no-defaults --version;; esac\n"
        'mariadb-dump "$@" | head -c 3000\nkill -9 $$\n'
    )
    fake.chmod(0o755)
    site.environment["PATH"] = f"{programs}:{site.environment['PATH']}"
    site.write(production={"clients": [str(programs)]})
    ran = site.run("push", "app", "--env", "production")
    assert (ran.code, site.artefacts()) == (1, []), ran.err


def test_accounts_that_could_read_the_quarantine_are_refused_before_anything(
    site: MysqlSite,
) -> None:
    nosy = site.integration.account("nosy", f"SELECT ON `{site.target[:6]}%`.*")
    assert_failed(site, f"'{nosy}'@'127.0.0.1' on `{site.target[:6]}%`.* could read", code=2)
    site.integration.run(f"DROP USER `{nosy}`@`127.0.0.1`")


def test_a_collation_the_target_lacks_is_refused_by_name(site: MysqlSite) -> None:
    site.run("push", "app", "--env", "production")
    (manifest,) = (site.folder / "artefacts" / "production").rglob("*.manifest.json")
    manifest.write_text(manifest.read_text().replace("utf8mb4_general_ci", "utf8mb4_0900_ai_ci"))
    ran = site.run("pull", "app")
    assert (ran.code, "has no collation utf8mb4_0900_ai_ci" in ran.err) == (2, True), ran.err
    assert site.schemas() == {"live"}


def test_foreign_keys_of_other_schemas_are_refused(site: MysqlSite) -> None:
    other = f"{site.target}_other"
    site.integration.run(
        f"CREATE DATABASE `{other}`;\nCREATE TABLE `{other}`.t "
        f"(id int, FOREIGN KEY (id) REFERENCES `{site.target}`.people (id))"
    )
    ran = site.run("sync", "app")
    site.integration.run(f"DROP DATABASE `{other}`")
    assert (ran.code, f"foreign keys of {other}.t point into" in ran.err) == (2, True), ran.err


def test_what_cannot_be_created_is_found_out_before_anything_live_is_touched(
    site: MysqlSite,
) -> None:
    site.integration.run("SET GLOBAL log_bin_trust_function_creators = 0")
    try:
        assert_failed(site, "cannot create function 'answer'")
    finally:
        site.integration.run("SET GLOBAL log_bin_trust_function_creators = 1")


def test_a_read_only_server_is_skipped_with_the_reason(site: MysqlSite) -> None:
    site.integration.run("SET GLOBAL read_only = 1")
    try:
        ran = site.run("sync", "app")
        assert (ran.code, "the server is read_only" in ran.err) == (0, True), ran.err
        assert site.people() == OLD
    finally:
        site.integration.run("SET GLOBAL read_only = 0")


def test_hostile_names_survive(tmp_path: Path, mariadb: Mariadb) -> None:
    # Not with quotes: mariadb-dump itself fails on them where there are routines or views.
    with mysql_site(tmp_path, mariadb, "-its `a`; $x%s ü") as site:
        ran = site.run("sync", "app")
        assert (ran.code, site.people()) == (0, SANITISED), ran.err
        assert site.run("rollback", "app", "--env", "integration").code == 0
        assert site.people() == OLD
