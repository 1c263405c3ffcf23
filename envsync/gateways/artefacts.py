"""What is done to artefacts in a storage: completed, recorded, cleared up after."""

import logging

from envsync.artefacts import MANIFEST_SUFFIX
from envsync.commands import Measured
from envsync.commands.artefacts import Discard, Publish, RecordVerification, Sweep
from envsync.gateways.storage.open_store import open_store
from envsync.gateways.weighing import weighed

_LOGGER = logging.getLogger(__name__)


def publish(command: Publish, measured: Measured) -> Measured:
    """Write a manifest completed with what was measured, unless one is already there.

    Raises CommandError where the artefact lies below its floor and nobody lets it.
    """
    complete = command.manifest.model_copy(
        update={
            "bytes": measured.bytes,
            "bytes_uncompressed": measured.bytes_uncompressed,
            "sha256": measured.sha256,
            "rows": dict(measured.rows),
            "outside_snapshot": measured.outside_snapshot,
        }
    )
    complete, warnings = weighed(command.floor, complete)
    store = open_store(command.location.storage)
    store.put(command.location.key.manifest, complete.write().encode())
    return Measured(warnings=warnings)


def record(command: RecordVerification, measured: Measured) -> None:
    """Write how a drill went; what this session has measured belongs to it."""
    found = command.verification
    if measured.rows:
        found = found.model_copy(update={"rows": dict(measured.rows)})
    if measured.seconds:
        found = found.model_copy(update={"seconds": round(measured.seconds, 3)})
    key = command.location.key.verification(command.drill)
    open_store(command.location.storage).put(key, found.write().encode())


def sweep(command: Sweep) -> tuple[str, ...]:
    """Remove what killed pushes left, say so, and return the keys."""
    folder = f"{command.path}/" if command.path else ""
    removed = open_store(command.storage).sweep(folder, command.older_than)
    for key in removed:
        _LOGGER.info("removed a half upload that a killed run had left: %s", key)
    return removed


def discard(command: Discard) -> None:
    """Remove an artefact that never got its manifest, and what was begun of either."""
    store = open_store(command.location.storage)
    key = command.location.key
    for each in (str(key), key.manifest):
        store.clear_up(each)
    present = {found.key for found in store.keys(str(key))}
    if str(key) in present and f"{key}{MANIFEST_SUFFIX}" not in present:
        store.delete(str(key))
