"""Whatever the order of good runs, bad data, failures and crashes: what was promised still holds."""

import hashlib
import json
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from envsync.artefacts import MANIFEST_SUFFIX
from tests.failures.storages import half_files
from tests.live.program import Ran
from tests.live.site import SCRIPT, Site
from tests.live.temporary import temporary_site
from tests.live.untouched import OLD
from tests.servers.postgresql import PASSWORD, Postgresql
from tests.servers.waiting import until

pytestmark = pytest.mark.live

FEW = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    # A run that cannot be told from another by its words is not made smaller by running it again.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
LAST_STAGE = 2.5
"""Seconds in which a sync of this little data has ended, on a machine that is not too busy."""
HIDDEN = ("__incoming", "__discarded")


class World:
    """Production and integration, to which anything may happen; every run is a child process.

    `generation` is what production holds; each is a town that all its people live in.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.stranger = self.site.integration.role("stranger")
        self.generation = 0
        self.spoiled: set[Path] = set()
        self.new_data()

    def new_data(self) -> None:
        self.generation += 1
        self.site.production.run(f"UPDATE people SET town = {self.town!r}", self.site.source)

    def push(self) -> None:
        before = self.site.people()
        self.run("push", "app", "--env", "production")
        assert self.site.people() == before

    def pull(self) -> None:
        if not self.manifests():
            self.push()
        before = self.site.people()
        spoiled = self.newest() in self.spoiled
        ran = self.run("pull", "app")
        assert not (spoiled and ran.code == 0), ran.err
        assert ran.code == 0 or self.site.people() == before, ran.err

    def sync(self) -> None:
        before = self.site.people()
        ran = self.run("sync", "app")
        assert self.site.people() == (self.fresh() if ran.code == 0 else before), ran.err

    def crash(self, moment: float) -> None:
        running = self.site.start("sync", "app")
        time.sleep(moment * LAST_STAGE)
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=60)

    def stop(self, moment: float) -> None:
        running = self.site.start("sync", "app")
        time.sleep(moment * LAST_STAGE)
        running.terminate()
        _, err = running.communicate(timeout=60)
        assert "Traceback" not in err, err

    def bad_script(self) -> None:
        before = self.site.people()
        self.site.script(f"{SCRIPT} UPDATE nowhere SET nothing = 1;\n")
        ran = self.run("sync", "app")
        self.site.script()
        assert ran.code != 0
        assert self.site.people() == before

    def failing_check(self) -> None:
        before = self.site.people()
        self.site.script(checks="SELECT id FROM people LIMIT 1;\n")
        ran = self.run("sync", "app")
        self.site.script()
        assert ran.code != 0
        assert self.site.people() == before

    def flip_a_bit(self, where: float) -> None:
        if not self.manifests():
            self.push()
        newest = self.newest()
        content = bytearray(newest.read_bytes())
        content[int(where * len(content))] ^= 1 << int(where * 1000) % 8
        newest.write_bytes(content)
        self.spoiled ^= {newest}

    def rollback(self) -> None:
        ran = self.run("rollback", "app", "--env", "integration")
        assert ran.code in {0, 2}

    def integration_serves_one_whole_sanitised_generation(self) -> None:
        served = self.site.people()
        towns = {town for _, _, town in served}
        whole = [self.copy_of(f"Generation {n}") for n in range(1, self.generation + 1)]
        assert served == OLD or served in whole, towns

    def nobody_else_gets_into_a_quarantine(self) -> None:
        for name in self.site.databases().intersection(HIDDEN):
            where = self.site.integration.conninfo(f"{self.site.target}{name}", self.stranger)
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(where, password=PASSWORD)

    def every_artefact_with_a_manifest_is_what_it_says(self) -> None:
        for manifest in self.manifests():
            dump = self.dump_of(manifest)
            if dump not in self.spoiled:
                said = json.loads(manifest.read_text())["sha256"]
                assert hashlib.sha256(dump.read_bytes()).hexdigest() == said

    def recovers(self) -> None:
        """Stamps are of seconds: a push in the second of another would be refused."""
        time.sleep(1)
        self.new_data()
        ran = self.run("sync", "app")
        assert (ran.code, self.site.people()) == (0, self.fresh()), ran.err
        assert self.site.databases() <= {"live", "__previous"}
        until(lambda: not self.halves(), "half artefacts to be gone")

    @property
    def town(self) -> str:
        return f"Generation {self.generation}"

    def fresh(self) -> list[tuple[int, str, str]]:
        return self.copy_of(self.town)

    def copy_of(self, town: str) -> list[tuple[int, str, str]]:
        return [(n, f"person-{n}@example.com", town) for n in range(1, 501)]

    def run(self, *arguments: str) -> Ran:
        ran = self.site.run(*arguments)
        assert "Traceback" not in ran.err, ran.err
        return ran

    def manifests(self) -> list[Path]:
        root = self.site.folder / "artefacts" / "production"
        return sorted(root.rglob(f"*{MANIFEST_SUFFIX}"))

    def dump_of(self, manifest: Path) -> Path:
        return manifest.with_name(manifest.name.removesuffix(MANIFEST_SUFFIX))

    def newest(self) -> Path:
        return self.dump_of(self.manifests()[-1])

    def halves(self) -> list[str]:
        return half_files(self.site.folder / "artefacts")


Event = Callable[[World, float], None]
EVENTS: tuple[Event, ...] = (
    lambda world, _: world.new_data(),
    lambda world, _: world.push(),
    lambda world, _: world.pull(),
    lambda world, _: world.pull(),
    lambda world, _: world.sync(),
    *(lambda world, moment: world.crash(moment),) * 4,
    lambda world, moment: world.stop(moment),
    lambda world, _: world.bad_script(),
    lambda world, _: world.failing_check(),
    lambda world, moment: world.flip_a_bit(moment),
    lambda world, _: world.rollback(),
)
"""Everything that happens once or more in each order, with a moment or a place between 0 and 1."""


@FEW
@given(
    order=some.permutations(EVENTS),
    moments=some.lists(some.floats(0, 0.999), min_size=len(EVENTS), max_size=len(EVENTS)),
)
def test_no_order_of_crashes_breaks_a_promise(
    tmp_path: Path, postgresql: Postgresql, order: list[Event], moments: list[float]
) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    with temporary_site(folder, postgresql) as site:
        world = World(site)
        for event, moment in zip(order, moments, strict=True):
            event(world, moment)
            world.integration_serves_one_whole_sanitised_generation()
            world.nobody_else_gets_into_a_quarantine()
            world.every_artefact_with_a_manifest_is_what_it_says()
        world.recovers()
