"""The night: independent steps go on, everything is remembered and reported, reboots wait."""

import json
import re
from pathlib import Path

import pytest

from tests.live.site import Site
from tests.servers.icinga import IcingaServer
from tests.servers.nsca import NscaServer
from tests.servers.waiting import until

pytestmark = pytest.mark.live


def with_broken_neighbour(site: Site) -> None:
    """Add a second database to both environments, whose source is not there."""
    neighbour = {"server": "postgres", "name": "not_there", "path": "postgresql-backend"}
    site.write(
        production={"databases.broken": neighbour},
        integration={
            "databases.broken": {**neighbour, "name": f"{site.target}_b"},
            "syncs.broken": {"from": "production", "sanitise": "clean.sql"},
        },
    )


def test_a_failure_does_not_keep_independent_syncs_from_running(site: Site) -> None:
    with_broken_neighbour(site)
    ran = site.run("nightly", "--env", "integration")
    assert (ran.code, len(site.people())) == (1, 500), ran.err
    assert "needs push broken from production, which failed" in ran.err


def test_jobs_run_at_once_and_each_is_told(site: Site) -> None:
    with_broken_neighbour(site)
    ran = site.run("nightly", "--env", "integration", "--jobs", "4")
    assert re.search(r"2 done, 1 failed, 1 skipped", ran.err), ran.err


def test_steps_of_another_machine_are_left_to_it(site: Site) -> None:
    site.run("push", "app", "--env", "production")
    ran = site.run("nightly", "--env", "integration", "--machine", "integration/db_admin")
    assert (ran.code, "push" in ran.err) == (0, False), ran.err


def test_a_disabled_sync_is_not_run_at_night_but_by_hand(site: Site) -> None:
    site.write(integration={"syncs.app.ensure": "disabled"})
    night = site.run("nightly", "--env", "integration")
    assert (night.code, len(site.people())) == (0, 1), night.err
    by_hand = site.run("sync", "app", "--env", "integration")
    assert (by_hand.code, len(site.people())) == (0, 500), by_hand.err


def test_a_weekly_sync_runs_only_in_its_night(site: Site) -> None:
    site.write(integration={"syncs.app.cron": "0 3 30 2 *"})
    refused = site.run("nightly", "--env", "integration")
    assert refused.code != 0
    assert "integration.yaml" in refused.err


def test_status_tells_the_age_of_the_data_and_history_each_step(site: Site) -> None:
    site.run("sync", "app")
    status, history = site.run("status", "--env", "integration").out, site.run("history", "app").out
    assert re.search(r"integration +app +pull +\d+s +done", status), status
    assert [line.split()[3] for line in history.splitlines()[2:]] == ["pull", "push"]


def test_a_plan_expects_what_the_last_runs_took(site: Site) -> None:
    before = json.loads(site.run("plan", "--format", "json").out)
    site.run("sync", "app")
    after = json.loads(site.run("plan", "--format", "json").out)
    known = [
        [step["expected_seconds"] is not None for step in plan["steps"]] for plan in (before, after)
    ]
    assert known == [[False, False], [True, True]]


def test_a_log_for_machines_is_one_json_object_a_line(site: Site) -> None:
    told = [
        json.loads(line)
        for line in site.run("sync", "app", "--log-format", "json").err.splitlines()
    ]
    ended = [(line["step"], line["outcome"]) for line in told if "outcome" in line]
    assert ended == [
        ("push app from production", "done"),
        ("pull app into integration", "done"),
    ]


def test_the_journal_is_kept_from_others(site: Site) -> None:
    site.run("sync", "app")
    modes = {oct(path.stat().st_mode & 0o077) for path in (site.folder / "state").rglob("*")}
    assert modes == {"0o0"}


@pytest.fixture
def reboot_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "no-reboot"
    folder.mkdir()
    return folder


def test_the_machine_is_kept_from_rebooting_while_a_step_runs(
    site: Site, reboot_folder: Path
) -> None:
    site.write(integration={"reboot_lock": {"directory": str(reboot_folder), "name": "envsync"}})
    site.script("SELECT pg_sleep(2);\nUPDATE people SET email = 'x@example.com';\n")
    running = site.start("sync", "app")
    until((reboot_folder / "envsync").exists, "the reboot lock")
    running.communicate(timeout=60)
    assert (running.returncode, list(reboot_folder.iterdir())) == (0, [])


def monitored_by_nsca(nsca: NscaServer, prefix: str) -> dict[str, object]:
    return {
        "transport": "nsca",
        "host": "127.0.0.1",
        "port": nsca.port,
        "config": str(nsca.folder / "send_nsca.cfg"),
        "service_prefix": prefix,
        "report_as": "db1",
    }


def test_each_step_is_reported_through_nsca(site: Site, nsca: NscaServer) -> None:
    icinga = monitored_by_nsca(nsca, f"sync {site.target}")
    site.write(integration={"icinga": icinga}, production={"icinga": icinga})
    site.run("sync", "app")
    pushed = nsca.received(f"sync {site.target} push app from production")
    pulled = nsca.received(f"sync {site.target} pull app into integration")
    assert pushed.startswith(f"0;OK: push {site.source} -> file://")
    assert pulled.startswith("0;OK: pull file://")


def test_a_failure_is_reported_as_critical(site: Site, nsca: NscaServer) -> None:
    site.write(integration={"icinga": monitored_by_nsca(nsca, f"sync {site.target}")})
    site.script("SELECT 1/0;\n")
    site.run("sync", "app")
    told = nsca.received(f"sync {site.target} pull app into integration")
    assert re.match(
        r"2;CRITICAL: pull .* failed after \d+s: clean.sql failed: division by zero", told
    )


def test_a_result_that_cannot_be_delivered_is_sent_by_the_next_run(
    site: Site, nsca: NscaServer
) -> None:
    away = {**monitored_by_nsca(nsca, f"late {site.target}"), "port": 1}
    site.write(integration={"icinga": away})
    first = site.run("sync", "app")
    assert first.code == 0
    assert "1 check result could not be delivered, the next run sends them" in first.err
    site.write(integration={"icinga": {**away, "port": nsca.port}, "syncs.app.ensure": "disabled"})
    site.run("sync", "app", "--env", "integration", "--pull-only", "--timestamp", "2020-01-01")
    assert nsca.received(f"late {site.target} pull app into integration")


def test_each_step_is_reported_through_the_icinga_api(site: Site, icinga: IcingaServer) -> None:
    service = f"api {site.target} pull app into integration"
    icinga.define("db2", service)
    place = icinga.place
    site.write(
        integration={
            "icinga": {
                "transport": "api",
                "url": place.url,
                "user": place.user,
                "password": {place.password.source: place.password.name},
                "tls_ca": place.tls_ca,
                "service_prefix": f"api {site.target}",
                "report_as": "db2",
            }
        }
    )
    ran = site.run("sync", "app")
    result = icinga.result("db2", service)
    assert result is not None, ran.err
    assert (result[0], result[1].partition(" ")[0]) == (0, "OK:")
