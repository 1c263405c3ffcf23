"""What goes wrong on MongoDB is told in a sentence, and what was live stays as it was."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.failures.gated import gated_mongo
from tests.failures.stages import Stage
from tests.live.mongo_site import OLD, PEOPLE, SCRIPT, MongoSite, target_roles
from tests.live.mongo_site import mongo_site as temporary
from tests.live.program import Ran
from tests.servers.mongod import PASSWORD, Mongo, mongod
from tests.servers.waiting import until

pytestmark = pytest.mark.live

CHECK = SCRIPT["checks"][0]


@pytest.fixture(scope="module")
def pushed_once(tmp_path_factory: pytest.TempPathFactory, mongo: Mongo) -> Iterator[MongoSite]:
    with temporary(tmp_path_factory.mktemp("site"), mongo) as made:
        ran = made.run("push", "app", "--env", "production")
        assert ran.code == 0, ran.err
        shutil.copytree(made.folder / "artefacts", made.folder / "pristine")
        yield made


@pytest.fixture
def pushed(pushed_once: MongoSite) -> Iterator[MongoSite]:
    """A site with an artefact, for tests after which yesterday's documents are still live."""
    yield pushed_once
    shutil.rmtree(pushed_once.folder / "artefacts")
    shutil.copytree(pushed_once.folder / "pristine", pushed_once.folder / "artefacts")
    pushed_once.write()
    pushed_once.script()


def assert_untouched(site: MongoSite, ran: Ran, code: int, sentence: str) -> None:
    assert (ran.code, sentence in ran.err) == (code, True), f"{sentence!r} is not in:\n{ran.err}"
    assert "Traceback" not in ran.err
    assert (site.people(), site.databases(), site.collections()) == (OLD, {"live"}, {"people"})


def update(update: Any, collection: str = "people") -> dict[str, Any]:
    return {"sanitise": [{"collection": collection, "updateMany": {"update": update}}]}


FAILING: dict[str, tuple[Any, str]] = {
    "an operator that does not exist": (
        update({"$sett": {"a": 1}}),
        "step 1 of app.mongo.yaml (people) failed: ",
    ),
    "an update that breaks a unique index": (
        update({"$set": {"email": "a@example.com"}}),
        "the indexes email_1, some towns, town_text of 'people': ",
    ),
    "a collection that is not there": (
        update({"$set": {"a": 1}}, "poeple"),
        "step 1 of app.mongo.yaml (poeple) failed: the artefact has no collection 'poeple'",
    ),
    "a check that finds something": (
        {"checks": [CHECK]},
        "check 1 of app.mongo.yaml (no address is anybody's) found documents in people",
    ),
    "a check of nothing": (
        {"checks": [{"collection": "nobody", "find": {}}]},
        "check 1 of app.mongo.yaml failed: the artefact has no collection 'nobody'",
    ),
}


@pytest.mark.parametrize("case", FAILING)
def test_a_script_that_fails_changes_nothing_that_anybody_sees(
    pushed: MongoSite, case: str
) -> None:
    script, sentence = FAILING[case]
    pushed.script(script)
    ran = pushed.run("pull", "app")
    assert_untouched(pushed, ran, 1, sentence)
    assert "private.example" not in ran.err


