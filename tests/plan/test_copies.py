"""Copies of buckets stand in the plan beside pushes and pulls, and are selected as they are."""

from dataclasses import replace

import pytest

from envsync.errors import RefusedError
from envsync.inventory.model import Ensure
from envsync.places import BucketPlace, S3Storage
from envsync.plan.expand import expand
from envsync.plan.model import Plan
from envsync.plan.redirect import redirected
from envsync.plan.select import Selection, require_consent, require_known, select
from tests.fleet import ASSETS, COPIED, bucket_sync

PLAN = expand(COPIED)
INTO_STAGING = "copy assets into staging"
INTO_INTEGRATION = "copy assets into integration"


def shown(plan: Plan) -> list[tuple[int, str, tuple[int, ...]]]:
    return [(step.number, str(step.action), step.needs) for step in plan.steps]


def test_a_copy_waits_for_the_copy_into_its_source() -> None:
    assert shown(PLAN)[-2:] == [(5, INTO_STAGING, ()), (6, INTO_INTEGRATION, (5,))]


def test_a_copy_does_not_wait_for_one_that_no_night_runs() -> None:
    first, second = COPIED.bucket_syncs
    held = replace(second, options=replace(second.options, ensure=Ensure.DISABLED))
    plan = expand(replace(COPIED, bucket_syncs=(first, held)))
    assert [step.needs for step in plan.steps[-2:]] == [(), ()]


def test_an_absent_copy_is_not_in_the_plan() -> None:
    first, second = COPIED.bucket_syncs
    gone = replace(second, options=replace(second.options, ensure=Ensure.ABSENT))
    plan = expand(replace(COPIED, bucket_syncs=(first, gone)))
    assert [str(step.action) for step in plan.steps][4:] == [INTO_INTEGRATION]


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        (Selection(keys=("assets",)), [INTO_STAGING, INTO_INTEGRATION]),
        (Selection(("integration",), ("assets",)), [INTO_INTEGRATION]),
        (Selection(goals=("copy",)), [INTO_STAGING, INTO_INTEGRATION]),
        (Selection(keys=("assets",), machine="staging/db_admin"), [INTO_STAGING]),
        (Selection(keys=("assets",), machine="mongo"), []),
        (Selection(keys=("assets",), verbs=("push", "pull")), []),
        (Selection(keys=("content_tagger",), verbs=("copy",)), []),
    ],
)
def test_copies_are_selected_by_key_environment_machine_and_verb(
    selection: Selection, chosen: list[str]
) -> None:
    assert [str(step.action) for step in select(PLAN, selection).steps] == chosen


def test_a_copy_loads_no_database_server() -> None:
    assert [step.server for step in PLAN.steps[-2:]] == [None, None]
    with pytest.raises(TypeError, match="copy assets into staging works on no database"):
        _ = PLAN.steps[-2].database


def test_buckets_are_known_by_their_key() -> None:
    require_known(COPIED, Selection(keys=("assets",), machine="staging/db_admin"))
    with pytest.raises(RefusedError) as refusal:
        require_known(COPIED, Selection(keys=("asets",)))
    assert str(refusal.value) == (
        "no database or bucket 'asets' in the inventory; did you mean 'assets'?"
    )


def test_another_source_takes_the_place_of_the_declared_one() -> None:
    changed = redirected(COPIED, "assets", ("staging",), "integration")
    into = {edge.target.environment.name: edge.source for edge in changed.bucket_syncs}
    assert into == {"staging": ASSETS["integration"], "integration": ASSETS["staging"]}
    into_staging = expand(changed).steps[-2]
    assert (str(into_staging.action), into_staging.needs) == ("copy assets into staging", ())


@pytest.mark.parametrize(
    ("targets", "source", "message"),
    [
        (
            ("integration",),
            "production",
            (
                "production is protected and the sync of assets (integration) does not say why its "
                "objects need no sanitising; add because: to the edge in the inventory"
            ),
        ),
        (
            ("staging",),
            "staging",
            (
                "the sync of assets (staging) from staging has s3://assets-staging at one end and "
                "s3://assets-staging at the other, which are or hold the same objects; accepted: "
                "two buckets, or prefixes of which none begins with the other"
            ),
        ),
        ((), "mars", "environment 'mars' has no bucket 'assets' to sync from"),
    ],
)
def test_a_source_that_cannot_be_is_refused(
    targets: tuple[str, ...], source: str, message: str
) -> None:
    with pytest.raises(RefusedError) as refusal:
        redirected(COPIED, "assets", targets, source)
    assert str(refusal.value) == message


def test_a_source_on_another_server_is_refused() -> None:
    place = BucketPlace(S3Storage("elsewhere", endpoint_url="https://ceph"))
    elsewhere = replace(ASSETS["staging"], place=place)
    edges = (bucket_sync(ASSETS["production"], ASSETS["integration"]),)
    known = replace(COPIED, buckets=(elsewhere,), bucket_syncs=edges)
    with pytest.raises(RefusedError, match="has its ends on two servers"):
        redirected(known, "assets", (), "staging")


def test_a_protected_bucket_is_written_only_when_typed_out() -> None:
    edge = bucket_sync(ASSETS["staging"], ASSETS["production"])
    plan = expand(replace(COPIED, bucket_syncs=(edge,)))
    with pytest.raises(RefusedError, match="copy assets into production would replace its data"):
        require_consent(plan, None)
    require_consent(plan, "production")
