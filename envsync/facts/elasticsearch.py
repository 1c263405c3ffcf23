"""What is observed of a search cluster before acting, and how its indices are told apart."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from envsync.artefacts import Manifest, Stamp
from envsync.facts import Facts, PullFactsBase, SwapFactsBase
from envsync.provenance import Provenance

Picture = Mapping[str, Mapping[str, str]]
"""Who serves what: by name, the indices behind it, each with the alias's properties as JSON."""

_RESTORED = re.compile(r"envsync-(?P<name>[^@]*)@[0-9]{8}t[0-9]{6}z-(?P<original>.+)")
_OWN = re.compile(r"[.]|envsync-")


def moment(stamp: Stamp) -> str:
    """Return a stamp as the names of snapshots and indices can hold it: 20261120t024000z."""
    return stamp.moment.strftime("%Y%m%dt%H%M%Sz")


def snapshot_name(name: str, stamp: Stamp) -> str:
    """Return what the snapshot of a database at a moment is called."""
    return f"envsync-{name}@{moment(stamp)}"


def original(index: str) -> str:
    """Return the name an index had before envsync first restored it."""
    match = _RESTORED.fullmatch(index)
    return match["original"] if match else index


def belongs(index: str, name: str) -> bool:
    """Tell whether envsync made an index for a database."""
    match = _RESTORED.fullmatch(index)
    return match is not None and match["name"] == name


def chosen(pattern: str, name: str) -> bool:
    """Tell whether a pattern with "*" for any part means a name."""
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), name, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Origin:
    """What a finished restore says in an index: whence, whom it serves, what it has replaced."""

    provenance: Provenance
    serves: Mapping[str, str] = field(hash=False)
    replaced: Picture = field(hash=False)


@dataclass(frozen=True, slots=True)
class Index:
    """An index as it is: its aliases with their properties, its documents, its bytes at rest.

    `origin` is None until envsync has restored, sanitised and checked it.
    """

    name: str
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)
    origin: Origin | None = None
    documents: int = 0
    bytes: int = 0

    @property
    def names(self) -> Mapping[str, str]:
        """What applications call it: its aliases, or its own name where it has none."""
        known = {alias: how for alias, how in self.aliases.items() if not _OWN.match(alias)}
        return known or {original(self.name): "{}"}

    def is_meant(self, patterns: Iterable[str]) -> bool:
        """Tell whether it, or a name it serves, is one of a database's; no system index is."""
        own = () if _OWN.match(self.name) else (self.name,)
        served = [alias for alias in self.aliases if not _OWN.match(alias)]
        return any(chosen(pattern, name) for pattern in patterns for name in (*own, *served))


def picture(indices: Iterable[Index], names: Iterable[str]) -> Picture:
    """Return which indices serve names through aliases at this moment."""
    known = tuple(indices)
    found = {
        name: {index.name: index.aliases[name] for index in known if name in index.aliases}
        for name in names
    }
    return {name: behind for name, behind in found.items() if behind}


@dataclass(frozen=True, slots=True)
class Generations:
    """A database's data that is live, and the one it replaced; None where envsync knows of none."""

    live: Picture = field(default_factory=dict, hash=False)
    previous: Picture = field(default_factory=dict, hash=False)
    live_from: Provenance | None = None
    previous_from: Provenance | None = None

    @property
    def indices(self) -> frozenset[str]:
        """All that must not be deleted."""
        both = (*self.live.values(), *self.previous.values())
        return frozenset(index for behind in both for index in behind)


def generations(indices: Iterable[Index], name: str) -> Generations:
    """Tell what is live and what is previous, by what finished indices say and who is served.

    What envsync promoted says what it replaced; after a rollback that is live, and what had
    replaced it is the previous.
    """
    known = tuple(indices)
    sources = {index.name: index.origin.provenance for index in known if index.origin}
    newest_first = sorted(known, key=lambda index: index.name, reverse=True)
    own = [index for index in newest_first if index.origin and belongs(index.name, name)]
    existing = {index.name for index in known}
    for index in own:
        if index.origin is None:
            continue
        replaced = {
            alias: behind
            for alias, behind in index.origin.replaced.items()
            if existing.issuperset(behind)
        }
        siblings = [
            other for other in own if other.name[: _cut(other)] == index.name[: _cut(index)]
        ]
        serves = _serves(siblings)
        if any(sibling.aliases for sibling in siblings):
            live = picture(known, serves)
            return Generations(live, replaced, _of(live, sources), _of(replaced, sources))
        if replaced and picture(known, replaced) == replaced:
            return Generations(replaced, serves, _of(replaced, sources), _of(serves, sources))
    return Generations()


def _cut(index: Index) -> int:
    return index.name.index("z-", index.name.index("@"))


def _serves(siblings: Iterable[Index]) -> Picture:
    served: dict[str, dict[str, str]] = {}
    for index in siblings:
        for alias, how in index.origin.serves.items() if index.origin else ():
            served.setdefault(alias, {})[index.name] = how
    return served


def _of(shown: Picture, sources: Mapping[str, Provenance]) -> Provenance | None:
    """Return where the data in a picture came from."""
    indices = (index for behind in shown.values() for index in behind)
    return next((sources[index] for index in indices if index in sources), None)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as it says it is; one that a dry run cannot see is `assumed`."""

    distribution: str
    version: str
    client: str
    free_bytes: int | None = None
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class PushFacts(Facts):
    """What a push must know; `readonly` is None where the cluster knows no such repository.

    `newest` is the manifest of the snapshot before.
    """

    cluster: Cluster
    readonly: bool | None
    indices: tuple[Index, ...]
    newest: Manifest | None = None


@dataclass(frozen=True, slots=True)
class PullFacts(PullFactsBase):
    """What a pull must know: who is served by what, and what it will restore.

    `clean_readonly` is of the repository that it takes a snapshot into, if it takes one.
    """

    cluster: Cluster
    readonly: bool | None
    indices: tuple[Index, ...]
    clean_readonly: bool | None = None

    @property
    def server_version(self) -> str:
        return self.cluster.version


@dataclass(frozen=True, slots=True)
class SwapFacts(SwapFactsBase):
    """What a rollback must know."""

    generations: Generations
