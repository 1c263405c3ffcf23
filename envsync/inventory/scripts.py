"""The folder of sanitisation, and what a sync takes from it: a script, checks, columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from envsync.columns import SUFFIX, Classification
from envsync.inventory.columns_file import ColumnsFile
from envsync.inventory.model import Dbms, NeverSanitise, Sanitise, Script
from envsync.inventory.shape_syncs import SyncShape

NEVER = "never"
CHECKS = ".checks.sql"
SUFFIXES = {Dbms.MONGO: ".mongo.yaml", Dbms.ELASTICSEARCH: ".elasticsearch.yaml"}
"""What the name of a sanitisation file ends with that is not SQL."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """The sanitisation folder: where it is, the names of what is in it, what is decided in it."""

    folder: Path
    names: tuple[str, ...]
    columns: Mapping[str, ColumnsFile] = field(default_factory=dict)

    def named(self, name: str) -> Script:
        """Return the script an inventory names; whether it exists is another question."""
        tidy = str(PurePosixPath(name))
        return Script(tidy, self.folder / tidy)

    def beside(self, name: str) -> Script | None:
        """Return the checks that belong to a script by their name, if there are any."""
        path = PurePosixPath(name)
        checks = str(path.parent / f"{path.stem}{CHECKS}")
        return self.named(checks) if checks in self.names else None

    def decided(self, name: str) -> Classification | None:
        """Return what a file decides of columns; None where it is not there."""
        file = self.columns.get(name)
        return file.classification if file else None


def sanitise(shape: SyncShape, scripts: Scripts) -> Sanitise | NeverSanitise | None:
    """Return how a sync makes its copy safe to read, or why it need not."""
    if shape.sanitise is None:
        return None
    if shape.sanitise == NEVER:
        return NeverSanitise(" ".join((shape.because or "").split()))
    return Sanitise(scripts.named(shape.sanitise))


def checks(shape: SyncShape, scripts: Scripts) -> Script | None:
    """Return the checks a sync names, or else those that belong to its script."""
    if shape.checks is not None:
        return scripts.named(shape.checks)
    if shape.sanitise is None or shape.sanitise == NEVER:
        return None
    return scripts.beside(shape.sanitise)


def columns_name(shape: SyncShape) -> str | None:
    """Return the file of a sync that decides on columns, or that would if it were there."""
    if shape.columns is not None:
        return str(PurePosixPath(shape.columns))
    if shape.sanitise is None or shape.sanitise == NEVER:
        return None
    return columns_beside(shape.sanitise)


def columns_beside(script: str) -> str:
    """Return the name of the file that decides on columns for a script."""
    path = PurePosixPath(script)
    ending = next((each for each in SUFFIXES.values() if script.endswith(each)), path.suffix)
    return str(path.parent / f"{path.name.removesuffix(ending)}{SUFFIX}")
