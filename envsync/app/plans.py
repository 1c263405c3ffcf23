"""The plans that tasks ask for: of an environment, of tonight, of one database by hand."""

import os
from datetime import datetime

from envsync.app.asked import Asked, inventory, selected
from envsync.errors import RefusedError
from envsync.inventory.model import BucketSync, Ensure, Inventory, Sync
from envsync.plan.expand import expand
from envsync.plan.hold import held, require_not_held
from envsync.plan.model import Plan
from envsync.plan.night import is_due
from envsync.plan.redirect import redirected
from envsync.plan.select import Selection, require_consent, require_known, select
from envsync.reporting.plan_json import plan_json
from envsync.reporting.table import plan_markdown, plan_table
from envsync.running import state, today


def plan_text(asked: Asked, *, everything: bool, form: str) -> str:
    """Return the plan of an environment, or of all, as a table, as Markdown or as JSON."""
    forms = {"table": plan_table, "markdown": plan_markdown, "json": plan_json}
    if form not in forms:
        raise RefusedError(f"no format {form!r}; there are {', '.join(forms)}")
    plan = _selected(inventory(asked.inventory), asked, disabled=everything)
    remembered = state()
    expected = {step.number: remembered.journal.expected_seconds(step) for step in plan.steps}
    return forms[form](plan, expected, held(plan, remembered.holds.all(), today()))


def nightly_plan(asked: Asked) -> Plan:
    """Return tonight's plan: all that is present, and due before the next night."""
    known = inventory(asked.inventory)
    now = datetime.now().astimezone()
    selection = selected(asked)
    require_known(known, selection)
    return select(expand(known), selection, lambda step: is_due(step, now))


def _selected(known: Inventory, asked: Asked, *, disabled: bool) -> Plan:
    selection = selected(asked, disabled=disabled)
    require_known(known, selection)
    return select(expand(known), selection)


def sync_plan(asked: Asked, verbs: tuple[str, ...]) -> Plan:
    """Return the plan that syncs one database or bucket by hand, disabled edges where named.

    Without an environment: ENVSYNC_ENVIRONMENT, else each unprotected one with an edge for it, but
    for the one the data is to be taken from.
    """
    known = inventory(asked.inventory)
    key = asked.database or ""
    named = asked.environment or os.environ.get("ENVSYNC_ENVIRONMENT")
    selection = Selection(
        environments=(named,) if named else _open_targets(known, asked.source),
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
        raise RefusedError(_no_sync(known, asked, named))
    require_consent(plan, asked.onto_protected)
    require_not_held(plan, state().holds.all(), today())
    return plan


def _open_targets(known: Inventory, source: str | None) -> tuple[str, ...]:
    """Return what is refreshed where no environment is named. Raises RefusedError for none."""
    targets = tuple(e.name for e in known.environments if not e.protected and e.name != source)
    if not targets:
        least = "every environment" if source is None else f"every environment but {source}"
        raise RefusedError(f"{least} is protected; name the one to refresh with --env")
    return targets


def _require_halves(known: Inventory, key: str, verbs: tuple[str, ...]) -> None:
    """Refuse to push or pull a bucket: it is copied in one step, from what it holds now."""
    if "copy" not in verbs and any(bucket.key == key for bucket in known.buckets):
        raise RefusedError(
            f"{key!r} is a bucket, which is copied in one step; envsync sync {key} does that"
        )


def _no_sync(known: Inventory, asked: Asked, environment: str | None) -> str:
    key = asked.database or ""
    edges: tuple[Sync | BucketSync, ...] = (*known.syncs, *known.bucket_syncs)
    into = {
        sync.target.environment.name: sync.options.ensure
        for sync in edges
        if sync.target.key == key
    }
    if environment is not None and into.get(environment) is Ensure.ABSENT:
        return (
            f"the sync of {key!r} into {environment} is ensure: absent in the inventory; to run it "
            "by hand make that disabled, and present to have nights run it too"
        )
    section = "bucket_syncs" if any(bucket.key == key for bucket in known.buckets) else "syncs"
    where = f" into {environment}" if environment else ""
    ways = [
        f"one into {name}{_by_name(ensure, needed=name == asked.source)}"
        for name, ensure in into.items()
        if name != environment
    ]
    there = f"there is {'; '.join(ways)}" if ways else f"add it under {section}: of {environment}"
    return f"the inventory has no sync of {key!r}{where} to run; {there}"


def _by_name(ensure: Ensure, *, needed: bool) -> str:
    """Tell how to ask for an edge that is run only where its environment is named."""
    match ensure:
        case Ensure.PRESENT:
            return ": name it with --env" if needed else ""
        case Ensure.DISABLED:
            return ", disabled: name it with --env"
        case Ensure.ABSENT:
            return ", which is ensure: absent: make that disabled, and name it with --env"


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
    require_not_held(plan, state().holds.all(), today())
    return plan
