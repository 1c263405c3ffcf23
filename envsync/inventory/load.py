"""Loads the inventory: a folder with one YAML file per environment becomes values, or problems."""

from collections.abc import Iterator
from pathlib import Path

from envsync.columns import SUFFIX
from envsync.errors import InventoryError
from envsync.inventory.columns_file import ColumnsFile, read_columns, unreadable
from envsync.inventory.coverage_rules import undecided
from envsync.inventory.document import Document
from envsync.inventory.file import InventoryFile, read_file
from envsync.inventory.link import Linked, link
from envsync.inventory.model import Inventory
from envsync.inventory.problems import Problem
from envsync.inventory.rules import broken
from envsync.inventory.scripts import Scripts

_SUFFIXES = {".yaml", ".yml"}
_ACCEPTED = "accepted: a folder with a NAME.yaml per environment"


def load(folder: Path, scripts: Path, *, drafting: bool = False) -> Inventory:
    """Return what a folder says exists; `scripts` is where its syncs' scripts lie.

    What is to be decided of columns need not be there while it is being drafted. Raises
    InventoryError with every problem of every file at once.
    """
    files = [_read(path) for path in _paths(folder)]
    names = tuple(_names(scripts))
    decided = {name: _decided(name, scripts / name) for name in names if name.endswith(SUFFIX)}
    known = Scripts(scripts, names, decided)
    linked = link(files, known)
    problems = {
        *(problem for file in files for problem in file.problems),
        *linked.problems,
        *broken(linked, known),
        *undecided(linked, known, drafting=drafting),
    }
    if problems:
        raise InventoryError([str(problem) for problem in sorted(problems)])
    return _inventory(linked)


def _inventory(linked: Linked) -> Inventory:
    return Inventory(
        environments=tuple(found.value for found in linked.environments),
        databases=tuple(found.value for found in linked.databases),
        syncs=tuple(found.value for found in linked.syncs),
        backups=tuple(found.value for found in linked.backups),
        buckets=tuple(found.value for found in linked.buckets),
        bucket_syncs=tuple(found.value for found in linked.bucket_syncs),
        drills=tuple(found.value for found in linked.drills),
    )


def _paths(folder: Path) -> list[Path]:
    try:
        paths = [path for path in folder.iterdir() if path.suffix in _SUFFIXES]
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise InventoryError([f"{folder}: cannot be read, {reason}; {_ACCEPTED}"]) from error
    # Editors keep their own copies of open files beside them, under hidden names.
    visible = sorted(path for path in paths if not path.name.startswith("."))
    if not visible:
        raise InventoryError([f"{folder}: no inventory is here; {_ACCEPTED}"])
    return visible


def _read(path: Path) -> InventoryFile:
    try:
        return read_file(str(path), path.read_bytes())
    except OSError as error:
        reason = (error.strerror or "").lower()
        problem = Problem(str(path), 1, f"cannot be read, {reason}; accepted: a readable file")
        return InventoryFile(Document(str(path), None), None, (problem,))


def _decided(name: str, path: Path) -> ColumnsFile:
    try:
        return read_columns(name, str(path), path.read_bytes())
    except OSError as error:
        return unreadable(name, str(path), (error.strerror or "").lower())


def _names(scripts: Path) -> Iterator[str]:
    files = (path for path in sorted(scripts.rglob("*")) if path.is_file())
    return (path.relative_to(scripts).as_posix() for path in files)
