"""Where a database's data came from, written into the database's own comment when promoted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from envsync.artefacts import STAMP_PATTERN, Manifest, ScriptUsed, Stamp

_TEXT = re.compile(
    rf"envsync: (?P<database>\S+) from (?P<environment>\S+) of (?P<stamp>{STAMP_PATTERN})"
    r"(?:, sanitised by (?P<script>.+) (?P<sha256>[0-9a-f]{64}))?"
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which artefact a database was restored from, and which script made it safe to read."""

    database: str
    environment: str
    stamp: Stamp
    sanitised: ScriptUsed | None = None

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """Return where a copy of an artefact comes from, before any script has been run on it."""
        inherited = manifest.sanitised[-1] if manifest.sanitised else None
        stamp = Stamp.parse(manifest.stamp)
        return cls(manifest.database, manifest.environment, stamp, inherited)

    def after(self, scripts: Sequence[ScriptUsed]) -> Self:
        """Return it with the script that was in fact the last to be run, if any was."""
        return replace(self, sanitised=scripts[-1]) if scripts else self

    @classmethod
    def parse(cls, comment: str | None) -> Self | None:
        """Read a database's comment; None where it is somebody else's or there is none."""
        match = _TEXT.fullmatch(comment or "")
        if match is None:
            return None
        try:
            stamp = Stamp.parse(match["stamp"])
        except ValueError:
            return None
        script = (
            ScriptUsed(name=match["script"], sha256=match["sha256"]) if match["script"] else None
        )
        return cls(match["database"], match["environment"], stamp, script)

    def __str__(self) -> str:
        sanitised = (
            f", sanitised by {self.sanitised.name} {self.sanitised.sha256}"
            if self.sanitised
            else ""
        )
        return f"envsync: {self.database} from {self.environment} of {self.stamp}{sanitised}"
