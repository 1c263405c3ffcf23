"""Two runs of one step at once: the second is refused or waits, and never both restore."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.awaiting import awaited
from tests.live.program import PATIENCE
from tests.live.site import SCRIPT, Site
from tests.live.trials import until as until_it_says
from tests.servers.waiting import until

pytestmark = pytest.mark.live


@contextmanager
def pulling(site: Site) -> Iterator["subprocess.Popen[str]"]:
    """Start a pull whose script lasts as long as the block."""
    push = site.run("push", "app", "--env", "production")
    assert push.code == 0, push.err
    with awaited(site.integration) as word:
        site.script(f"{word.awaited}{SCRIPT}")
        first = site.start("pull", "app")
        until(word.is_awaited, "the first pull to sanitise")
        site.script()
        yield first
        word.give()
        _, told = first.communicate(timeout=PATIENCE)
    assert first.returncode == 0, told


def test_a_second_run_is_refused_naming_the_first_and_harms_nothing(site: Site) -> None:
    with pulling(site) as first:
        for request in ("pull", "rollback"):
            second = site.run(request, "app", "--env", "integration")
            assert (second.code, f"(pid {first.pid})" in second.err) == (2, True), second.err
            assert "is already running since" in second.err
    assert (len(site.people()), site.databases()) == (500, {"live", "__previous"})


def test_a_sync_whose_pull_cannot_begin_pushes_nothing(site: Site) -> None:
    with pulling(site) as first:
        stored = site.artefacts()
        second = site.run("sync", "app")
        assert (second.code, f"(pid {first.pid})" in second.err) == (2, True), second.err
        assert "nothing was touched, as pull" in second.err
        assert site.artefacts() == stored


@pytest.mark.parametrize("request_", [("pull", "app"), ("rollback", "app", "--env", "integration")])
def test_a_second_run_on_another_machine_is_refused_by_the_server(
    site: Site, request_: tuple[str, ...]
) -> None:
    assert site.run("sync", "app").code == 0
    with pulling(site):
        site.environment["ENVSYNC_STATE"] = str(site.folder / "elsewhere")
        second = site.run(*request_)
    assert second.code == 2, second.err
    assert "another envsync is restoring" in second.err
    assert (len(site.people()), site.databases()) == (500, {"live", "__previous"})


def test_a_second_run_with_a_deadline_waits_for_the_first(site: Site) -> None:
    site.write(integration={"syncs.app.deadline": "90s"})
    with pulling(site):
        second = site.start("pull", "app")
        until_it_says(second, "started: pull")
    _, told = second.communicate(timeout=PATIENCE)
    assert second.returncode == 0, told
    assert len(site.people()) == 500