REFUSED: dict[str, tuple[Any, str]] = {
    "a word that is unknown": (
        {"sanitize": []},
        "app.mongo.yaml: 'sanitize' is no key that is known there",
    ),
    "a step without a collection": (
        {"sanitise": [{"deleteMany": {"filter": {}}}]},
        "app.mongo.yaml: 'sanitise[1].collection' is missing",
    ),
    "a step that does two things": (
        {"sanitise": [{"collection": "a", "deleteMany": {"filter": {}}, "updateMany": {"update": {"$set": {"a": 1}}}}]},
        "'sanitise[1]' is wrong; accepted: either 'updateMany' or 'deleteMany'",
    ),
    "a replacement": (
        update({"email": "x"}),
        "'sanitise[1].updateMany' is wrong; accepted: operators such as $set; 'email' is none",
    ),
    "a removal that does not say of what": (
        {"sanitise": [{"collection": "a", "deleteMany": {}}]},
        "'sanitise[1].deleteMany.filter' is missing",
    ),
    "a value that is none": (
        {"checks": [{"collection": "a", "find": {"_id": {"$oid": "short"}}}]},
        "app.mongo.yaml holds a value that is not extended JSON: ",
    ),
    "no YAML": ("a: [", "app.mongo.yaml is not YAML: "),
    "nothing": ("", "app.mongo.yaml: is wrong; accepted: 'sanitise' with steps, 'checks'"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_in_a_script_is_told_with_its_key_before_anything_is_touched(
    pushed: MongoSite, case: str
) -> None:
    script, sentence = REFUSED[case]
    pushed.script(script)
    assert_untouched(pushed, pushed.run("pull", "app"), 2, sentence)


def _archive(site: MongoSite) -> Path:
    (found,) = site.stored.rglob("*.archive.zst")
    return found


def test_an_altered_artefact_is_never_promoted(pushed: MongoSite) -> None:
    content = bytearray(_archive(pushed).read_bytes())
    content[len(content) // 2] ^= 0xFF
    _archive(pushed).write_bytes(content)
    sentence = "is not what its manifest describes: it does not decompress"
    assert_untouched(pushed, pushed.run("pull", "app"), 1, sentence)


def test_a_truncated_artefact_is_refused(pushed: MongoSite) -> None:
    _archive(pushed).write_bytes(_archive(pushed).read_bytes()[:-100])
    assert_untouched(pushed, pushed.run("pull", "app"), 2, "though its manifest is whole")


def test_a_password_that_is_wrong_is_told_and_never_shown(pushed: MongoSite) -> None:
    wrong = {"servers.mongo.password": {"env": "WRONG"}}
    pushed.environment["WRONG"] = "not:the%40one"
    pushed.write(integration=wrong)
    ran = pushed.run("pull", "app")
    assert_untouched(pushed, ran, 2, "authentication failed; correct user:, password: or")
    assert "not:the%40one" not in ran.err + ran.out


def test_who_could_read_the_quarantine_is_told_and_nothing_is_restored(pushed: MongoSite) -> None:
    name = pushed.integration.user(f"{pushed.target}:any", ("readAnyDatabase", "admin"))
    try:
        ran = pushed.run("pull", "app")
    finally:
        with pushed.integration.client() as client:
            client.admin.command({"dropUser": name})
    assert_untouched(pushed, ran, 2, f"{name}@admin may read")


def test_a_dry_run_shows_every_command_and_no_secret_and_touches_nothing(
    pushed: MongoSite,
) -> None:
    ran = pushed.run("sync", "app", "--dry-run")
    order = ["find in every collection, raw, in one snapshot, 2 readers", "publish", "download",
             "insert raw into *", "sanitise", "check", "insert raw into envsync.incoming.*",
             "applyOps of one renameCollection"]  # fmt: skip
    positions = [ran.out.find(words) for words in order]
    assert -1 not in positions, ran.out
    assert positions == sorted(positions)
    assert PASSWORD not in ran.out + ran.err
    assert_untouched(pushed, ran, 0, "")


def test_a_secondary_pushes_nothing_and_that_is_well(pushed: MongoSite, mongo: Mongo) -> None:
    pushed.write(production={"servers.mongo.port": mongo.secondary.port})
    mongo.catch_up()
    ran = pushed.run("push", "app", "--env", "production")
    assert (ran.code, "the server is a secondary, and pushes are made from" in ran.err) == (0, True)


def test_a_secondary_pushes_where_the_inventory_says_so(pushed: MongoSite, mongo: Mongo) -> None:
    changes = {"servers.mongo.port": mongo.secondary.port, "servers.mongo.push_from": "secondary"}
    pushed.write(production=changes)
    mongo.catch_up()
    counted = pushed.manifest()["rows"]
    ran = pushed.run("push", "app", "--env", "production")
    assert (ran.code, pushed.manifest()["rows"]) == (0, counted), ran.err


def test_a_replica_set_is_found_by_its_name_through_any_member(
    pushed: MongoSite, mongo: Mongo
) -> None:
    through = {"servers.mongo.port": mongo.secondary.port, "servers.mongo.replica_set": "rs0"}
    pushed.write(production=through)
    ran = pushed.run("push", "app", "--env", "production")
    assert (ran.code, "OK: push" in ran.err) == (0, True), ran.err


def test_the_manifest_says_what_was_not_read_at_one_moment(pushed: MongoSite) -> None:
    assert pushed.manifest()["outside_snapshot"] == ["log"]


def test_collections_that_an_application_makes_meanwhile_do_not_stay(
    tmp_path: Path, mongo: Mongo
) -> None:
    """The application finds its database empty, and makes a collection of its own in it."""
    with gated_mongo(tmp_path, mongo.primary, mongo.alone) as steps:
        site = steps.scene.site
        site.script({"checks": [CHECK | {"find": {"nobody": "has this"}}]})
        site.decide()
        with (
            steps.stopped(Stage(doing="checking"), "unheard", "sync", "app") as running,
            site.integration.client() as client,
        ):
            client[site.target].sessions.insert_one({"token": "mine"})
            client[site.target].invented.insert_one({})
            steps.gates.resume()
            ended = steps.ended(running)
        assert ended.code == 0, ended.err
        assert "invented" not in site.collections()
        assert "envsync.previous.invented" in site.collections()
        with site.integration.client() as client:
            assert client[site.target].sessions.count_documents({}) == 10


def test_a_second_run_on_another_machine_is_refused_by_the_server(
    tmp_path: Path, mongo: Mongo
) -> None:
    with gated_mongo(tmp_path, mongo.primary, mongo.alone) as steps:
        site = steps.scene.site
        site.decide()
        with steps.stopped(Stage(doing="sanitising"), "unheard", "sync", "app") as running:
            site.environment["ENVSYNC_STATE"] = str(site.folder / "elsewhere")
            second = site.run("pull", "app")
            steps.gates.resume()
            ended = steps.ended(running)
        assert (second.code, "is restoring" in second.err) == (2, True), second.err
        assert (ended.code, len(site.people())) == (0, PEOPLE), ended.err


def test_a_server_that_dies_mid_pull_loses_nothing_and_the_next_pull_succeeds(
    mongo_site: MongoSite, tmp_path: Path
) -> None:
    with mongod(tmp_path, "mortal") as mortal:
        mortal.make_admin()
        mortal.user(mongo_site.users["integration"], *target_roles(mongo_site.target))
        mongo_site.integration = mortal
        with mortal.client() as client:
            client[mongo_site.target].people.insert_many(OLD)
        mongo_site.write()
        mongo_site.script({"checks": [{"collection": "people", "find": {"$where": "sleep(9)"}}]})
        running = mongo_site.start("sync", "app")
        until(lambda: "__incoming" in mongo_site.databases(), "the quarantine")
        mortal.kill()
        _, told = running.communicate(timeout=60)
        assert (running.returncode, "lost the connection" in told) == (1, True), told
        mortal.start()
        assert mongo_site.people() == OLD
        mongo_site.script()
        ran = mongo_site.run("pull", "app")
        assert (ran.code, len(mongo_site.people())) == (0, PEOPLE), ran.err
