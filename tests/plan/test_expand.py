"""A plan is ordered, shares what can be shared, and is the same for the same inventory."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from envsync.inventory.model import Drill, Ensure, Inventory, Options
from envsync.plan.expand import expand
from envsync.plan.model import Plan, Pull, Push
from tests.fleet import (
    CHAINED,
    INTEGRATION,
    PRODUCTION,
    PUBLISHING,
    SHARED,
    STAGING,
    backup,
    cleaned,
    database,
    inventory,
    sync,
)


def shown(plan: Plan) -> list[tuple[int, str, tuple[int, ...]]]:
    return [(step.number, str(step.action), step.needs) for step in plan.steps]


def test_two_targets_of_one_source_share_one_push() -> None:
    assert shown(expand(SHARED)) == [
        (1, "push publishing_api from production", ()),
        (2, "pull publishing_api into staging", (1,)),
        (3, "pull publishing_api into integration", (1,)),
    ]


def test_staging_is_pushed_on_only_after_it_was_refreshed() -> None:
    assert shown(expand(CHAINED)) == [
        (1, "push content_tagger from production", ()),
        (2, "pull content_tagger into staging", (1,)),
        (3, "push content_tagger from staging", (2,)),
        (4, "pull content_tagger into integration", (3,)),
    ]


def test_a_backup_and_a_sync_of_one_database_are_one_push() -> None:
    declared = inventory(*SHARED.syncs, backups=(backup(PUBLISHING["production"]),))
    pushes = [step for step in expand(declared).steps if isinstance(step.action, Push)]
    assert [(step.options.title, step.goal) for step in pushes] == [
        ("push publishing_api from production", True)
    ]


def test_a_backup_of_a_target_waits_for_its_refresh() -> None:
    declared = inventory(*SHARED.syncs, backups=(backup(PUBLISHING["integration"]),))
    assert shown(expand(declared))[-1] == (4, "push publishing_api from integration", (3,))


def test_a_drill_waits_for_the_push_of_its_database_and_nothing_waits_for_it() -> None:
    declared = inventory(*SHARED.syncs, backups=(backup(PUBLISHING["production"]),))
    listed = Drill(PUBLISHING["production"], None, Options("drill"))
    assert shown(expand(replace(declared, drills=(listed,)))) == [
        (1, "push publishing_api from production", ()),
        (2, "pull publishing_api into staging", (1,)),
        (3, "pull publishing_api into integration", (1,)),
        (4, "verify publishing_api of production", (1,)),
    ]


def test_a_database_that_nobody_pushes_here_can_be_verified() -> None:
    listed = Drill(PUBLISHING["production"], None, Options("drill"))
    assert shown(expand(replace(inventory(), drills=(listed,)))) == [
        (1, "verify publishing_api of production", ())
    ]


def test_two_targets_of_one_source_share_one_push_and_one_cleaning() -> None:
    plan = expand(inventory(*map(cleaned, SHARED.syncs)))
    assert shown(plan) == [
        (1, "push publishing_api from production", ()),
        (2, "clean publishing_api of production", (1,)),
        (3, "pull publishing_api into staging", (2,)),
        (4, "pull publishing_api into integration", (2,)),
    ]


def test_an_edge_that_is_sanitised_at_its_target_does_not_wait_for_a_cleaning() -> None:
    first, second = SHARED.syncs
    source = cleaned(first).source
    plan = expand(inventory(cleaned(first), replace(second, source=source)))
    assert shown(plan)[-1] == (4, "pull publishing_api into integration", (1,))


def test_a_cleaning_for_disabled_syncs_alone_is_disabled() -> None:
    edges = [
        replace(edge, options=replace(edge.options, ensure=Ensure.DISABLED))
        for edge in map(cleaned, SHARED.syncs)
    ]
    ensures = {step.options.ensure for step in expand(inventory(*edges)).steps}
    assert ensures == {Ensure.DISABLED}


def test_a_cleaning_works_on_the_scratch_server_of_its_source_s_environment() -> None:
    _, clean, _ = expand(inventory(cleaned(SHARED.syncs[0]))).steps
    assert (clean.machine, clean.environment.name) == ("production/db_admin", "production")
    assert clean.server is not None
    assert clean.server.scratch


def test_what_belongs_to_one_dataset_stands_together() -> None:
    both = inventory(*CHAINED.syncs, *SHARED.syncs)
    keys = [step.database.key for step in expand(both).steps]
    assert keys == ["publishing_api"] * 3 + ["content_tagger"] * 4


def test_an_absent_sync_is_not_in_the_plan() -> None:
    gone = SHARED.syncs[0]
    absent = replace(gone, options=replace(gone.options, ensure=Ensure.ABSENT))
    assert shown(expand(inventory(absent))) == []


def test_a_push_for_a_disabled_sync_is_disabled_too() -> None:
    held = SHARED.syncs[0]
    disabled = replace(held, options=replace(held.options, ensure=Ensure.DISABLED))
    ensures = [step.options.ensure for step in expand(inventory(disabled)).steps]
    assert ensures == [Ensure.DISABLED, Ensure.DISABLED]


def test_a_database_restored_from_its_own_backups_is_not_pushed_first() -> None:
    own = PUBLISHING["production"]
    restore = sync(own, own)
    disabled = replace(restore, options=replace(restore.options, ensure=Ensure.DISABLED))
    declared = inventory(disabled, backups=(backup(own),))
    assert shown(expand(declared)) == [
        (1, "pull publishing_api into production", ()),
        (2, "push publishing_api from production", ()),
    ]


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Any inventory whose edges lead from production over staging to integration."""
    environments = (PRODUCTION, STAGING, INTEGRATION)
    databases, syncs, backups = [], [], []
    for number in range(draw(st.integers(0, 6))):
        placed = [database(f"d{number}", where) for where in environments]
        databases += placed
        for target in (1, 2):
            source = draw(st.integers(-1, target - 1))
            if source >= 0:
                edge = sync(placed[source], placed[target])
                ensure = draw(st.sampled_from(Ensure))
                syncs.append(replace(edge, options=replace(edge.options, ensure=ensure)))
        backups += [backup(each) for each in placed if draw(st.booleans())]
    return Inventory(environments, tuple(databases), tuple(syncs), tuple(backups))


@given(inventories())
def test_every_step_comes_after_all_that_it_needs(declared: Inventory) -> None:
    assert all(need < step.number for step in expand(declared).steps for need in step.needs)


@given(inventories())
def test_two_expansions_of_one_inventory_are_equal(declared: Inventory) -> None:
    assert expand(declared) == expand(declared)


@given(inventories())
def test_no_database_is_pushed_or_pulled_twice(declared: Inventory) -> None:
    actions = [str(step.action) for step in expand(declared).steps]
    assert len(actions) == len(set(actions))


@given(inventories())
def test_every_pull_of_another_environment_needs_its_push(declared: Inventory) -> None:
    plan = expand(declared)
    for step in plan.steps:
        if isinstance(step.action, Pull):
            (need,) = step.needs
            assert plan.step(need).action == Push(step.action.sync.source)
