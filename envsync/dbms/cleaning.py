"""What engines do alike to make an artefact clean: what it will be, and whether it is. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from envsync.artefacts import ENCRYPTED_SUFFIX, ArtefactKey, Manifest, ScriptUsed, stored_format
from envsync.commands import Command, Location
from envsync.commands.artefacts import Discard, Publish
from envsync.dbms.floor import floor
from envsync.dbms.request import Request
from envsync.errors import RefusedError
from envsync.facts import Facts, PullFactsBase
from envsync.inventory.model import Sync
from envsync.plan.model import Clean, Step
from envsync.version import VERSION


def location(sync: Sync, raw: ArtefactKey) -> Location:
    """Where an artefact lies once it is clean: under its own key, in a storage for such.

    That storage says by itself whether its artefacts are encrypted.
    """
    storage = sync.source.clean_storage
    if storage is None:
        raise RefusedError(
            f"{sync.source.environment.name} has no clean_storage; name it in the inventory"
        )
    plain = raw.format.removesuffix(ENCRYPTED_SUFFIX)
    return Location(storage, replace(raw, format=stored_format(plain, storage)))


def described(
    step: Step, place: Location, request: Request, facts: PullFactsBase, client_version: str
) -> Manifest:
    """What is known of a clean artefact before it is made: the data of the raw one, its moment.

    Which scripts really were run is measured.
    """
    raw = _raw(facts)
    return raw.model_copy(
        update={
            "format": place.key.format,
            "encrypted_to": place.storage.age.encrypt_to,
            "bytes": 0,
            "bytes_uncompressed": 0,
            "sha256": "",
            "rows": {},
            "without_rows": _without_rows(step, raw),
            "server_version": facts.server_version,
            "client_version": client_version,
            "envsync_version": VERSION,
            "sanitised": (*raw.sanitised, _at_hand(step, facts)),
            "sanitised_at": str(request.now),
        }
    )


def published(
    step: Step, place: Location, request: Request, facts: PullFactsBase, client_version: str
) -> Publish:
    """What makes a clean artefact exist, unless it is much smaller than the one before it.

    Where somebody let the raw artefact be so small, its clean one may be as well.
    """
    raw = _raw(facts)
    return Publish(
        place,
        described(step, place, request, facts, client_version),
        floor(
            facts.newest_clean,
            step.action.sync.source if isinstance(step.action, Clean) else step.database,
            replace(step.options, exclude_table_data=_without_rows(step, raw)),
            replace(request, allow_shrink=request.allow_shrink or raw.allow_shrink),
        ),
    )


def already_clean(step: Step, facts: Facts) -> str | None:
    """Why there is rightly nothing to do: the artefact has been made clean, as it would be now."""
    if not isinstance(step.action, Clean) or not isinstance(facts, PullFactsBase):
        return None
    made, raw, script = facts.cleaned, facts.manifest, facts.script
    if made is None or raw is None or script is None or made.sanitised[-1:] != (script,):
        return None
    if made.without_rows != _without_rows(step, raw):
        return None
    return f"the artefact of {raw.stamp} is already clean, by {script.name}"


def unpublished(step: Step, request: Request) -> Iterator[Command]:
    """What clears a cleaning's artefact away that never got its manifest."""
    if isinstance(step.action, Clean) and request.dumped and request.restored:
        yield Discard(location(step.action.sync, request.restored))


def _raw(facts: PullFactsBase) -> Manifest:
    if facts.manifest is None:
        raise RefusedError("there is no artefact to be made clean; push the database first")
    return facts.manifest


def _without_rows(step: Step, raw: Manifest) -> tuple[str, ...]:
    left_out = (*step.options.exclude_table_data, *step.options.exclude_tables)
    return (*raw.without_rows, *(name for name in left_out if name not in raw.without_rows))


def _at_hand(step: Step, facts: PullFactsBase) -> ScriptUsed:
    """Return the script that will be run."""
    if facts.script is None:
        raise RefusedError(f"{step.action} names no script; name it in sanitise:")
    return facts.script
