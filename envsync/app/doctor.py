"""An examination: everything tonight's steps will need, looked at now, with nothing changed."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from envsync.app.asked import Asked, inventory, selected
from envsync.app.doctor_steps import examined, folder_finding
from envsync.errors import EnvsyncError, RefusedError
from envsync.gateways import icinga
from envsync.gateways.clock import SystemClock
from envsync.inventory.model import Environment
from envsync.plan.expand import expand
from envsync.plan.hold import Hold, held
from envsync.plan.model import Step
from envsync.plan.select import Selection, require_known, select
from envsync.reporting.doctor import Finding, Health, findings_table
from envsync.running import State, state

AT_ONCE = 8
"""How many steps are looked at at the same time: most of it is waiting for servers."""


def examine(asked: Asked) -> tuple[str, bool]:
    """Return what was found as a table, and whether nothing failed."""
    known = inventory(asked.inventory)
    wanted = selected(asked, disabled=True)
    require_known(known, wanted)
    plan = select(expand(known), Selection(wanted.environments, (), wanted.machine, disabled=True))
    if not plan.steps:
        raise RefusedError("there is nothing to examine: no step is selected; envsync plan --all")
    now = SystemClock().now()
    remembered = state()
    holds, unread = _read_holds(remembered)
    paused = held(plan, holds, now.date()).paused

    def look(step: Step) -> list[Finding]:
        """Look at a step, and at what lies there where no other step makes it anew."""
        held_itself = step.number in paused
        makes_another = step.restores is not None and (step.restores not in paused or held_itself)
        return examined(step, remembered, now, makes_another=makes_another)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="doctor") as pool:
        looks = list(pool.map(look, plan.steps))
        reports = list(pool.map(_monitoring, _environments(plan.steps)))
    found = [
        *_machine(remembered),
        *unread,
        *_holds(holds, wanted.environments, now),
        *(each for report in reports for each in report),
        *(each for look in looks for each in look),
    ]
    findings = list(dict.fromkeys(found))
    return findings_table(findings), all(each.health is not Health.FAILED for each in findings)


def _environments(steps: Iterable[Step]) -> list[Environment]:
    return list({step.environment.name: step.environment for step in steps}.values())


def _machine(remembered: State) -> Iterator[Finding]:
    """Look at the folder in which this machine remembers."""
    folder = remembered.folder
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        detail = f"{folder} cannot be written; give ENVSYNC_STATE a folder where this user may"
        yield Finding("-", "here", "state folder", Health.FAILED, detail)
        return
    try:
        remembered.journal.verify()
    except EnvsyncError as error:
        yield _unread(error)
        return
    yield folder_finding("-", "here", "state folder", there)


def _read_holds(remembered: State) -> tuple[tuple[Hold, ...], list[Finding]]:
    """Return what is held here, and why that cannot be read: the rest is looked at all the same."""
    try:
        return remembered.holds.all(), []
    except EnvsyncError as error:
        return (), [_unread(error)]


def _unread(error: EnvsyncError) -> Finding:
    return Finding("-", "here", "journal", Health.FAILED, str(error))


def _holds(
    holds: Iterable[Hold], environments: tuple[str, ...], now: datetime
) -> Iterator[Finding]:
    for hold in holds:
        if environments and hold.environment not in environments:
            continue
        past = hold.is_past(now.date())
        detail = f"{hold}; its date is past, {hold.release}" if past else str(hold)
        health = Health.WARNING if past else Health.OK
        yield Finding(hold.environment, "here", f"hold of {hold.key}", health, detail)


def _monitoring(environment: Environment) -> list[Finding]:
    """Ask monitoring whether it would take results; send none."""
    if environment.icinga is None:
        return []
    transport = environment.icinga.transport
    try:
        seen, health = icinga.examine(transport), Health.OK
    except EnvsyncError as error:
        seen, health = str(error), Health.FAILED
    return [Finding(environment.name, "here", "monitoring", health, seen)]
