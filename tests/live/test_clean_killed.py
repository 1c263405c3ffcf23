"""A cleaning that is killed at any of its stages: the next one clears up and succeeds."""

import signal
import subprocess

import pytest

from tests.live.scratch import Scratch, clean_files, cleaning
from tests.live.site import Site
from tests.live.test_clean import CLEAN

pytestmark = pytest.mark.live

STAGES = (
    "started: clean",
    "restoring into quarantine",
    "comparing rows",
    "sanitising",
    "checking",
    "dumping, compressing and uploading",
    "publishing the manifest",
)


def kill_at(running: "subprocess.Popen[str]", stage: str) -> None:
    """Kill the program as soon as its cleaning says that it has reached a stage."""
    assert running.stderr is not None
    for line in running.stderr:
        if stage in line and "clean app" in line:
            running.send_signal(signal.SIGKILL)
            break
    running.communicate(timeout=60)


@pytest.mark.parametrize("stage", STAGES)
def test_whenever_a_cleaning_is_killed_the_next_one_succeeds(
    site: Site, scratch: Scratch, stage: str
) -> None:
    cleaning(site, scratch)
    running = site.start("sync", "app")
    kill_at(running, stage)
    assert running.returncode == -signal.SIGKILL
    ran = site.run("sync", "app")
    assert (ran.code, site.people(), scratch.databases()) == (0, CLEAN, set()), ran.err
    stamps = {name.partition("Z-")[0] for name in clean_files(site)}
    assert len(clean_files(site)) == 2 * len(stamps)
