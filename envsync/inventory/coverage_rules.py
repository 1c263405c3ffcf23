"""The rules about columns: where a script is all that makes data safe, what it covers is decided.

A file that decides on columns must be sound where a sync uses it. One that is to be drafted need
not be there yet.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from envsync.columns import SUFFIX
from envsync.inventory.document import quoted
from envsync.inventory.link import Linked
from envsync.inventory.model import Coverage, Ensure, NeverSanitise, Sanitise, Sync
from envsync.inventory.placed import Placed
from envsync.inventory.problems import Problem, suggestion
from envsync.inventory.scripts import CHECKS, Scripts

_BY_WARNING = "'coverage: warn', to be warned only"


def undecided(linked: Linked, scripts: Scripts, *, drafting: bool) -> Iterator[Problem]:
    """Yield a problem for each sync whose columns are not decided on as they should be."""
    for sync in linked.syncs:
        name = sync.value.columns_file
        file = scripts.columns.get(name) if name else None
        if file is not None:
            yield from file.problems
        elif name and sync.place.told("columns"):
            yield from _names_no_file(sync, name, scripts, drafting=drafting)
        elif sync.value.gate is Coverage.STRICT and not drafting:
            yield from _decides_nothing(sync, name, scripts)


def _names_no_file(
    sync: Placed[Sync], name: str, scripts: Scripts, *, drafting: bool
) -> Iterator[Problem]:
    path = PurePosixPath(name)
    wrong = None
    if path.is_absolute() or ".." in path.parts:
        wrong = f"outside {scripts.folder}; accepted: a path in that folder"
    elif not name.endswith(SUFFIX):
        wrong = f"which decides on no columns; accepted: a name that ends in {SUFFIX!r}"
    elif not drafting:
        drafted = f"'envsync sanitise.init {sync.value.target.key}' drafts it"
        wrong = f"which is not in {scripts.folder}; {suggestion(name, scripts.columns)}; {drafted}"
    if wrong:
        where = quoted((*sync.place.path, "columns"))
        yield sync.place.problem(f"{where} is {name!r}, {wrong}", "columns")


def _runs(sanitise: Sanitise | NeverSanitise | None, scripts: Scripts) -> bool:
    """Tell whether a sync's script is one: another rule tells of what is none."""
    if not isinstance(sanitise, Sanitise):
        return True
    name = sanitise.script.name
    return name in scripts.names and not name.endswith((CHECKS, SUFFIX))


def _decides_nothing(sync: Placed[Sync], name: str | None, scripts: Scripts) -> Iterator[Problem]:
    if sync.value.options.ensure is Ensure.ABSENT or not _runs(sync.value.sanitise, scripts):
        return
    if name is None:
        key, accepted = "coverage", f"'columns: NAME{SUFFIX}', or {_BY_WARNING}"
    else:
        key = "coverage" if sync.place.told("coverage") else "sanitise"
        drafts = f"'envsync sanitise.init {sync.value.target.key}' drafts"
        accepted = f"{name!r} in {scripts.folder}, which {drafts}, or {_BY_WARNING}"
    source = sync.value.source.environment
    origin = f"{source.name!r}, which is protected," if source.protected else repr(source.name)
    yield sync.place.problem(
        f"{sync.place} takes data out of {origin} and nobody has decided on its columns; "
        f"accepted: {accepted}",
        key,
    )
