"""What every engine refuses before anything is touched: other data, old data, full disks."""

from datetime import timedelta

from envsync.artefacts import Manifest, Stamp
from envsync.errors import RefusedError
from envsync.facts import PullFactsBase
from envsync.inventory.model import Sync

_HOUR = 60
CLOCKS_APART = timedelta(minutes=5)
"""How far the clocks of two machines may be apart."""
HEADROOM = 1.1
"""Room asked for beyond the size of what was dumped: a restore is no tighter than its source."""


def refuse_foreign(sync: Sync, manifest: Manifest) -> None:
    """Refuse an artefact whose manifest names other data than was asked for."""
    asked = (sync.source.environment.name, sync.source.key, sync.source.name)
    found = (manifest.environment, manifest.database, manifest.name)
    if asked != found or manifest.dbms != sync.source.server.dbms:
        raise RefusedError(
            f"the artefact of {manifest.stamp} under {sync.source.path!r} in "
            f"{sync.storage.url} says it holds {manifest.database} "
            f"({manifest.name!r}) of {manifest.environment}, not {sync.source.key} "
            f"({sync.source.name!r}) of {sync.source.environment.name}; correct path: or storage:"
        )


def refuse_unclean(sync: Sync, facts: PullFactsBase) -> None:
    """Refuse any artefact but a clean one where the sync promises that only such arrive.

    It must have been made clean by the sync's own script, as that is now.
    """
    manifest, script = facts.manifest, sync.script
    if not sync.is_cleaned or manifest is None or script is None:
        return
    artefact = f"the artefact of {manifest.stamp} in {sync.storage.url}"
    again = f"envsync sync {sync.target.key} --env {sync.target.environment.name} makes it anew"
    if not manifest.sanitised_at or not manifest.sanitised:
        raise RefusedError(
            f"{artefact} is raw: its manifest does not say that it was made clean, and the sync of "
            f"{sync.target} takes no other; find out who put it there, remove it, and {again}"
        )
    last = manifest.sanitised[-1]
    if last.name != script.name:
        raise RefusedError(
            f"{artefact} was made clean by {last.name}, and the sync of {sync.target} names "
            f"{script.name}; {again}"
        )
    if facts.script is not None and last.sha256 != facts.script.sha256:
        raise RefusedError(
            f"{artefact} was made clean by another version of {last.name} ({last.sha256[:12]}…) "
            f"than the one here ({facts.script.sha256[:12]}…); {again}"
        )


def refuse_stale(sync: Sync, manifest: Manifest, now: Stamp) -> None:
    """Refuse an artefact that is older than a sync allows, or of a time yet to come."""
    age = now.moment - Stamp.parse(manifest.stamp).moment
    own = sync.source == sync.target
    if age < -CLOCKS_APART:
        raise RefusedError(
            f"the newest artefact of {sync.source} is of {manifest.stamp}, which is yet to come; "
            "correct the clock of the machine that pushed it or of this one, and push it again"
        )
    if age > sync.max_age and not own:
        raise RefusedError(
            f"the newest artefact of {sync.source} is of {manifest.stamp}, {_hours(age)} old, and "
            f"max_age is {_hours(sync.max_age)}; {_another(sync)}, or name it by --timestamp"
        )


def _another(sync: Sync) -> str:
    """Say what makes a newer artefact: a push alone makes none clean."""
    if not sync.is_cleaned:
        return "push it again"
    return f"envsync sync {sync.target.key} --env {sync.target.environment.name} makes another"


def refuse_without_room(needed: int, free: int, where: str) -> None:
    """Refuse to begin what would fill a disk."""
    if needed * HEADROOM > free:
        raise RefusedError(
            f"no space {where}: about {_mebibytes(needed * HEADROOM)} are needed and "
            f"{_mebibytes(free)} are free"
        )


def _hours(age: timedelta) -> str:
    minutes = age.total_seconds() / 60
    return f"{minutes / 60:.0f} h" if minutes >= _HOUR else f"{minutes:.1f} min"


def _mebibytes(size: float) -> str:
    return f"{size / 2**20:,.0f} MiB"
