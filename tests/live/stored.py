"""An artefact in a site's file storage, for tests to tamper with."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envsync.artefacts import MANIFEST_SUFFIX
from tests.live.site import Site


@dataclass(frozen=True, slots=True)
class Stored:
    """The two files of an artefact."""

    dump: Path

    @property
    def manifest(self) -> Path:
        return self.dump.with_name(f"{self.dump.name}{MANIFEST_SUFFIX}")

    @property
    def stamp(self) -> str:
        return str(self.described["stamp"])

    @property
    def described(self) -> dict[str, Any]:
        """What the manifest says."""
        return dict(json.loads(self.manifest.read_text()))

    def describe(self, **changes: Any) -> None:
        """Have the manifest say something else."""
        self.manifest.write_text(json.dumps({**self.described, **changes}))

    def alter(self, at: int) -> None:
        """Flip every bit of one byte of the dump, and leave its size as it is."""
        content = bytearray(self.dump.read_bytes())
        content[at] ^= 0xFF
        self.dump.write_bytes(content)

    def renamed(self, stamp: str) -> "Stored":
        """Copy both files to where the artefact of another moment would lie, as they are."""
        copy = Stored(self.dump.with_name(self.dump.name.replace(self.stamp, stamp)))
        shutil.copy(self.dump, copy.dump)
        shutil.copy(self.manifest, copy.manifest)
        return copy

    def taken_at(self, stamp: str) -> "Stored":
        """Copy the artefact to what it would be, had it been made at another moment."""
        copy = self.renamed(stamp)
        copy.describe(stamp=stamp)
        return copy

    def remove(self) -> None:
        self.dump.unlink()
        self.manifest.unlink()


def only(site: Site) -> Stored:
    """Return the only artefact in the storage of a site's production."""
    (dump,) = (site.folder / "artefacts" / "production").rglob("*.dump.zst")
    return Stored(dump)
