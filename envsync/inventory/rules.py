"""The rules between files: what no single file can know about itself.

Each rule is one function that yields a problem wherever it is broken. A step with
`ensure: absent` does no harm, and breaks no rule but that its scripts exist.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from envsync.columns import SUFFIX
from envsync.inventory.bucket_rules import broken_by_buckets
from envsync.inventory.clean_rules import broken_by_cleaning
from envsync.inventory.collisions import collisions
from envsync.inventory.document import quoted
from envsync.inventory.engines import unfit
from envsync.inventory.identity import address, physical
from envsync.inventory.link import Linked
from envsync.inventory.loops import loops
from envsync.inventory.model import Database, Drill, Ensure, Sanitise, Script, Sync
from envsync.inventory.order_rules import broken_by_order
from envsync.inventory.placed import Place, Placed
from envsync.inventory.problems import Problem, listed, suggestion
from envsync.inventory.rules_elasticsearch import search_rules
from envsync.inventory.scalars import LONGEST_NAME
from envsync.inventory.scratch_rules import broken_by_scratch
from envsync.inventory.scripts import CHECKS, Scripts

_RESERVED = ("__incoming", "__previous", "__verify", "__discarded")
_LONGEST_TARGET = LONGEST_NAME - len("__discarded")
_TEMPLATES = ("template0", "template1")
_BY_HAND = "accepted: 'ensure: disabled', to be run by hand"


def broken(linked: Linked, scripts: Scripts) -> Iterator[Problem]:
    """Yield every problem of an inventory whose files are joined."""
    for sync in linked.acting_syncs():
        yield from _spares_the_protected(sync)
        yield from _moves_between_two(sync)
        yield from _says_how_it_is_safe(sync)
        yield from _can_be_read(sync)
    for drill in linked.acting_drills():
        yield from _can_be_verified(drill)
    yield from loops(linked.acting_syncs())
    yield from _names(linked)
    yield from search_rules(linked)
    yield from collisions(linked)
    yield from unfit(linked)
    yield from broken_by_buckets(linked)
    yield from broken_by_scratch(linked)
    yield from broken_by_cleaning(linked)
    yield from broken_by_order(linked)
    for sync in linked.syncs:
        yield from _scripts_exist(sync, scripts)
    for drill in linked.drills:
        yield from _script_exists("checks", drill.value.checks, drill.place, scripts)


def _spares_the_protected(sync: Placed[Sync]) -> Iterator[Problem]:
    home = sync.value.target.environment
    if home.protected and sync.value.options.ensure is Ensure.PRESENT:
        yield sync.place.problem(
            f"{sync.place} goes into {home.name!r}, which is protected; {_BY_HAND}", "ensure"
        )


def _moves_between_two(sync: Placed[Sync]) -> Iterator[Problem]:
    """Refuse a sync with one end, unless it restores a database's own backups by hand."""
    source, target = sync.value.source, sync.value.target
    if address(source) == address(target):
        if not target.environment.protected and sync.value.options.ensure is Ensure.PRESENT:
            yield sync.place.problem(
                f"{sync.place} would restore its own backups every night; {_BY_HAND}", "from"
            )
    elif physical(source) == physical(target):
        yield sync.place.problem(
            f"{sync.place} has the same database at both ends, {target.name!r} on "
            f"{target.server.endpoint}; accepted: two databases, with hosts by their full names",
            "from",
        )


def _says_how_it_is_safe(sync: Placed[Sync]) -> Iterator[Problem]:
    source, target = sync.value.source.environment, sync.value.target.environment
    if source.protected and source.name != target.name and sync.value.sanitise is None:
        yield sync.place.problem(
            f"{sync.place} takes data out of {source.name!r}, which is protected, and does not "
            "say how it is made safe; accepted: 'sanitise: SCRIPT', or 'sanitise: never' with "
            "'because: WHY'",
            "from",
        )


def _can_be_read(sync: Placed[Sync]) -> Iterator[Problem]:
    source = sync.value.source
    clean = source.clean_storage if sync.value.is_cleaned else None
    for age in {storage.age for storage in (source.storage, clean) if storage}:
        if not age.can_be_read:
            yield sync.place.problem(_sealed(sync.place, "pulls", source), "from")


def _can_be_verified(drill: Placed[Drill]) -> Iterator[Problem]:
    database = drill.value.database
    if not database.storage.age.can_be_read:
        yield drill.place.problem(_sealed(drill.place, "restores", database))


def _sealed(place: Place, restores: str, database: Database) -> str:
    return (
        f"{place} {restores} what the storage of {database.environment.name!r} encrypts, and "
        "nothing says with what it is read; accepted: 'decrypt_with: {file: PATH}' beside "
        "its 'encrypt_to'"
    )


def _names(linked: Linked) -> Iterator[Problem]:
    """Keep the real names that a pull needs for its own databases free."""
    targets = {address(sync.value.target) for sync in linked.acting_syncs()}
    for found in linked.databases:
        for wrong in _wrong_with(found.value, target=address(found.value) in targets):
            yield found.place.problem(f"{found.place} {wrong}", "name")


def _wrong_with(database: Database, *, target: bool) -> Iterator[str]:
    name, size = database.name, len(database.name.encode())
    if name.endswith(_RESERVED):
        yield (
            f"has the name {name!r}, which is reserved for what a pull leaves; "
            f"accepted: a name that does not end in {listed(_RESERVED)}"
        )
    if target and size > _LONGEST_TARGET:
        yield (
            f"has a name of {size} bytes, too long to be a sync's target; "
            f"accepted: {_LONGEST_TARGET} bytes, for {_RESERVED[-1]!r} to fit behind them"
        )
    if target and name in (database.server.endpoint.maintenance, *_TEMPLATES):
        yield (
            f"has the name {name!r}, which cannot be replaced while the server is in use; "
            "accepted: a database other than the templates and 'maintenance_database'"
        )


def _scripts_exist(sync: Placed[Sync], scripts: Scripts) -> Iterator[Problem]:
    used = {"checks": sync.value.checks}
    if isinstance(sync.value.sanitise, Sanitise):
        used["sanitise"] = sync.value.sanitise.script
    for key, script in used.items():
        yield from _script_exists(key, script, sync.place, scripts)


def _script_exists(
    key: str, script: Script | None, place: Place, scripts: Scripts
) -> Iterator[Problem]:
    wrong = _wrong_with_script(key, script.name, scripts) if script else None
    if wrong:
        yield place.problem(f"{quoted((*place.path, key))} is {wrong}", key)


def _wrong_with_script(key: str, name: str, scripts: Scripts) -> str | None:
    path = PurePosixPath(name)
    runs = [each for each in scripts.names if not each.endswith(SUFFIX)]
    choice = [each for each in runs if each.endswith(CHECKS) == (key == "checks")]
    if path.is_absolute() or ".." in path.parts:
        return f"{name!r}, outside {scripts.folder}; accepted: a path in that folder"
    if key == "sanitise" and name.endswith(CHECKS):
        return f"{name!r}, which checks and does not sanitise; {suggestion(name, choice)}"
    if name.endswith(SUFFIX):
        return f"{name!r}, which decides on columns and runs nothing; {suggestion(name, choice)}"
    if name not in scripts.names:
        return f"{name!r}, which is not in {scripts.folder}; {suggestion(name, choice)}"
    return None
