"""Who has PROCESS on MySQL sees rows while they are loaded: an examination says who that is."""

from pathlib import Path

import pytest

from tests.live.mysql_site import mysql_site
from tests.live.test_doctor import lines
from tests.servers.mariadb import Mariadb

pytestmark = pytest.mark.live


def test_an_examination_names_who_sees_statements_and_is_no_administrator(
    tmp_path: Path, mariadb: Mariadb
) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        accounts = {
            "monitor": site.integration.account("monitor", "PROCESS ON *.*"),
            "reader": site.integration.account("reader", f"SELECT ON `{site.target}`.*"),
            "administrator": site.integration.account("admin", "PROCESS, CREATE USER ON *.*"),
            "envsync": site.accounts["integration"],
        }
        ran = site.run("doctor", "--env", "integration")
        (told,) = (line for line in lines(ran) if "app: statements" in line)
        named = {who for who, account in accounts.items() if f"'{account}'@'127.0.0.1'" in told}
        assert (ran.code, named) == (0, {"monitor"}), ran.out


def test_nothing_is_said_of_statements_that_nobody_sees(tmp_path: Path, mariadb: Mariadb) -> None:
    with mysql_site(tmp_path, mariadb) as site:
        for user, host in site.integration.run(
            "SELECT User, Host FROM mysql.user WHERE Process_priv = 'Y' AND Super_priv = 'N'"
        ):
            if user != site.accounts["integration"]:
                site.integration.run(f"REVOKE PROCESS ON *.* FROM `{user}`@`{host}`")
        ran = site.run("doctor", "--env", "integration")
        assert (ran.code, "app: statements" in ran.out) == (0, False), ran.out
