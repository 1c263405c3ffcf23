"""Artefacts made clean: what is seen before, what is removed for a new one, what is published."""

import hashlib
from dataclasses import replace
from pathlib import Path

from envsync.artefacts import ArtefactKey, Manifest, ScriptUsed
from envsync.commands import Location, Measured, Script
from envsync.commands.artefacts import Supersede
from envsync.errors import CommandError, RefusedError, UnavailableError
from envsync.facts import Facts, PullFactsBase
from envsync.gateways import manifests
from envsync.gateways.storage.open_store import open_store
from envsync.gateways.storage.store import Store
from envsync.places import SnapshotRepository
from envsync.questions import Wanted


def with_script(wanted: Wanted, facts: Facts) -> Facts:
    """Add to what was seen the script at hand, by which it can be told from another version.

    Raises RefusedError where that, or what checks the copy, cannot be read.
    """
    if wanted.checked_by is not None:
        _read(wanted.checked_by)
    if wanted.sanitised_by is None or not isinstance(facts, PullFactsBase):
        return facts
    return replace(facts, script=_at_hand(wanted.sanitised_by))


def _read(script: Script) -> bytes:
    try:
        content = Path(script.path).read_bytes()
        content.decode()
    except OSError as error:
        raise RefusedError(f"cannot read the script {script.name}: {error}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RefusedError(
            f"cannot read the script {script.name}: line {line} is not UTF-8; save it as UTF-8"
        ) from error
    return content


def _at_hand(script: Script) -> ScriptUsed:
    content = _read(script)
    return ScriptUsed(name=script.name, sha256=hashlib.sha256(content).hexdigest())


def with_cleaned(wanted: Wanted, facts: Facts) -> Facts:
    """Add to what was seen the clean artefact that is there already, if whole, and the newest.

    Raises RefusedError where nothing can be left in the storage that the step will write to.
    """
    if wanted.writes is None or not isinstance(facts, PullFactsBase):
        return facts
    store = open_store(wanted.writes)
    if not isinstance(wanted.writes, SnapshotRepository):
        store.verify_writable(wanted.path)
    if not wanted.cleans or facts.manifest is None:
        return facts
    key = ArtefactKey.of(facts.manifest, wanted.path)
    _, newest = manifests.newest(store, wanted.path, wanted.name)
    return replace(facts, cleaned=_whole(store, key), newest_clean=newest)


def _whole(store: Store, key: ArtefactKey) -> Manifest | None:
    """Return the manifest of an artefact that is there as its manifest says; else None."""
    stamps = [found.stamp for found, _ in manifests.listed(store, key.path, key.database)]
    if key.stamp not in stamps:
        return None
    try:
        return manifests.find(store, key.path, key.database, str(key.stamp))
    except UnavailableError:
        raise
    except CommandError:
        return None


def supersede(command: Supersede) -> None:
    """Remove an artefact, its manifest first, and what unfinished cleanings left beside it."""
    store, key = open_store(command.location.storage), command.location.key
    prefix = f"{key.path}/" if key.path else ""
    there = {found.key for found in store.keys(prefix)}
    for each in (key.manifest, str(key)):
        if each in there:
            store.delete(each)
    for found in filter(None, map(ArtefactKey.parse, there)):
        mine = (found.path, found.database) == (key.path, key.database) and found != key
        if mine and found.manifest not in there:
            store.clear_up(found.manifest)
            store.delete(str(found))


def sanitised(location: Location, manifest: Manifest, measured: Measured) -> Manifest:
    """Say in the manifest of a clean artefact which scripts have in fact been run on it.

    Raises CommandError where none has: such an artefact is never published.
    """
    if not manifest.sanitised_at:
        return manifest
    if not measured.scripts:
        raise CommandError(
            f"{location.url} is to be published as clean, and no script has been run on it; "
            "this is a bug in envsync, nothing was published"
        )
    before = manifest.sanitised[:-1]
    return manifest.model_copy(update={"sanitised": (*before, *measured.scripts)})
