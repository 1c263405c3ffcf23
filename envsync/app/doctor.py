"""An examination: everything tonight's steps will need, looked at now, with nothing changed."""

import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from envsync.app.asked import Asked, inventory, selected
from envsync.artefacts import Stamp
from envsync.dbms.descriptions import described
from envsync.dbms.drivers import step_driver
from envsync.dbms.request import Request
from envsync.errors import EnvsyncError, RefusedError
from envsync.execution.guard import lock_name
from envsync.gateways import artefacts, hands, icinga
from envsync.gateways.clock import SystemClock
from envsync.gateways.scope import SilentMeter
from envsync.gateways.storage.open_store import open_store
from envsync.inventory.model import Environment
from envsync.plan.expand import expand
from envsync.plan.hold import Hold
from envsync.plan.model import Pull, Push, Step
from envsync.plan.select import Selection, require_known, select
from envsync.reporting.doctor import Finding, Health, findings_table
from envsync.reporting.format import age_text, bytes_text
from envsync.running import State, state

AT_ONCE = 8
"""How many steps are looked at at the same time: most of it is waiting for servers."""
LITTLE_ROOM = 256 * 2**20
"""Bytes below which a folder that envsync writes to is too full for a night."""


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
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="doctor") as pool:
        looks = list(pool.map(partial(_step, remembered=remembered, now=now), plan.steps))
        reports = list(pool.map(_monitoring, _environments(plan.steps)))
    found = [
        *_machine(remembered),
        *_holds(remembered.holds.all(), wanted.environments, now),
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
        remembered.journal.undelivered()
    except EnvsyncError as error:
        yield Finding("-", "here", "journal", Health.FAILED, str(error))
        return
    yield _folder("-", "here", "state folder", there)


def _folder(environment: str, machine: str, subject: str, folder: Path) -> Finding:
    """Tell how much room a folder has."""
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    health = Health.WARNING if free < LITTLE_ROOM else Health.OK
    return Finding(environment, machine, subject, health, f"{folder}: {bytes_text(free)} free")


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


def _step(step: Step, remembered: State, now: datetime) -> list[Finding]:
    """Look at all that one step needs."""
    return [
        *_look(step, now),
        *_artefact(step, now),
        *_lock(step, remembered),
        *_reboot_lock(step),
        *_spool(step),
        *_programs(step),
    ]


def _finding(step: Step, aspect: str, health: Health, detail: str) -> Finding:
    subject = f"{step.verb} {step.key}" if aspect == "" else f"{step.key}: {aspect}"
    return Finding(step.environment.name, step.machine_name, subject, health, detail)


def _look(step: Step, now: datetime) -> Iterator[Finding]:
    """See what the step itself would see first, and refuse what it would refuse."""
    engine = step_driver(step)
    request = Request(Stamp.of(now), awaited=not isinstance(step.action, Push))
    try:
        with hands.session(SilentMeter()) as session:
            facts = session.observe(engine.question(step, request))
        idle = engine.idle(facts)
        if idle is None:
            engine.refuse(step, request, facts)
    except EnvsyncError as error:
        yield _finding(step, "", Health.FAILED, str(error))
        return
    for aspect, detail in described(facts):
        if aspect in {"server", "room"} and step.server is not None:
            where = f"{step.server.name} ({step.server.endpoint})"
            yield Finding(step.environment.name, step.machine_name, where, Health.OK, detail)
        else:
            yield _finding(step, aspect, Health.OK, detail)
    yield _finding(step, "", Health.OK, f"nothing to do here: {idle}" if idle else "can run")


def _artefact(step: Step, now: datetime) -> Iterator[Finding]:
    """Tell how old the newest artefact is that a pull would take; none yet is no failure."""
    if not isinstance(step.action, Pull) or step.storage is None:
        return
    source = step.action.sync.source
    try:
        stored = artefacts.listed(open_store(step.storage), source.path, source.name)
    except EnvsyncError as error:
        yield _finding(step, "artefact", Health.FAILED, str(error))
        return
    if not stored:
        yield _finding(step, "artefact", Health.WARNING, f"none yet in {step.storage.url}")
        return
    key, size = stored[-1]
    age = now - key.stamp.moment
    stale = age > step.action.sync.max_age
    health = Health.WARNING if stale or age < timedelta(0) or size < 0 else Health.OK
    how = f"{age_text(age)} old, max_age is {age_text(step.action.sync.max_age)}"
    yield _finding(step, "artefact", health, f"{key.stamp} in {step.storage.url}, {how}")


def _lock(step: Step, remembered: State) -> Iterator[Finding]:
    try:
        holder = remembered.locks.is_held(lock_name(step))
    except EnvsyncError as error:
        yield _finding(step, "lock", Health.FAILED, str(error))
        return
    if holder is None:
        yield _finding(step, "lock", Health.OK, "free: nobody works on it from this machine")
    else:
        yield _finding(step, "lock", Health.WARNING, str(holder))


def _reboot_lock(step: Step) -> Iterator[Finding]:
    lock = step.environment.reboot_lock
    if lock is None:
        return
    fit = os.access(lock.directory, os.W_OK | os.X_OK)
    detail = lock.directory if fit else f"{lock.directory} is no folder that this user may write"
    health = Health.OK if fit else Health.FAILED
    yield Finding(step.environment.name, step.machine_name, "reboot lock", health, detail)


def _spool(step: Step) -> Iterator[Finding]:
    """Look at the folder that the inventory has artefacts pass through."""
    if step.options.temppath is None:
        return
    folder = Path(step.options.temppath)
    environment, machine = step.environment.name, step.machine_name
    if os.access(folder, os.W_OK | os.X_OK):
        yield _folder(environment, machine, "temporary files", folder)
    else:
        detail = f"{folder} is no folder that this user may write; correct temppath:"
        yield Finding(environment, machine, "temporary files", Health.FAILED, detail)


def _programs(step: Step) -> Iterator[Finding]:
    """Find the programs that run after a promote."""
    for argv in step.action.sync.after_promote if isinstance(step.action, Pull) else ():
        path = shutil.which(argv[0])
        if path is None:
            detail = f"{argv[0]!r} is not found; give after_promote its full path"
            yield _finding(step, "after_promote", Health.FAILED, detail)
        else:
            yield _finding(step, "after_promote", Health.OK, path)
