"""A plan is a table people can read: at most 100 columns, whatever its names."""

import json
from dataclasses import replace

from envsync.inventory.model import Coverage, Ensure
from envsync.plan.expand import expand
from envsync.reporting.grid import shortened
from envsync.reporting.plan_json import plan_json
from envsync.reporting.table import WIDTH, plan_markdown, plan_table
from tests.fleet import CHAINED, COPIED, PRODUCTION, SHARED, STAGING, database, inventory, sync


def test_a_plan_shows_number_step_machine_database_way_script_needs_and_duration() -> None:
    assert plan_table(expand(CHAINED), {1: 192.0}).splitlines()[:6] == [
        "#  step  machine   database        from → to              sanitised by  needs  expected",
        "-  ----  --------  --------------  ---------------------  ------------  -----  --------",
        "1  push  db_admin  content_tagger  production → file      -             -      3m12s",
        "2  pull  db_admin  content_tagger  production → staging   never         1      ?",
        "3  push  db_admin  content_tagger  staging → file         -             2      ?",
        "4  pull  db_admin  content_tagger  staging → integration  -             3      ?",
    ]


def test_a_plan_of_eighty_databases_with_long_names_fits() -> None:
    syncs = []
    for number in range(80):
        key = f"content_performance_manager_and_friends_{number}"
        source, target = database(key, PRODUCTION), database(key, STAGING)
        syncs.append(sync(source, target))
    fleet = replace(
        inventory(*syncs),
        databases=tuple(end for edge in syncs for end in (edge.source, edge.target)),
    )
    assert max(map(len, plan_table(expand(fleet), {}).splitlines())) <= WIDTH


def test_a_plan_says_which_way_each_pull_restores() -> None:
    plain = replace(SHARED.syncs[0].target, restore_jobs=1)
    both = inventory(replace(SHARED.syncs[0], target=plain), SHARED.syncs[1])
    assert plan_table(expand(both), {}).splitlines()[-2:] == [
        "pull 2 restores straight from the stream through one pg_restore",
        "pull 3 restores straight from the stream over 2 connections (large objects: one)",
    ]


def test_a_plan_says_what_copies_delete() -> None:
    first, second = COPIED.bucket_syncs
    both = replace(COPIED, syncs=(), bucket_syncs=(replace(first, delete=False), second))
    assert plan_table(expand(both), {}).splitlines() == [
        "#  step  machine   database  from → to              sanitised by  needs  expected",
        "-  ----  --------  --------  ---------------------  ------------  -----  --------",
        "1  copy  db_admin  assets    production → staging   never         -      ?",
        "2  copy  db_admin  assets    staging → integration  -             1      ?",
        "",
        "copy 1 deletes what its source does not have, up to 10 % of the objects there",
        "copy 2 deletes nothing",
    ]


def test_a_plan_says_which_pulls_only_warn_of_columns_nobody_decided_on() -> None:
    first, second = SHARED.syncs
    lenient = replace(SHARED, syncs=(first, replace(second, coverage=Coverage.WARN)))
    assert plan_table(expand(lenient), {}).splitlines()[-1] == (
        "pull 3 warns of columns nobody has decided on (coverage: warn)"
    )


def test_a_plan_with_nothing_in_it_says_so() -> None:
    assert plan_table(expand(inventory()), {}) == "nothing to do"


def test_markdown_shortens_nothing() -> None:
    assert (
        "| 3 | pull | db_admin | publishing_api | production → integration | clean.sql    |"
        in plan_markdown(expand(SHARED), {})
    )


def test_a_disabled_step_is_shown_to_be_one() -> None:
    held = SHARED.syncs[0]
    disabled = replace(held, options=replace(held.options, ensure=Ensure.DISABLED))
    rows = plan_table(expand(inventory(disabled)), {}).splitlines()[2:4]
    assert [row.split()[-1] for row in rows] == ["disabled", "disabled"]


def test_json_holds_every_step_whole() -> None:
    steps = json.loads(plan_json(expand(SHARED), {2: 3.5}))["steps"]
    assert [
        (step["number"], step["machine"], step["needs"], step["expected_seconds"]) for step in steps
    ] == [
        (1, "production/db_admin", [], None),
        (2, "staging/db_admin", [1], 3.5),
        (3, "integration/db_admin", [1], None),
    ]


def test_a_name_too_long_loses_its_middle() -> None:
    assert shortened("sanitise_publishing_api.sql", 12) == "sanit…pi.sql"
