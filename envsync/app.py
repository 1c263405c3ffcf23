"""The composition root: what each task asks for, answered with everything envsync knows."""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from envsync.dbms.drivers import driver
from envsync.errors import RefusedError
from envsync.execution.executor import Run
from envsync.execution.guard import database_lock, lock_name
from envsync.facts import SwapFactsBase
from envsync.gateways import artefacts, hands
from envsync.gateways.clock import SystemClock
from envsync.gateways.scope import SilentMeter
from envsync.gateways.storage.open_store import open_store
from envsync.inventory.load import load
from envsync.inventory.model import BucketSync, Database, Ensure, Inventory, Sync
from envsync.inventory.shape import schema
from envsync.plan.expand import expand
from envsync.plan.model import VERBS, Plan
from envsync.plan.night import is_due
from envsync.plan.redirect import redirected
from envsync.plan.select import (
    Selection,
    require_consent,
    require_known,
    select,
)
from envsync.reporting.plan_json import plan_json
from envsync.reporting.state import Served, history_table, status_table
from envsync.reporting.table import artefacts_table, plan_markdown, plan_table
from envsync.running import state

SCRIPTS = "sanitisation_sql"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator typed after a task's name; None and False where they said nothing."""

    inventory: str | None = None
    environment: str | None = None
    database: str | None = None
    source: str | None = None
    machine: str | None = None
    onto_protected: str | None = None


def inventory(folder: str | None) -> Inventory:
    """Load the inventory of a folder, of ENVSYNC_INVENTORY, or of ./inventories."""
    named = Path(folder or os.environ.get("ENVSYNC_INVENTORY") or "inventories")
    return load(named, named.resolve().parent / SCRIPTS)


def schema_text() -> str:
    """Return the JSON Schema of an inventory file."""
    return json.dumps(schema(), indent=2)


def plan_text(asked: Asked, *, everything: bool, form: str) -> str:
    """Return the plan of an environment, or of all, as a table, as Markdown or as JSON."""
    forms = {"table": plan_table, "markdown": plan_markdown, "json": plan_json}
    if form not in forms:
        raise RefusedError(f"no format {form!r}; there are {', '.join(forms)}")
    plan = _selected(inventory(asked.inventory), asked, disabled=everything)
    journal = state().journal
    return forms[form](plan, {step.number: journal.expected_seconds(step) for step in plan.steps})


def nightly_plan(asked: Asked) -> Plan:
    """Return tonight's plan: all that is present, and due before the next night."""
    known = inventory(asked.inventory)
    now = datetime.now().astimezone()
    selection = _selection(asked)
    require_known(known, selection)
    return select(expand(known), selection, lambda step: is_due(step, now))


def _selected(known: Inventory, asked: Asked, *, disabled: bool) -> Plan:
    selection = _selection(asked, disabled=disabled)
    require_known(known, selection)
    return select(expand(known), selection)


def _selection(asked: Asked, *, disabled: bool = False) -> Selection:
    environment = asked.environment or os.environ.get("ENVSYNC_ENVIRONMENT")
    return Selection(
        environments=(environment,) if environment else (),
        keys=(asked.database,) if asked.database else (),
        machine=asked.machine,
        disabled=disabled,
    )


def sync_plan(asked: Asked, verbs: tuple[str, ...]) -> Plan:
    """Return the plan that syncs one database or bucket by hand, disabled edges where named.

    Without an environment: ENVSYNC_ENVIRONMENT, else each unprotected one with an edge for it.
    """
    known = inventory(asked.inventory)
    key = asked.database or ""
    named = asked.environment or os.environ.get("ENVSYNC_ENVIRONMENT")
    open_targets = tuple(e.name for e in known.environments if not e.protected)
    selection = Selection(
        environments=(named,) if named else open_targets,
        keys=(key,),
        disabled=named is not None,
        goals=("pull", "copy"),
        verbs=verbs,
    )
    require_known(known, selection)
    _require_halves(known, key, verbs)
    if asked.source:
        require_known(known, Selection(environments=(asked.source,)))
        known = redirected(known, key, selection.environments, asked.source)
    plan = select(expand(known), selection)
    if not plan.steps:
        raise RefusedError(_no_sync(known, key, named))
    require_consent(plan, asked.onto_protected)
    return plan


def _require_halves(known: Inventory, key: str, verbs: tuple[str, ...]) -> None:
    """Refuse to push or pull a bucket: it is copied in one step, from what it holds now."""
    if "copy" not in verbs and any(bucket.key == key for bucket in known.buckets):
        raise RefusedError(
            f"{key!r} is a bucket, which is copied in one step; envsync sync {key} does that"
        )


def _no_sync(known: Inventory, key: str, environment: str | None) -> str:
    edges: tuple[Sync | BucketSync, ...] = (*known.syncs, *known.bucket_syncs)
    into = {
        sync.target.environment.name: sync.options.ensure
        for sync in edges
        if sync.target.key == key
    }
    section = "bucket_syncs" if any(bucket.key == key for bucket in known.buckets) else "syncs"
    where = f" into {environment}" if environment else ""
    ways = [_by_hand(name, ensure) for name, ensure in into.items() if name != environment]
    there = f"there is {'; '.join(ways)}" if ways else f"add it under {section}: of {environment}"
    return f"the inventory has no sync of {key!r}{where} to run; {there}"


