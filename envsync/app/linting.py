"""The lint: sanitisation files read and judged, as the syncs of an inventory use them.

Offline: no server is asked and no secret is looked for.
"""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from envsync import commands as c
from envsync.app.asked import Asked, inventory, scripts_folder
from envsync.columns import SUFFIX
from envsync.errors import RefusedError
from envsync.inventory.model import Dbms, Inventory, Sanitise, Script, Sync
from envsync.inventory.scripts import SUFFIXES
from envsync.plan.select import Selection, require_known
from envsync.sanitising.finding import Finding
from envsync.sanitising.sources import Linted, Sanitising, Text

_READERS = {
    Dbms.MONGO: "envsync.gateways.mongo.script",
    Dbms.ELASTICSEARCH: "envsync.gateways.elasticsearch.scripts",
}
"""What a pull reads a file with: it alone knows which are sound. Loading them takes its time."""
_OURS = (".sql", SUFFIX, *SUFFIXES.values())


class _Reader(Protocol):
    def read(self, script: c.Script) -> object:
        """Read a file; raises RefusedError for one that cannot be run."""


class _Lint(Protocol):
    def lint(self, edges: list[Sanitising], others: list[Finding]) -> Linted:
        """Return what is found in all edges."""


def linted(asked: Asked) -> Linted:
    """Return what is wrong with the scripts, checks and classifications of an inventory."""
    known = inventory(asked.inventory)
    if asked.database:
        require_known(known, Selection(keys=(asked.database,)))
    syncs = [sync for sync in known.syncs if asked.database in {None, sync.target.key}]
    others = list(dict.fromkeys(_unsound(syncs)))
    unsound = {finding.file for finding in others}
    edges = [edge for sync in syncs if (edge := _edge(sync, unsound)) is not None]
    if asked.database is None:
        others += _unused(known, scripts_folder(asked.inventory))
    # A parser of SQL takes its time to load, and no other task needs one.
    lint = cast("_Lint", import_module("envsync.sanitising.lint"))
    return lint.lint(edges, others)


def _edge(sync: Sync, unsound: set[str]) -> Sanitising | None:
    script = sync.sanitise.script if isinstance(sync.sanitise, Sanitise) else None
    columns = sync.columns
    if not (script or sync.checks) or any(_shown(s.path) in unsound for s in _scripts(sync)):
        return None
    return Sanitising(
        sync.target.server.dbms,
        _text(script) if script else None,
        _text(sync.checks) if sync.checks else None,
        replace(columns, file=_shown(_beside(sync, columns.file))) if columns else None,
        tuple(rewrite.field for rewrite in sync.rewrite),
    )


def _beside(sync: Sync, name: str) -> Path:
    """Return where a file of the folder lies that also holds a sync's script or checks."""
    for script in _scripts(sync):
        return script.path.parents[len(Path(script.name).parts) - 1] / name
    return Path(name)


def _scripts(sync: Sync) -> Iterator[Script]:
    if isinstance(sync.sanitise, Sanitise):
        yield sync.sanitise.script
    if sync.checks:
        yield sync.checks


def _unsound(syncs: list[Sync]) -> Iterator[Finding]:
    """Yield what keeps files from being run at all, as the pull would say it."""
    for sync in syncs:
        reader = _READERS.get(sync.target.server.dbms)
        for script in _scripts(sync) if reader else ():
            try:
                cast("_Reader", import_module(reader or "")).read(
                    c.Script(script.name, str(script.path))
                )
            except RefusedError as error:
                for line in str(error).splitlines():
                    yield Finding(_shown(script.path), 1, line.removeprefix(f"{script.name}: "))


def _text(script: Script) -> Text:
    try:
        return Text(_shown(script.path), script.path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"cannot read the script {script.name}: {error}") from error


def _unused(known: Inventory, folder: Path) -> Iterator[Finding]:
    used = {script.path for sync in known.syncs for script in _scripts(sync)}
    used |= {_beside(sync, sync.columns.file) for sync in known.syncs if sync.columns}
    used |= {drill.checks.path for drill in known.drills if drill.checks}
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(_OURS) and path not in used:
            yield Finding(_shown(path), 1, "no sync and no drill uses this file", is_note=True)


def _shown(path: Path) -> str:
    """Show a path as it can be opened from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
