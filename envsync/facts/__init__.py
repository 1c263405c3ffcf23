"""What must be known before acting: observed at the start of a step, passed on as values.

Each engine has its own facts in its own module; only it reads them.
"""

from dataclasses import dataclass, field

from envsync.artefacts import Manifest, ScriptUsed
from envsync.columns import Found, Samples
from envsync.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Facts:
    """What an engine saw before a step acts."""


@dataclass(frozen=True, slots=True)
class ColumnsFacts(Facts):
    """What columns a database has."""

    found: Found = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class SamplesFacts(Facts):
    """Values of some rows of one table: to be looked at, and never to be shown."""

    samples: Samples = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, slots=True)
class PushFactsBase(Facts):
    """What every push must know of its storage: sizes in bytes, None where there is nothing to say.

    The newest artefact is that of the same database; the room is for the next one. Its manifest is
    None where it is damaged.
    """

    newest: Manifest | None = field(default=None, kw_only=True)
    newest_bytes: int | None = field(default=None, kw_only=True)
    storage_free: int | None = field(default=None, kw_only=True)

    @property
    def tables(self) -> tuple[str, ...]:
        """The source's tables with rows of their own, as a manifest names them; () if unseen."""
        return ()

    @property
    def others(self) -> tuple[str, ...]:
        """What else could be left out by its name, such as views."""
        return ()


@dataclass(frozen=True, slots=True)
class PullFactsBase(Facts):
    """What every pull must know: the artefact it will restore; None while it is awaited.

    `script` is the one at hand that makes it safe to read. `cleaned` is what there is already of
    the same artefact, made clean, where that is what the step makes, and `newest_clean` what there
    is that was made clean last.
    """

    manifest: Manifest | None
    script: ScriptUsed | None = field(default=None, kw_only=True)
    cleaned: Manifest | None = field(default=None, kw_only=True)
    newest_clean: Manifest | None = field(default=None, kw_only=True)

    @property
    def server_version(self) -> str:
        """The version of the server that restores; "" where nobody asked."""
        return ""


@dataclass(frozen=True, slots=True)
class SwapFactsBase(Facts):
    """What every rollback tells: where the data came from that will be live again."""

    returning: Provenance | None
