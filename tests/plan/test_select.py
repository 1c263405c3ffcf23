"""A selection holds what was asked for and what that needs, and nothing else."""

from dataclasses import replace

import pytest

from envsync.errors import RefusedError
from envsync.inventory.model import Ensure, NeverSanitise
from envsync.plan.expand import expand
from envsync.plan.model import Plan
from envsync.plan.redirect import redirected
from envsync.plan.select import Selection, require_consent, require_known, select
from tests.fleet import CHAINED, PUBLISHING, SHARED, backup, cleaned, inventory, sync

BOTH = inventory(*SHARED.syncs, *CHAINED.syncs, backups=(backup(PUBLISHING["integration"]),))
PLAN = expand(BOTH)


def shown(plan: Plan) -> list[tuple[int, str, tuple[int, ...]]]:
    return [(step.number, str(step.action), step.needs) for step in plan.steps]


def test_a_pull_brings_the_push_it_needs_and_steps_are_numbered_from_one() -> None:
    chosen = select(PLAN, Selection(("integration",), ("publishing_api",), goals=("pull",)))
    assert shown(chosen) == [
        (1, "push publishing_api from production", ()),
        (2, "pull publishing_api into integration", (1,)),
    ]


def test_refreshing_integration_does_not_refresh_staging() -> None:
    chosen = select(PLAN, Selection(("integration",), ("content_tagger",)))
    assert shown(chosen) == [
        (1, "push content_tagger from staging", ()),
        (2, "pull content_tagger into integration", (1,)),
    ]


def test_an_environment_s_goals_hold_its_backups() -> None:
    chosen = select(PLAN, Selection(("integration",), ("publishing_api",)))
    assert shown(chosen)[-1] == (3, "push publishing_api from integration", (2,))


@pytest.mark.parametrize(
    ("verbs", "expected"),
    [
        (("push",), ["push publishing_api from production"]),
        (("pull",), ["pull publishing_api into staging"]),
    ],
)
def test_one_half_of_a_sync_is_that_half_alone(verbs: tuple[str, ...], expected: list[str]) -> None:
    asked = Selection(("staging",), ("publishing_api",), goals=("pull",), verbs=verbs)
    assert [str(step.action) for step in select(PLAN, asked).steps] == expected


def test_a_pull_of_clean_data_brings_the_cleaning_and_the_push_before_it() -> None:
    chosen = select(expand(inventory(*map(cleaned, SHARED.syncs))), Selection(("staging",)))
    assert shown(chosen) == [
        (1, "push publishing_api from production", ()),
        (2, "clean publishing_api of production", (1,)),
        (3, "pull publishing_api into staging", (2,)),
    ]


def test_a_cleaning_needs_nobody_s_consent_though_its_environment_is_protected() -> None:
    plan = expand(inventory(*map(cleaned, SHARED.syncs)))
    require_consent(plan, None)


def test_what_must_arrive_clean_is_not_taken_from_where_nothing_is_cleaned() -> None:
    edge = cleaned(sync(PUBLISHING["production"], PUBLISHING["integration"]))
    known = inventory(edge)
    with pytest.raises(RefusedError, match="has no clean_storage or no scratch server"):
        redirected(known, "publishing_api", ("integration",), "staging")


def test_pushes_by_name_are_those_of_the_environment_itself() -> None:
    asked = Selection(("staging",), ("content_tagger",), goals=("push",), verbs=("push",))
    assert [str(step.action) for step in select(PLAN, asked).steps] == [
        "push content_tagger from staging"
    ]


@pytest.mark.parametrize("machine", ["db_admin", "integration/db_admin"])
def test_a_machine_is_meant_by_its_name_or_in_full(machine: str) -> None:
    chosen = select(PLAN, Selection(("integration",), machine=machine))
    assert "pull publishing_api into integration" in [str(step.action) for step in chosen.steps]


