"""What an examination finds of one step, seen through the step's own eyes, nothing changed."""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from envsync.artefacts import ArtefactKey, Stamp
from envsync.dbms import drivers
from envsync.dbms.descriptions import described
from envsync.dbms.request import Request
from envsync.errors import EnvsyncError
from envsync.execution.guard import lock_name
from envsync.facts import Facts
from envsync.gateways import hands, manifests
from envsync.gateways.scope import SilentMeter
from envsync.gateways.storage.open_store import open_store
from envsync.plan.model import Pull, Push, Step
from envsync.reporting.doctor import Finding, Health
from envsync.reporting.format import age_text, bytes_text
from envsync.running import State

LITTLE_ROOM = 256 * 2**20
"""Bytes below which a folder that envsync writes to is too full for a night."""


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The artefacts a pull can choose from, oldest first, or why they cannot be seen."""

    stored: Sequence[tuple[ArtefactKey, int]] = ()
    trouble: str = ""


def examined(step: Step, remembered: State, now: datetime, *, makes_another: bool) -> list[Finding]:
    """Look at all that one step needs.

    Where the plan `makes_another` artefact before a pull, what is wrong with the newest one is a
    warning; else it is what the pull would restore.
    """
    shelf = _shelf(step)
    awaited = not isinstance(step.action, Push) and (makes_another or not shelf.stored)
    looked = list(_look(step, now, awaited=awaited))
    fit = all(finding.health is Health.OK for finding in looked)
    return [
        *looked,
        *_artefact(step, now, shelf),
        *(_alone(step, now) if fit and awaited and shelf.stored else ()),
        *_lock(step, remembered),
        *_reboot_lock(step),
        *_spool(step),
        *_programs(step),
    ]


def _finding(step: Step, aspect: str, health: Health, detail: str) -> Finding:
    subject = f"{step.verb} {step.key}" if aspect == "" else f"{step.key}: {aspect}"
    return Finding(step.environment.name, step.machine_name, subject, health, detail)


def _shelf(step: Step) -> _Shelf:
    if not isinstance(step.action, Pull) or step.storage is None:
        return _Shelf()
    source = step.action.sync.source
    try:
        return _Shelf(manifests.listed(open_store(step.storage), source.path, source.name))
    except EnvsyncError as error:
        return _Shelf(trouble=str(error))


def _seen(step: Step, now: datetime, *, awaited: bool) -> tuple[Facts, str | None]:
    """Return what the step itself would see first, and why it had nothing to do, if so.

    Raises EnvsyncError where it would be refused.
    """
    engine = drivers.step_driver(step)
    request = Request(Stamp.of(now), awaited=awaited)
    with hands.session(SilentMeter()) as session:
        facts = session.observe(engine.question(step, request))
    idle = drivers.idle(step, facts)
    if idle is None:
        engine.refuse(step, request, facts)
    return facts, idle


def _look(step: Step, now: datetime, *, awaited: bool) -> Iterator[Finding]:
    """See what the step would see, and refuse what it would refuse."""
    try:
        facts, idle = _seen(step, now, awaited=awaited)
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


def _artefact(step: Step, now: datetime, shelf: _Shelf) -> Iterator[Finding]:
    """Tell how old the newest artefact is that a pull would take; none yet is no failure."""
    if not isinstance(step.action, Pull) or step.storage is None:
        return
    if shelf.trouble:
        yield _finding(step, "artefact", Health.FAILED, shelf.trouble)
        return
    if not shelf.stored:
        yield _finding(step, "artefact", Health.WARNING, f"none yet in {step.storage.url}")
        return
    key, size = shelf.stored[-1]
    age = now - key.stamp.moment
    stale = age > step.action.sync.max_age
    health = Health.WARNING if stale or age < timedelta(0) or size < 0 else Health.OK
    how = f"{age_text(age)} old, max_age is {age_text(step.action.sync.max_age)}"
    yield _finding(step, "artefact", health, f"{key.stamp} in {step.storage.url}, {how}")


def _alone(step: Step, now: datetime) -> Iterator[Finding]:
    """Warn where a pull by itself would be refused, though a night makes another artefact first."""
    try:
        _seen(step, now, awaited=False)
    except EnvsyncError as error:
        detail = f"a pull alone is refused, a night or a sync makes another first: {error}"
        yield _finding(step, "artefact", Health.WARNING, detail)


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
        yield folder_finding(environment, machine, "temporary files", folder)
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


def folder_finding(environment: str, machine: str, subject: str, folder: Path) -> Finding:
    """Tell how much room a folder has."""
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    health = Health.WARNING if free < LITTLE_ROOM else Health.OK
    return Finding(environment, machine, subject, health, f"{folder}: {bytes_text(free)} free")
