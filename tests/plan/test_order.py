"""A plan keeps the order of its inventory: what comes after what, and groups."""

from dataclasses import replace

from envsync.inventory.model import Ensure, Sync
from envsync.plan.expand import expand
from envsync.plan.model import Plan
from envsync.plan.select import Selection, select
from tests.fleet import PUBLISHING, TAGGER, backup, cleaned, inventory, sync

PUBLISHED = sync(PUBLISHING["production"], PUBLISHING["staging"])
TAGGED = sync(TAGGER["production"], TAGGER["staging"])


def after(edge: Sync, *keys: str) -> Sync:
    return replace(edge, options=replace(edge.options, after=keys))


def grouped(edge: Sync) -> Sync:
    return replace(edge, group="content")


def shown(plan: Plan) -> list[tuple[int, str, tuple[int, ...], int | None]]:
    return [(step.number, str(step.action), step.needs, step.restores) for step in plan.steps]


def test_a_sync_after_another_is_pushed_and_pulled_after_it() -> None:
    assert shown(expand(inventory(after(PUBLISHED, "content_tagger"), TAGGED))) == [
        (1, "push content_tagger from production", (), None),
        (2, "push publishing_api from production", (1,), None),
        (3, "pull content_tagger into staging", (1,), 1),
        (4, "pull publishing_api into staging", (2, 3), 2),
    ]


def test_a_backup_after_another_waits_for_all_that_is_done_to_it() -> None:
    late = backup(PUBLISHING["staging"])
    late = replace(late, options=replace(late.options, after=("content_tagger",)))
    steps = expand(inventory(TAGGED, backups=(late,))).steps
    assert [(str(step.action), step.needs) for step in steps] == [
        ("push content_tagger from production", ()),
        ("pull content_tagger into staging", (1,)),
        ("push publishing_api from staging", (2,)),
    ]


def test_the_pulls_of_a_group_wait_for_all_of_its_pushes() -> None:
    plan = expand(inventory(grouped(PUBLISHED), grouped(TAGGED)))
    assert shown(plan) == [
        (1, "push publishing_api from production", (), None),
        (2, "push content_tagger from production", (), None),
        (3, "pull publishing_api into staging", (1, 2), 1),
        (4, "pull content_tagger into staging", (1, 2), 2),
    ]
    assert [step.group for step in plan.steps] == [None, None, *["content (staging)"] * 2]


def test_the_pulls_of_a_group_wait_for_its_cleaning_too() -> None:
    plan = expand(inventory(grouped(cleaned(PUBLISHED)), grouped(TAGGED)))
    assert shown(plan) == [
        (1, "push publishing_api from production", (), None),
        (2, "clean publishing_api of production", (1,), 1),
        (3, "push content_tagger from production", (), None),
        (4, "pull publishing_api into staging", (2, 3), 2),
        (5, "pull content_tagger into staging", (2, 3), 3),
    ]


def test_members_of_a_group_order_their_pushes_and_not_their_pulls() -> None:
    both = inventory(grouped(after(PUBLISHED, "content_tagger")), grouped(TAGGED))
    assert [(str(step.action), step.needs) for step in expand(both).steps] == [
        ("push content_tagger from production", ()),
        ("push publishing_api from production", (1,)),
        ("pull publishing_api into staging", (1, 2)),
        ("pull content_tagger into staging", (1, 2)),
    ]


def test_one_that_is_asked_for_alone_brings_its_own_push_and_no_other() -> None:
    plan = expand(inventory(grouped(after(PUBLISHED, "content_tagger")), grouped(TAGGED)))
    assert shown(select(plan, Selection(keys=("publishing_api",)))) == [
        (1, "push publishing_api from production", (), None),
        (2, "pull publishing_api into staging", (1,), 1),
    ]


def test_what_is_disabled_is_not_waited_for() -> None:
    away = replace(TAGGED, options=replace(TAGGED.options, ensure=Ensure.DISABLED))
    plan = select(expand(inventory(after(PUBLISHED, "content_tagger"), away)), Selection())
    assert [(str(step.action), step.needs) for step in plan.steps] == [
        ("push publishing_api from production", ()),
        ("pull publishing_api into staging", (1,)),
    ]
