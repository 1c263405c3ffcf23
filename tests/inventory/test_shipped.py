"""The inventories that are shipped load, keep the schema beside them, and mean what they should."""

import json
import re
from pathlib import Path

import pytest

from envsync.inventory.load import load
from envsync.inventory.model import Ensure, NeverSanitise, Sanitise
from envsync.inventory.schema import schema

INVENTORIES = Path(__file__).parents[2] / "inventories"
SCRIPTS = Path(__file__).parents[2] / "sanitisation_sql"
FILES = sorted(INVENTORIES.glob("*.yaml"))


def test_three_environments_hold_the_same_databases() -> None:
    inventory = load(INVENTORIES, SCRIPTS)
    assert {(each.environment.name, each.key, each.name) for each in inventory.databases} == {
        (environment, key, name)
        for environment in ("production", "staging", "integration")
        for key, name in (
            ("publishing_api", "publishing_api_production"),
            ("content_tagger", "content_tagger_production"),
            ("email_alert_api", "email-alert-api_production"),
            ("signon", "signon_production"),
            ("asset_manager", "govuk_assets_production"),
            ("router", "router"),
            ("search", "search"),
        )
    }


def test_every_nightly_sync_out_of_production_is_checked_or_says_why_not() -> None:
    edges = {
        (sync.source.environment.name, sync.target.environment.name, sync.target.key): sync
        for sync in load(INVENTORIES, SCRIPTS).syncs
        if sync.options.ensure is Ensure.PRESENT
    }
    said = {
        edge: (sync.sanitise.script.name, sync.checks is not None)
        if isinstance(sync.sanitise, Sanitise)
        else isinstance(sync.sanitise, NeverSanitise)
        for edge, sync in edges.items()
    }
    publishing = ("sanitise_publishing_api_production.sql", True)
    email = ("anonymise_email_addresses.sql", True)
    signon = ("sanitise_signon_production.sql", True)
    # Documents are sanitised and checked by one file.
    assets = ("sanitise_asset_manager_production.mongo.yaml", False)
    assert said == {
        ("production", "staging", "publishing_api"): publishing,
        ("production", "staging", "email_alert_api"): email,
        ("production", "staging", "signon"): signon,
        ("production", "staging", "asset_manager"): assets,
        ("production", "staging", "content_tagger"): True,
        ("production", "staging", "router"): True,
        ("production", "staging", "search"): True,
        ("production", "integration", "publishing_api"): publishing,
        ("production", "integration", "email_alert_api"): email,
        ("production", "integration", "signon"): signon,
        ("production", "integration", "asset_manager"): assets,
        ("staging", "integration", "content_tagger"): False,
        ("staging", "integration", "router"): False,
        ("production", "integration", "search"): True,
    }


def test_production_restores_only_itself_and_only_by_hand() -> None:
    restores = [s for s in load(INVENTORIES, SCRIPTS).syncs if s.target.environment.protected]
    assert {(s.source == s.target, s.options.ensure) for s in restores} == {(True, Ensure.DISABLED)}


def test_assets_go_from_production_over_staging_to_integration() -> None:
    edges = load(INVENTORIES, SCRIPTS).bucket_syncs
    assert [(edge.source.place.url, edge.target.place.url, edge.delete) for edge in edges] == [
        ("s3://govuk-assets-staging", "s3://govuk-assets-integration", True),
        ("s3://govuk-assets-production", "s3://govuk-assets-staging", True),
    ]


def test_steps_start_when_they_always_did() -> None:
    inventory = load(INVENTORIES, SCRIPTS)
    steps = [sync.options for sync in inventory.syncs]
    steps += [backup.options for backup in inventory.backups]
    steps += [edge.options for edge in inventory.bucket_syncs]
    assert sorted(
        f"{step.schedule.text} {step.title}" for step in steps if step.schedule is not None
    ) == [
        "02:00 push_publishing_api_production_daily",
        "02:07 pull_content_tagger_production_daily",
        "02:20 push_asset_manager_production_daily",
        "02:20 push_signon_production_daily",
        "02:30 push_router_production_daily",
        "02:40 pull_publishing_api_production_daily",
        "02:40 push_email_alert_api_production_daily",
        "03:00 pull_content_tagger_staging_daily",
        "03:10 pull_email_alert_api_production_daily",
        "03:10 pull_email_alert_api_production_daily",
        "03:20 pull_asset_manager_production_daily",
        "03:20 pull_asset_manager_production_daily",
        "03:20 pull_search_production_daily",
        "03:25 pull_signon_production_daily",
        "03:30 pull_router_production_daily",
        "03:30 pull_signon_production_daily",
        "03:30 push_content_tagger_production_integration_daily",
        "03:45 pull_publishing_api_production_daily",
        "03:50 push_publishing_api_integration_daily",
        "04:15 push_email_alert_api_integration_daily",
        "04:20 pull_search_production_daily",
        "04:30 copy_assets_production_daily",
        "04:30 pull_router_staging_daily",
        "04:30 push_signon_integration_daily",
        "05:00 copy_assets_staging_daily",
    ]


def test_the_schema_beside_the_inventories_is_current() -> None:
    assert json.loads((INVENTORIES / "schema.json").read_text()) == schema()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_editors_find_the_schema(path: Path) -> None:
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text())
    assert named is not None
    assert (path.parent / named[1]).is_file()
