"""Whatever the inventory, its plan keeps the promises of docs/architecture.md."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from envsync.artefacts import Stamp
from envsync.commands import Command
from envsync.errors import RefusedError
from envsync.inventory.model import Database, Ensure, Inventory, Sanitise
from envsync.places import Secret
from envsync.plan.expand import expand, restores_itself
from envsync.plan.model import VERBS, Clean, Copy, Plan, Pull, Push, Step, Verify
from envsync.plan.night import is_due
from envsync.plan.redirect import redirected
from envsync.plan.select import Selection, require_consent, select
from envsync.reporting.plan_json import plan_json
from envsync.reporting.table import plan_markdown, plan_table
from tests.properties.compiled import compiled, facts
from tests.properties.everything import everything_in
from tests.properties.inventories import inventories

unhurried = settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
INVENTORIES = inventories()
# What lets an application see a copy, or puts it where one could.
REVEALING = {"Promote", "CopyBeside", "SwapBack"}
RESTORING = {"Restore"}
# What puts data into a storage, or says that it is there.
LEAVING = {"Dump", "Publish", "TakeSnapshot"}


def kinds(commands: list[Command]) -> list[str]:
    return [type(command).__name__ for command in commands]


def place(database: Database) -> tuple[str, str]:
    return database.environment.name, database.key


def leaves_a_protected_environment(step: Step) -> bool:
    return (
        isinstance(step.action, Pull | Copy)
        and step.source.protected
        and step.source != step.environment
    )


@unhurried
@given(INVENTORIES, some.data())
def test_no_path_reaches_promote_around_sanitise_and_check(
    inventory: Inventory, data: some.DataObject
) -> None:
    for step in expand(inventory).steps:
        done = kinds(commands := compiled(step, data.draw(facts(step))))
        shown = [number for number, kind in enumerate(done) if kind in REVEALING]
        if not isinstance(step.action, Pull):
            assert shown == []
            continue
        sync = step.action.sync
        assert done.count("Promote") == 1
        wanted = [
            *(["RunScript"] if sync.script and not sync.is_cleaned else []),
            *(["Rewrite"] * len(sync.rewrite)),
            *(["RunChecks"] if sync.checks else []),
        ]
        before = done[: shown[0]]
        for kind in ("Restore", "CompareRows", *wanted):
            assert kind in before, f"{kind} is not before {done[shown[0]]}: {done}"
        made_safe = [kind for kind in done if kind in {"RunScript", "Rewrite"}]
        checked = [number for number, kind in enumerate(done) if kind == "RunChecks"]
        assert made_safe == [kind for kind in wanted if kind != "RunChecks"]
        for number in checked:
            assert not {"RunScript", "Rewrite", "Restore"} & set(done[number:])
        for command in commands:
            if type(command).__name__ == "RunScript":
                assert isinstance(sync.sanitise, Sanitise)
                assert sync.sanitise.script.name in "\n".join(command.lines())


@unhurried
@given(INVENTORIES, some.data())
def test_what_leaves_clean_was_sanitised_and_checked_before(
    inventory: Inventory, data: some.DataObject
) -> None:
    plan = expand(inventory)
    for step in plan.steps:
        if isinstance(step.action, Pull) and step.action.sync.is_cleaned:
            made = made_for(plan, step)
            assert isinstance(made, Clean)
            assert place(made.sync.source) == place(step.action.sync.source)
            assert step.storage != step.action.sync.source.storage
        if not isinstance(step.action, Clean):
            continue
        done = kinds(compiled(step, data.draw(facts(step))))
        checks = [number for number, kind in enumerate(done) if kind == "RunChecks"]
        leaving = [number for number, kind in enumerate(done) if kind in LEAVING]
        assert leaving
        assert done.count("RunScript") == 1
        assert done.index("Restore") < done.index("RunScript")
        assert all(done.index("RunScript") < number for number in (*checks, *leaving))
        assert max(checks, default=-1) < min(leaving)
        assert checks or not step.action.sync.checks


@unhurried
@given(INVENTORIES, some.data())
def test_what_is_sanitised_is_restored_where_no_application_looks(
    inventory: Inventory, data: some.DataObject
) -> None:
    for step in expand(inventory).steps:
        if not isinstance(step.action, Pull) or not isinstance(step.action.sync.sanitise, Sanitise):
            continue
        for command in compiled(step, data.draw(facts(step))):
            if type(command).__name__ in RESTORING:
                live = step.database.name
                where = [each for each in everything_in(command) if isinstance(each, str)]
                quarantine = f"{live}__incoming"
                hidden = any(each.startswith(f"envsync-{live}@") for each in where)
                assert quarantine in where or hidden


@unhurried
@given(INVENTORIES, some.data())
def test_a_drill_shows_nobody_anything_and_drops_what_it_restored(
    inventory: Inventory, data: some.DataObject
) -> None:
    for step in expand(inventory).steps:
        if isinstance(step.action, Verify):
            done = kinds(compiled(step, data.draw(facts(step))))
            restored, dropped = done.index("Restore"), done[::-1].index("CompareRows")
            assert step.database.name == f"{step.action.sync.source.name}__verify"
            assert not REVEALING & set(done)
            assert restored < len(done) - dropped
            assert any(kind.startswith("Drop") for kind in done[len(done) - dropped :])


@unhurried
@given(INVENTORIES)
def test_forgetting_is_impossible(inventory: Inventory) -> None:
    for step in expand(inventory).steps:
        if leaves_a_protected_environment(step):
            assert step.sanitised is not None


@unhurried
@given(INVENTORIES, some.data())
def test_no_other_source_makes_a_sync_forget(inventory: Inventory, data: some.DataObject) -> None:
    keys = {
        "none",
        *(database.key for database in inventory.databases),
        *(bucket.key for bucket in inventory.buckets),
    }
    source = data.draw(some.sampled_from(inventory.environments)).name
    try:
        changed = redirected(inventory, data.draw(some.sampled_from(sorted(keys))), (), source)
    except RefusedError:
        return
    declared = {place(edge.target): edge.source.environment for edge in inventory.syncs}
    for step in expand(changed).steps:
        if not leaves_a_protected_environment(step):
            continue
        assert step.sanitised
        if isinstance(step.action, Pull) and declared[place(step.database)] != step.source:
            assert isinstance(step.action.sync.sanitise, Sanitise)


@unhurried
@given(INVENTORIES)
def test_a_plan_holds_no_secret_and_no_moment(inventory: Inventory) -> None:
    for value in everything_in(expand(inventory)):
        assert not isinstance(value, date | Stamp)
        if isinstance(value, Secret):
            assert {field.name for field in fields(value)} == {"source", "name"}


@unhurried
@given(INVENTORIES)
def test_two_expansions_are_equal_and_show_the_same_bytes(inventory: Inventory) -> None:
    first, second = expand(inventory), expand(inventory)
    assert first == second
    for form in (plan_table, plan_markdown, plan_json):
        assert form(first, {}) == form(second, {})


@unhurried
@given(INVENTORIES)
def test_a_step_comes_after_all_it_needs_and_is_there_once(inventory: Inventory) -> None:
    steps = expand(inventory).steps
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert all(0 < need < step.number for step in steps for need in step.needs)
    worked_on = [(step.verb, step.environment.name, step.key) for step in steps]
    assert len(worked_on) == len(set(worked_on))


@unhurried
@given(INVENTORIES)
def test_all_targets_of_a_source_share_its_one_push(inventory: Inventory) -> None:
    plan = expand(inventory)
    for step in plan.steps:
        if isinstance(step.action, Pull) and step.action.sync.is_cleaned:
            clean = made_for(plan, step)
            assert isinstance(clean, Clean)
            assert clean.sync.source == step.action.sync.source
        elif isinstance(step.action, Pull | Clean) and not restores_itself(step.action.sync):
            assert made_for(plan, step) == Push(step.action.sync.source)


def made_for(plan: Plan, step: Step) -> object:
    """Return what makes the artefact that a step restores; it is waited for."""
    assert step.restores in step.needs
    return plan.step(step.restores).action


@unhurried
@given(INVENTORIES)
def test_what_is_told_to_come_after_does(inventory: Inventory) -> None:
    plan = expand(inventory)
    pulls = {place(step.database): step for step in plan.steps if isinstance(step.action, Pull)}
    for step in pulls.values():
        for key in step.options.after:
            named = pulls.get((step.environment.name, key))
            by_night = named is not None and named.options.ensure is Ensure.PRESENT
            if named and by_night and (step.group is None or step.group != named.group):
                assert named.number in waited_for(plan, step)


@unhurried
@given(INVENTORIES)
def test_a_group_is_pushed_before_any_of_it_is_pulled(inventory: Inventory) -> None:
    plan = expand(inventory)
    pulls = [step for step in plan.steps if isinstance(step.action, Pull) and step.group]
    for step in pulls:
        for other in pulls:
            of_one = (other.environment, other.group) == (step.environment, step.group)
            made = None if other.restores is None else plan.step(other.restores)
            if of_one and made and made.options.ensure is Ensure.PRESENT:
                assert made.number in waited_for(plan, step)


def waited_for(plan: Plan, step: Step) -> set[int]:
    """Return the numbers of all that has to end before a step begins."""
    found: set[int] = set()
    needs = list(step.needs)
    while needs:
        number = needs.pop()
        if number not in found:
            found.add(number)
            needs += plan.step(number).needs
    return found


@unhurried
@given(INVENTORIES)
def test_what_is_refreshed_at_night_is_passed_on_afterwards(inventory: Inventory) -> None:
    steps = expand(inventory).steps
    refreshed = {
        (step.environment.name, step.key): step.number
        for step in steps
        if isinstance(step.action, Pull | Copy) and step.options.ensure is Ensure.PRESENT
    }
    for step in steps:
        match step.action:
            case Push(database) if place(database) in refreshed:
                assert refreshed[place(database)] in step.needs
            case Copy(edge) if (edge.source.environment.name, edge.source.key) in refreshed:
                assert refreshed[edge.source.environment.name, edge.source.key] in step.needs
            case _:
                continue


MOMENTS = some.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001


def tonight(inventory: Inventory, now: datetime) -> Plan:
    return select(expand(inventory), Selection(), lambda step: is_due(step, now))


@unhurried
@given(INVENTORIES, MOMENTS)
def test_no_night_writes_to_a_protected_environment(inventory: Inventory, now: datetime) -> None:
    for step in tonight(inventory, now).steps:
        assert not isinstance(step.action, Pull | Copy) or not step.environment.protected


@unhurried
@given(INVENTORIES)
def test_no_hand_writes_to_a_protected_environment_that_was_not_typed_out(
    inventory: Inventory,
) -> None:
    plan = expand(inventory)
    writing = [step for step in plan.steps if isinstance(step.action, Pull | Copy)]
    onto = {step.environment.name for step in writing if step.environment.protected}
    if not onto:
        require_consent(plan, None)
        return
    with pytest.raises(RefusedError, match="--onto-protected"):
        require_consent(plan, None)
    if len(onto) == 1:
        require_consent(plan, *onto)


SELECTIONS = some.builds(
    Selection,
    disabled=some.booleans(),
    goals=some.sampled_from((VERBS, ("push",), ("pull", "copy"))),
    verbs=some.sampled_from((VERBS, ("push",), ("pull",))),
)


@unhurried
@given(INVENTORIES, SELECTIONS, MOMENTS, some.data())
def test_a_selection_keeps_the_order_and_every_pull_its_push(
    inventory: Inventory, selection: Selection, now: datetime, data: some.DataObject
) -> None:
    whole = expand(inventory)
    named = data.draw(some.sampled_from(inventory.environments)).name
    asked = Selection((named,), disabled=selection.disabled, goals=selection.goals)
    for each in (selection, asked):
        chosen = select(whole, each, lambda step: is_due(step, now))
        actions = [step.action for step in whole.steps]
        order = [actions.index(step.action) for step in chosen.steps]
        assert order == sorted(order)
        assert all(need < step.number for step in chosen.steps for need in step.needs)
        if each.verbs == VERBS:
            for step in chosen.steps:
                if isinstance(step.action, Pull) and not restores_itself(step.action.sync):
                    needed = [chosen.step(need) for need in step.needs]
                    if step.action.sync.is_cleaned:
                        needed = [chosen.step(need) for clean in needed for need in clean.needs]
                    assert Push(step.action.sync.source) in [push.action for push in needed]


@unhurried
@given(INVENTORIES, MOMENTS)
def test_a_day_of_nights_forgets_no_daily_step(inventory: Inventory, now: datetime) -> None:
    daily = {
        str(step.action)
        for step in expand(inventory).steps
        if step.goal
        and step.options.ensure is Ensure.PRESENT
        and (step.options.schedule is None or step.options.schedule.cron.endswith("* * *"))
    }
    run = {
        str(step.action)
        for hours in (0, 24)
        for step in tonight(inventory, now + timedelta(hours=hours)).steps
    }
    assert daily <= run
