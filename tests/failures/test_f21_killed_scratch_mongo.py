"""F21: the server on which data is made clean is killed, and started again, behind envsync's back.

What MongoDB had not yet written to its journal is lost then: the last of the sanitising, say.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failures.aftermath import SYNC, assert_aftermath
from tests.failures.mongo_scene import MongoScene, mongo_scene
from tests.failures.stages import Heard, Steps
from tests.live.scratch_engines import mongo_scratch
from tests.servers import wire
from tests.servers.gate import gate
from tests.servers.mongod import Mongo, Mongod, mongod

pytestmark = pytest.mark.live

Mortal = tuple[Steps[MongoScene], Mongod]


@pytest.fixture
def cleaning(tmp_path: Path, mongo: Mongo) -> Iterator[Mortal]:
    """A scene whose data is made clean at its source, on a server behind a gate."""
    clean = tmp_path / "artefacts" / "clean"
    with (
        mongod(tmp_path, "scratch") as server,
        mongo_scene(tmp_path, mongo.primary, mongo.alone) as scene,
    ):
        server.make_admin()
        clean.mkdir()
        steps = Steps(scene, tmp_path / "log")
        with (
            mongo_scratch(scene.site, server) as scratch,
            gate(steps.gates, server.port, wire.Mongo) as port,
        ):
            scene.site.write(
                production={
                    "servers.scratch": {**scratch, "port": port},
                    "clean_storage": {"backend": "file", "directory": str(clean)},
                },
                integration={"syncs.app.sanitise_at": "source"},
            )
            assert scene.run(*SYNC).code == 0
            yield steps, server


def is_last_question_before_dumping(heard: Heard) -> bool:
    return heard.doing == "checking" and heard.asks == "__incoming: FIND"


def test_what_a_restarted_server_may_not_have_kept_is_never_published_as_clean(
    cleaning: Mortal,
) -> None:
    """The run hears the last answer of the old server, and then finds the new one."""
    steps, server = cleaning
    clean = steps.scene.folder / "artefacts" / "clean"
    old, artefacts = steps.scene.served(), sorted(clean.rglob("*"))
    steps.scene.next_run()
    steps.gates.stop_at(is_last_question_before_dumping, "unanswered")
    running = steps.start(*SYNC)
    steps.gates.wait(lambda: running.poll() is not None)
    server.kill()
    server.start()
    steps.gates.resume()
    ended = steps.ended(running)
    assert "was started again" in ended.err, ended.err
    assert sorted(clean.rglob("*")) == artefacts
    assert_aftermath(steps.scene, ended, old)
