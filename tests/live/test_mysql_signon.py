"""The shipped script for Signon, run as a pull runs it."""

from pathlib import Path

import pytest

from tests.live.mysql_site import mysql_site
from tests.servers.mariadb import Mariadb

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
NAME = "sanitise_signon_production"
ROWS = """
INSERT INTO users (id, name, email, encrypted_password, reset_password_token, last_sign_in_ip, uid,
  reason_for_suspension) VALUES (7, 'Ada', 'ada@private.example', '$2a$10$x', 'reset-me', '10.1.2.3',
  'uid-7', 'left'), (8, 'Bo', 'bo@private.example', '', NULL, NULL, 'uid-8', NULL);
INSERT INTO oauth_applications VALUES
  (1, 'Whitehall', 'app', 'hush', 'https://whitehall.publishing.service.gov.uk/auth', NULL);
INSERT INTO oauth_access_tokens VALUES (1, 7, 1, 'bearer', NULL);
INSERT INTO oauth_access_grants VALUES (1, 7, 'grant');
INSERT INTO old_passwords VALUES (1, '$2a$10$y', 7);
INSERT INTO event_logs VALUES (1, 'uid-7', 3, 'ada@private.example', 167838211, 'Firefox')
"""


def test_a_copy_of_signon_tells_nobody_and_lets_nobody_in(tmp_path: Path, mariadb: Mariadb) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        schema = (ROOT / "benchmarks" / "schemas" / "signon.sql").read_bytes()
        site.production.run("DROP VIEW towns;\nDROP TABLE notes, people", site.source)
        site.production.load(schema + ROWS.encode() + b";", site.source)
        site.decisions.stop((ROOT / "sanitisation_sql" / f"{NAME}.columns.yaml").read_text())
        scripts = ROOT / "sanitisation_sql"
        site.script(
            (scripts / f"{NAME}.sql").read_text(), (scripts / f"{NAME}.checks.sql").read_text()
        )
        domain = {"publishing.service.gov.uk": "integration.publishing.service.gov.uk"}
        rewrite = {"oauth_applications.redirect_uri": domain}
        site.write(integration={"syncs.app.rewrite": rewrite})
        ran = site.run("sync", "app")
        assert (ran.code, "WARNING" in ran.err) == (0, False), ran.err
        run = site.integration.run
        assert run("SELECT id, name, email FROM users ORDER BY id", site.target) == [
            (7, "User 7", "user-7@example.com"),
            (8, "User 8", "user-8@example.com"),
        ]
        assert run("SELECT secret, redirect_uri FROM oauth_applications", site.target) == [
            ("secret-1", "https://whitehall.integration.publishing.service.gov.uk/auth")
        ]
        assert run("SELECT count(*) FROM oauth_access_tokens", site.target) == [(0,)]


def test_a_column_nobody_has_decided_about_is_found(tmp_path: Path, mariadb: Mariadb) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        schema = (ROOT / "benchmarks" / "schemas" / "signon.sql").read_bytes()
        site.production.load(schema, site.source)
        site.production.run("ALTER TABLE users ADD phone varchar(20)", site.source)
        checks = (ROOT / "sanitisation_sql" / f"{NAME}.checks.sql").read_text()
        site.script((ROOT / "sanitisation_sql" / f"{NAME}.sql").read_text(), checks)
        ran = site.run("sync", "app")
        assert (ran.code, "found rows (undecided)" in ran.err) == (1, True), ran.err