def test_steps_of_other_machines_are_left_to_them() -> None:
    chosen = select(PLAN, Selection(("integration",), machine="integration/db_admin"))
    assert {step.environment.name for step in chosen.steps} == {"integration"}


def test_disabled_steps_are_chosen_only_when_asked_for() -> None:
    held = SHARED.syncs[0]
    disabled = replace(held, options=replace(held.options, ensure=Ensure.DISABLED))
    plan = expand(inventory(disabled))
    counts = [len(select(plan, Selection(disabled=asked)).steps) for asked in (False, True)]
    assert counts == [0, 2]


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (
            Selection(environments=("integratoin",)),
            "no environment 'integratoin' in the inventory; did you mean 'integration'?",
        ),
        (
            Selection(keys=("publishing-api",)),
            "no database 'publishing-api' in the inventory; did you mean 'publishing_api'?",
        ),
        (
            Selection(machine="x"),
            (
                "no machine 'x' in the inventory; there are db_admin, integration/db_admin, "
                "production/db_admin, staging/db_admin"
            ),
        ),
    ],
)
def test_an_unknown_name_is_refused_with_what_is_known(selection: Selection, message: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        require_known(BOTH, selection)
    assert str(refusal.value) == message


def test_another_source_takes_the_place_of_the_declared_one() -> None:
    changed = redirected(BOTH, "publishing_api", ("integration",), "staging")
    chosen = select(
        expand(changed), Selection(("integration",), ("publishing_api",), goals=("pull",))
    )
    assert shown(chosen)[0] == (1, "push publishing_api from staging", ())


def test_data_can_be_taken_back_from_where_it_is_passed_on_to() -> None:
    there = sync(PUBLISHING["production"], PUBLISHING["staging"])
    on = sync(PUBLISHING["staging"], PUBLISHING["integration"])
    changed = redirected(inventory(there, on), "publishing_api", ("staging",), "integration")
    chosen = select(expand(changed), Selection(("staging",), ("publishing_api",), goals=("pull",)))
    assert shown(chosen) == [
        (1, "push publishing_api from integration", ()),
        (2, "pull publishing_api into staging", (1,)),
    ]


def test_a_database_that_gets_back_its_own_backup_has_nothing_cleaned_before() -> None:
    there = cleaned(sync(PUBLISHING["production"], PUBLISHING["staging"]))
    on = cleaned(sync(PUBLISHING["staging"], PUBLISHING["integration"]))
    changed = redirected(inventory(there, on), "publishing_api", ("staging",), "staging")
    chosen = select(expand(changed), Selection(("staging",), ("publishing_api",), goals=("pull",)))
    assert shown(chosen) == [(1, "pull publishing_api into staging", ())]


def test_a_protected_source_is_refused_where_the_edge_does_not_say_how_it_is_sanitised() -> None:
    unsaid = inventory(sync(PUBLISHING["staging"], PUBLISHING["integration"], None))
    with pytest.raises(RefusedError, match="production is protected and the sync"):
        redirected(unsaid, "publishing_api", (), "production")


def test_that_one_source_s_data_needs_no_sanitising_does_not_say_so_of_another_s() -> None:
    public = NeverSanitise("staging is sanitised already")
    known = inventory(sync(PUBLISHING["staging"], PUBLISHING["integration"], public))
    with pytest.raises(RefusedError, match="says 'sanitise: never' of staging's data alone"):
        redirected(known, "publishing_api", ("integration",), "production")
    back = inventory(sync(PUBLISHING["production"], PUBLISHING["integration"], public))
    assert redirected(back, "publishing_api", ("integration",), "production") == back


def test_a_protected_environment_is_pulled_into_only_when_typed_out() -> None:
    own = PUBLISHING["production"]
    plan = expand(inventory(sync(own, own)))
    with pytest.raises(RefusedError, match="add --onto-protected production"):
        require_consent(plan, None)
    require_consent(plan, "production")
