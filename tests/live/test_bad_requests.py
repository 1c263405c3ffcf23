"""What an operator may type by mistake: refused with what would be accepted."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from tests.live.site import Site
from tests.live.stored import only
from tests.live.untouched import OLD, assert_refused

pytestmark = pytest.mark.live

MISTAKES = (
    "integration.yaml:22: unknown key 'ownr' in 'databases.app'; did you mean 'owner'?",
    (
        "integration.yaml:25: 'syncs.app' is from 'prod', which is not an environment; "
        "accepted: 'integration' or 'production'"
    ),
    "production.yaml:2: 'protected' is 'very'; accepted: true or false",
)
SAME_DAY = ("2021-03-04T05:06:07Z", "2021-03-04T05:06:59Z")


@pytest.mark.parametrize(
    ("timestamp", "sentence"),
    [
        ("2020-01-01", "with the timestamp 2020-01-01; the newest: 20"),
        ("yesterday", "'yesterday' is not a timestamp; give UTC as 2026-11-20, 2026-11-20T02:40"),
        ("2021-03-04T05:06", f"means more than one artefact: {', '.join(SAME_DAY)}"),
    ],
    ids=["unknown", "malformed", "ambiguous"],
)
def test_a_timestamp_that_means_no_single_artefact_is_refused(
    pushed: Site, timestamp: str, sentence: str
) -> None:
    artefact = only(pushed)
    for stamp in SAME_DAY:
        artefact.taken_at(stamp)
    stored = pushed.artefacts()
    ran = pushed.run("sync", "app", "--pull-only", "--timestamp", timestamp)
    assert_refused(pushed, ran, sentence, stored)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ("sync ap", "no database 'ap' in the inventory; did you mean 'app'?"),
        ("sync app --env integratoin", "no environment 'integratoin' in the inventory; did you"),
        ("sync app --from staging", "no environment 'staging' in the inventory; there are"),
        (
            "sync app --from integration",
            "every environment but integration is protected; name the one to refresh with --env",
        ),
        ("sync app --env production", "the inventory has no sync of 'app' into production to run"),
        (
            "sync app --push-only --pull-only",
            "--push-only and --pull-only exclude each other; give one, or neither",
        ),
        ("sync app --jobs 0", "--jobs 0 is not a number of steps; give 1 or more"),
        ("push app --env integration", "nothing pushes 'app' of integration: the inventory lists"),
        ("nightly --machine db_amin", "no machine 'db_amin' in the inventory; did you mean"),
        ("rollback app", "say which environment with --env, or set ENVSYNC_ENVIRONMENT"),
        (
            "rollback app --env integration",
            (
                "__previous' to roll back to; envsync backups app --env production lists the "
                "artefacts that envsync pull app --env integration --timestamp T restores instead"
            ),
        ),
        ("rollback app --env production", "production is protected; to replace its data, add"),
        (
            "rollback app --env production --onto-protected production",
            "to roll back to; no sync restores artefacts there; add one under syncs: of production",
        ),
        ("plan --format html", "no format 'html'; there are table, markdown, json"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    pushed: Site, request_: str, sentence: str
) -> None:
    stored = pushed.artefacts()
    assert_refused(pushed, pushed.run(*request_.split()), sentence, stored)


@pytest.mark.parametrize("consent", [(), ("--onto-protected", "integration")])
def test_a_protected_environment_is_replaced_only_where_its_name_is_typed_out(
    pushed: Site, consent: tuple[str, ...]
) -> None:
    restore = {"from": "production", "ensure": "disabled"}
    pushed.write(production={"syncs.app": restore})
    stored = pushed.artefacts()
    ran = pushed.run("pull", "app", "--env", "production", *consent)
    assert_refused(pushed, ran, "to do that, add --onto-protected production", stored)
    databases = pushed.production.run("SELECT datname FROM pg_database")
    assert [name for (name,) in databases if name.startswith(pushed.source)] == [pushed.source]


def test_a_protected_environment_gets_its_own_backup_back_where_its_name_is_typed_out(
    site: Site,
) -> None:
    site.write(production={"syncs.app": {"from": "production", "ensure": "disabled"}})
    assert site.run("push", "app", "--env", "production").code == 0
    site.production.run("DROP TABLE notes; DELETE FROM people", site.source)
    request = ("pull", "app", "--env", "production", "--onto-protected", "production")
    ran = site.run(*request)
    rows = site.production.run("SELECT count(*), max(email) FROM people", site.source)
    assert (ran.code, rows) == (0, [(500, "person9@private.example")]), ran.err


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ((), "there is one into integration, which is ensure: absent: make that disabled, and"),
        (
            ("--env", "integration"),
            "the sync of 'app' into integration is ensure: absent in the inventory; to run it by",
        ),
    ],
)
def test_a_sync_that_is_absent_is_told_to_be(
    pushed: Site, named: tuple[str, ...], sentence: str
) -> None:
    pushed.write(integration={"syncs.app.ensure": "absent"})
    assert_refused(pushed, pushed.run("pull", "app", *named), sentence, pushed.artefacts())


@contextmanager
def beside_staging(site: Site) -> Iterator[None]:
    """Add an environment between the two, of which an inventory is all there is."""
    staging = {**site.inventory("integration"), "environment": "staging"}
    staging["databases"]["app"]["name"] = "app_staging"
    del staging["syncs"]
    path = site.folder / "inventories" / "staging.yaml"
    path.write_text(yaml.safe_dump(staging, sort_keys=False))
    yield
    path.unlink()


@pytest.mark.parametrize("verb", ["sync", "pull"])
def test_what_is_said_of_one_source_is_not_taken_for_another_s(pushed: Site, verb: str) -> None:
    public = {"from": "staging", "sanitise": "never", "because": "it is clean there"}
    pushed.write(integration={"syncs.app": public})
    sentence = (
        "production is protected, and the sync of app (integration) says 'sanitise: never' of "
        "staging's data alone; accepted: 'sanitise: SCRIPT' of that sync in the inventory; "
        "envsync sync app --env integration takes staging's data"
    )
    with beside_staging(pushed):
        ran = pushed.run(verb, "app", "--from", "production")
        assert_refused(pushed, ran, sentence, pushed.artefacts())


def test_an_inventory_with_mistakes_is_told_with_every_line_at_once(pushed: Site) -> None:
    pushed.write(
        production={"protected": "very"},
        integration={"syncs.app.from": "prod", "databases.app.ownr": "me"},
    )
    for request in (("plan",), ("sync", "app")):
        ran = pushed.run(*request)
        told = ran.err.replace(f"{pushed.folder}/inventories/", "").splitlines()
        assert (ran.code, ran.out, told) == (2, "", list(MISTAKES))
    assert pushed.people() == OLD


def test_an_inventory_that_is_not_there_is_told(pushed: Site) -> None:
    ran = pushed.run("plan", "--inventory", "/not/there")
    assert_refused(
        pushed,
        ran,
        "/not/there: cannot be read, no such file or directory; accepted: a folder with a "
        "NAME.yaml per environment",
        pushed.artefacts(),
    )