def _by_hand(environment: str, ensure: Ensure) -> str:
    named = f"one into {environment}"
    return named if ensure is Ensure.PRESENT else f"{named}, {ensure}: name it with --env"


def push_plan(asked: Asked) -> Plan:
    """Return the push half by name: of an environment's own copy, or of what a sync would push."""
    if asked.environment is None and "ENVSYNC_ENVIRONMENT" not in os.environ:
        return sync_plan(asked, ("push",))
    known = inventory(asked.inventory)
    environment = asked.environment or os.environ["ENVSYNC_ENVIRONMENT"]
    selection = Selection(
        (environment,), (asked.database or "",), disabled=True, goals=("push",), verbs=("push",)
    )
    require_known(known, selection)
    _require_halves(known, asked.database or "", selection.verbs)
    plan = select(expand(known), selection)
    if not plan.steps:
        raise RefusedError(
            f"nothing pushes {asked.database!r} of {environment}: the inventory lists it under no "
            f"backups: of {environment}, and no sync takes it from there"
        )
    return plan


def halves(*, push_only: bool, pull_only: bool, timestamp: str | None) -> tuple[str, ...]:
    """Return which halves of a sync are asked for; a timestamp names an artefact there is."""
    if push_only and pull_only:
        raise RefusedError("--push-only and --pull-only exclude each other; give one, or neither")
    if push_only and timestamp is not None:
        raise RefusedError("--timestamp names an artefact to pull, and --push-only pulls none")
    if timestamp is not None:
        return ("pull",)
    return ("push",) if push_only else ("pull",) if pull_only else VERBS


def careful(jobs: str, timestamp: str | None = None, *, allow_mass_delete: bool = False) -> Run:
    """Return how a run by hand goes: everything is looked at before anything is touched."""
    return Run(_positive(jobs), timestamp, careful=True, allow_mass_delete=allow_mass_delete)


def nightly_run(jobs: str, *, allow_mass_delete: bool = False) -> Run:
    """Return how a nightly run goes: each step looks for itself, independent ones go on."""
    return Run(_positive(jobs), allow_mass_delete=allow_mass_delete)


def _positive(jobs: str) -> int:
    if not jobs.isdecimal() or int(jobs) < 1:
        raise RefusedError(f"--jobs {jobs} is not a number of steps; give 1 or more")
    return int(jobs)


def backups_text(asked: Asked) -> str:
    """Return the artefacts of a database, newest first."""
    database = _database(asked)
    store = open_store(database.storage)
    found = list(artefacts.manifests(store, database.path, database.name))
    if not found:
        return f"{database} has no artefacts in {database.storage.url}"
    restored = state().journal.restored(database.environment.name, database.key)
    return artefacts_table(found, restored)


def rollback(asked: Asked) -> str:
    """Put a database's previous data back; what was live becomes the previous."""
    database = _database(asked)
    if database.environment.protected and asked.onto_protected != database.environment.name:
        raise RefusedError(
            f"{database.environment.name} is protected; to replace its data, add "
            f"--onto-protected {database.environment.name}"
        )
    engine = driver(database)
    remembered = state()
    with (
        remembered.locks.hold(database_lock(database)),
        hands.session(SilentMeter()) as session,
    ):
        facts = session.observe(engine.rollback_question(database))
        for command in engine.rollback(database, facts):
            session.perform(command)
    live = facts.returning if isinstance(facts, SwapFactsBase) else None
    remembered.journal.swap(
        database.environment.name, database.key, live.stamp if live else None, SystemClock().now()
    )
    since = f", with the data of {live.stamp}" if live else ""
    return f"{database.name} in {database.environment.name} is what it was before{since}"


def _database(asked: Asked) -> Database:
    known = inventory(asked.inventory)
    environment = asked.environment or os.environ.get("ENVSYNC_ENVIRONMENT")
    if environment is None:
        raise RefusedError("say which environment with --env, or set ENVSYNC_ENVIRONMENT")
    require_known(known, Selection((environment,), (asked.database or "",)))
    for database in known.databases:
        if (database.environment.name, database.key) == (environment, asked.database):
            return database
    raise RefusedError(f"{environment} has no database {asked.database!r}")


def status_text(asked: Asked) -> str:
    """Return the state of every database of an environment, or of all of them."""
    known = inventory(asked.inventory)
    selection = _selection(asked)
    require_known(known, selection)
    remembered = state()
    plan = select(expand(known), Selection(selection.environments, disabled=True))
    return status_table(
        [
            Served(
                step,
                remembered.journal.latest(step.environment.name, step.key, step.verb),
                remembered.journal.served(step.environment.name, step.key),
                remembered.locks.is_held(lock_name(step)) is not None,
            )
            for step in plan.steps
        ],
        SystemClock().now(),
    )


def history_text(asked: Asked) -> str:
    """Return what the journal remembers of a database, newest first."""
    known = inventory(asked.inventory)
    environments = (asked.environment,) if asked.environment else ()
    require_known(known, Selection(environments, (asked.database or "",)))
    entries = state().journal.history(asked.database or "", asked.environment)
    return history_table(entries) if entries else f"nothing has been run for {asked.database} yet"
