"""An examination through the command line: it finds what would fail tonight, and changes nothing."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live import program
from tests.live.mongo_site import MongoSite
from tests.live.program import Ran
from tests.live.scratch import Scratch, cleaning
from tests.live.site import SCRIPT, Site
from tests.live.stored import only
from tests.live.untouched import OLD
from tests.servers.icinga import IcingaServer
from tests.servers.nsca import NscaServer
from tests.servers.ports import free_port
from tests.servers.waiting import until

pytestmark = pytest.mark.live


def lines(ran: Ran | program.Ran) -> list[str]:
    """Return the findings, a line each, however wide they were."""
    found: list[str] = []
    for line in ran.out.split("\n\n")[0].splitlines()[2:]:
        if line.startswith(" "):
            found[-1] += f" {line.strip()}"
        else:
            found.append(" ".join(line.split()))
    return found


def failures(ran: Ran) -> list[str]:
    return [line for line in lines(ran) if " FAILED " in line]


def files(site: Site) -> dict[Path, bytes]:
    """Return what every file of a site holds."""
    return {path: path.read_bytes() for path in site.folder.rglob("*") if path.is_file()}


def test_a_sound_fleet_is_fit_and_nothing_is_changed(site: Site) -> None:
    assert site.run("plan").code == 0
    before = files(site)
    ran = site.run("doctor")
    assert (ran.code, ran.err, failures(ran)) == (0, "", [])
    server = f"production db_admin postgres (127.0.0.1:{site.production.port}) ok PostgreSQL 1"
    assert any(line.startswith(server) for line in lines(ran))
    assert {
        "integration db_admin pull app ok can run",
        "integration db_admin app: lock ok free: nobody works on it from this machine",
    } <= set(lines(ran))
    assert files(site) == before
    assert (site.people(), site.databases()) == (OLD, {"live"})


def test_a_missing_artefact_is_a_warning_and_an_artefact_is_told_with_its_age(site: Site) -> None:
    assert any(
        "app: artefact warning none yet in file://" in line for line in lines(site.run("doctor"))
    )
    assert site.run("push", "app", "--env", "production").code == 0
    assert any("app: artefact ok 20" in line for line in lines(site.run("doctor")))


def cut(site: Site) -> None:
    os.truncate(only(site).dump, 100)


def spoil(site: Site) -> None:
    only(site).manifest.write_text("{")


@pytest.mark.parametrize("damage", [cut, spoil])
def test_a_damaged_artefact_is_told_as_the_pull_would_that_takes_it(
    pushed: Site, damage: Callable[[Site], None]
) -> None:
    damage(pushed)
    night = pushed.run("doctor")
    alone = pushed.run("doctor", "--machine", "integration/db_admin")
    pull = pushed.run("pull", "app")
    assert (night.code, alone.code, pull.code) == (0, 1, 2), night.out
    (failure,) = failures(alone)
    sentence = failure.removeprefix("integration db_admin pull app FAILED ")
    assert sentence.replace(" ", "") in pull.err.replace(" ", "")
    warned = "app: artefact warning a pull alone is refused, a night or a sync makes another first"
    assert any(warned in line for line in lines(night))
    push_held = pushed.run(
        "hold", "app", "--env", "production", "--until", "2999-01-01", "--because", "a demo"
    )
    assert push_held.code == 0
    assert len(failures(pushed.run("doctor"))) == 1
    assert pushed.run("unhold", "app", "--env", "production").code == 0


def test_what_another_version_of_the_script_made_clean_is_told_as_the_pull_would(
    site: Site, scratch: Scratch
) -> None:
    cleaning(site, scratch)
    assert site.run("sync", "app", "--push-only").code == 0
    assert failures(site.run("doctor", "--machine", "integration/db_admin")) == []
    site.script(f"{SCRIPT}UPDATE notes SET body = 'gone';\n")
    night = site.run("doctor")
    alone = site.run("doctor", "--machine", "integration/db_admin")
    assert (night.code, alone.code) == (0, 1), night.out
    (failure,) = failures(alone)
    assert "was made clean by another version of clean.sql" in failure
    assert any("warning a pull alone is refused" in line for line in lines(night))


def test_only_what_is_asked_for_is_looked_at(site: Site) -> None:
    found = lines(site.run("doctor", "--env", "integration"))
    assert {line.split()[0] for line in found} == {"-", "integration", "production"}
    assert site.run("doctor", "--machine", "nowhere").code == 2
    assert site.run("doctor", "--machine", "production/db_admin").code == 0


def test_every_failure_is_found_at_once(site: Site) -> None:
    shutil.rmtree(site.folder / "artefacts" / "production")
    site.integration.run(f'ALTER ROLE "{site.admin}" NOCREATEDB')
    site.write(
        integration={
            "reboot_lock": {"directory": "/nonexistent", "name": "envsync"},
            "syncs.app.after_promote": ["no-such-program --flush"],
            "syncs.app.temppath": "/nonexistent/spool",
        }
    )
    ran = site.run("doctor")
    assert ran.code == 1
    found = "\n".join(failures(ran))
    for sentence in (
        "push app FAILED cannot write below",
        "may not create databases on postgres, and what is restored needs one of its own: ALTER",
        "reboot lock FAILED /nonexistent is no folder that this user may write",
        "after_promote FAILED 'no-such-program' is not found",
        "temporary files FAILED /nonexistent/spool",
    ):
        assert sentence in found


def test_a_server_that_is_down_is_a_sentence(site: Site) -> None:
    site.write(production={"servers.postgres.port": free_port()})
    ran = site.run("doctor")
    assert ran.code == 1
    assert "cannot connect to postgres@127.0.0.1" in "\n".join(failures(ran))
    assert "Traceback" not in ran.err + ran.out


def test_a_password_that_does_not_fit_is_found(site: Site) -> None:
    wrong = site.folder / "wrong"
    wrong.write_text("not-the-password")
    wrong.chmod(0o600)
    site.write(integration={"servers.postgres.password": {"file": str(wrong)}})
    ran = site.run("doctor")
    assert ran.code == 1
    assert "password authentication failed" in "\n".join(failures(ran))
    assert "not-the-password" not in ran.out + ran.err


def test_a_step_that_runs_at_this_moment_is_told(site: Site) -> None:
    site.script("SELECT pg_sleep(120);")
    running = site.start("sync", "app")
    try:
        until(lambda: "incoming" in str(site.databases()), "the restore")
        assert "is already running since" in site.run("doctor").out.replace("\n", " ")
    finally:
        running.terminate()
        running.communicate(timeout=60)


def test_monitoring_that_listens_is_told_and_hears_nothing(
    site: Site, nsca: NscaServer, icinga: IcingaServer
) -> None:
    by_nsca = {
        "transport": "nsca",
        "host": "127.0.0.1",
        "port": nsca.port,
        "config": str(nsca.folder / "send_nsca.cfg"),
        "service_prefix": "doctor",
    }
    place = icinga.place
    by_api = {
        "transport": "api",
        "url": place.url,
        "user": place.user,
        "password": {"file": place.password.name},
        "tls_ca": place.tls_ca,
        "service_prefix": "doctor",
    }
    site.write(production={"icinga": by_nsca}, integration={"icinga": by_api})
    ran = site.run("doctor")
    told = [line for line in lines(ran) if " monitoring " in line]
    assert ran.code == 0, ran.out
    assert "answers (whether its password fits, NSCA never says)" in told[0]
    assert "who may report" in told[1]


def test_monitoring_that_is_not_there_or_is_something_else_is_found(site: Site) -> None:
    config = site.folder / "send_nsca.cfg"
    config.write_text("encryption_method=0\n")
    nsca = {"transport": "nsca", "host": "127.0.0.1", "config": str(config), "service_prefix": "x"}
    site.write(
        production={"icinga": {**nsca, "port": free_port()}},
        integration={"icinga": {**nsca, "port": site.integration.port}},
    )
    found = failures(site.run("doctor"))
    assert "Connection refused" in found[0]
    assert len(found) == 2


def test_a_forgotten_hold_is_a_warning(site: Site) -> None:
    held = site.run(
        "hold", "app", "--env", "integration", "--until", "2999-01-01", "--because", "a demo"
    )
    assert held.code == 0
    assert any("hold of app ok held by" in line for line in lines(site.run("doctor")))


def overwritten(journal: Path) -> None:
    journal.write_bytes(b"no database " * 100)


def garbled_where_the_history_is(journal: Path) -> None:
    content = journal.read_bytes()
    page = int.from_bytes(content[16:18])
    journal.write_bytes(content[:page] + b"\xff" * page + content[2 * page :])


@pytest.mark.parametrize("damage", [overwritten, garbled_where_the_history_is])
def test_a_damaged_journal_is_one_line_beside_all_the_others(
    site: Site, damage: Callable[[Path], None]
) -> None:
    held = site.run(
        "hold", "app", "--env", "integration", "--until", "2999-01-01", "--because", "a demo"
    )
    assert held.code == 0
    damage(site.folder / "state" / "journal.sqlite")
    ran = site.run("doctor")
    assert (ran.code, ran.err) == (1, "")
    (failed,) = failures(ran)
    assert failed.startswith("- here journal FAILED cannot ")
    assert "it is damaged: move it out of that folder" in failed
    assert "integration db_admin pull app ok can run" in lines(ran)


def test_documents_are_examined_as_well(mongo_site: MongoSite) -> None:
    ran = mongo_site.run("doctor")
    assert ran.code == 0, ran.out + ran.err
    assert any("MongoDB 6.0" in line for line in lines(ran))
