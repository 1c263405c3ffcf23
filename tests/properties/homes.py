"""What stands in an inventory file beside its edges: environments, storages, servers, defaults."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal, TypeVar

from hypothesis import strategies as some

from envsync.inventory.model import (
    Dbms,
    Ensure,
    Environment,
    Icinga,
    Options,
    RebootLock,
    Retention,
    Schedule,
    Server,
)
from envsync.places import Endpoint, IcingaApi, Nsca, SnapshotRepository
from tests.properties.storages import clean_storage, storage
from tests.properties.words import (
    DURATION,
    FOLDER,
    HOST,
    KEY,
    MOSTLY,
    SCHEDULE,
    SECRET,
    SEGMENT,
    SELDOM,
    SHARE,
    TEXT,
    TITLE,
    USUALLY_PRESENT,
    Draw,
    at_most,
    optional,
)

Value = TypeVar("Value")
EXCLUDES: dict[Dbms, tuple[str, ...]] = {
    Dbms.POSTGRESQL: ("exclude_table_data",),
    Dbms.MYSQL: ("exclude_table_data", "exclude_tables"),
    Dbms.MONGO: ("exclude_tables",),
    Dbms.ELASTICSEARCH: (),
}
"""What may be left out of a dump, by engine."""
_PERIODS = some.just(0) | some.integers(1, 10_000)
RETENTION = some.builds(
    Retention, _PERIODS, _PERIODS, _PERIODS, some.just(timedelta(days=2)) | DURATION
).filter(lambda kept: any((kept.keep_daily, kept.keep_weekly, kept.keep_monthly)))


@dataclass(frozen=True, slots=True)
class Defaults:
    """A file's defaults; None where it has none."""

    ensure: Ensure | None = None
    schedule: Schedule | None = None
    deadline: timedelta | None = None
    temppath: str | None = None
    exclude_table_data: tuple[str, ...] | None = None
    exclude_tables: tuple[str, ...] | None = None
    max_age: timedelta | None = None
    restore_jobs: int | None = None
    row_counts: Literal["exact", "estimate"] | None = None
    keep_previous: bool | None = None
    max_shrink: Decimal | None = None

    def options(self, title: str) -> Options:
        """Return what a step is told that says nothing itself."""
        return Options(
            title,
            self.ensure or Ensure.PRESENT,
            self.schedule,
            self.temppath,
            self.deadline,
            self.exclude_table_data or (),
            self.exclude_tables or (),
        )


PATTERNS = some.lists(TEXT, max_size=2).map(tuple)
DEFAULTS = some.just(Defaults()) | some.builds(
    Defaults,
    ensure=some.none() | some.sampled_from(Ensure),
    schedule=some.none() | SCHEDULE,
    deadline=some.none() | DURATION,
    temppath=optional(FOLDER),
    exclude_table_data=some.none() | PATTERNS,
    exclude_tables=some.none() | PATTERNS,
    max_age=some.none() | DURATION,
    restore_jobs=some.none() | some.integers(1, 64),
    row_counts=some.sampled_from((None, "exact", "estimate")),
    keep_previous=some.none() | some.booleans(),
    max_shrink=some.none() | SHARE,
)


def options(draw: Draw, defaults: Defaults, title: str, dbms: Dbms | None) -> Options:
    """Draw what a step is told, as far as a file with such defaults can tell it.

    None stands for what is no database, and is told only whether, when and for how long.
    """
    fit = EXCLUDES[dbms] if dbms else ()
    lists = {
        key: draw(PATTERNS) if key in fit else ()
        for key in ("exclude_table_data", "exclude_tables")
    }
    schedule = SCHEDULE if defaults.schedule else some.none() | SCHEDULE
    temppath = FOLDER if defaults.temppath else optional(FOLDER)
    deadline = DURATION if defaults.deadline else some.none() | DURATION
    return Options(
        title,
        draw(USUALLY_PRESENT),
        draw(schedule),
        draw(temppath) if dbms else None,
        draw(deadline),
        **lists,
        own_lists=tuple(key for key, names in lists.items() if names),
    )


_ICINGA_URL = some.sampled_from(("https://icinga:5665", "https://10.0.0.1/icinga"))
ICINGA = some.builds(
    Icinga,
    some.builds(Nsca, HOST.map(str.strip), some.integers(1, 65535), FOLDER)
    | some.builds(IcingaApi, _ICINGA_URL, TEXT, SECRET, optional(FOLDER)),
    TITLE,
    optional(TEXT),
)


def environment(draw: Draw, name: str, number: int) -> Environment:
    """Draw an environment; the first is mostly protected, the others seldom."""
    return Environment(
        name,
        draw(SELDOM if number else MOSTLY),
        storage(draw, number),
        draw(some.none() | some.builds(RebootLock, FOLDER, SEGMENT)),
        draw(some.none() | ICINGA),
        tuple(draw(some.lists(FOLDER, max_size=2))),
        clean_storage(draw, number) if draw(MOSTLY) else None,
        draw(some.none() | RETENTION),
    )


def _repository(draw: Draw, home: Environment, number: int, *, scratch: bool) -> str:
    """Draw where a search cluster's snapshots lie: a place of its own, or its environment's."""
    around = home.clean_storage if scratch else home.storage
    if isinstance(around, SnapshotRepository) and draw(some.booleans()):
        return around.repository
    return f"clean-r{number}" if scratch else f"{draw(KEY)}-r"


def server(
    draw: Draw, home: Environment, dbms: Dbms, number: int, *, scratch: bool = False
) -> Server:
    """Draw a server; no other has its host."""
    endpoint = Endpoint(
        name=f"{dbms}-{number}",
        host=f"{draw(HOST)}{number}",
        port=draw(some.integers(1, 65535)),
        user=draw(optional(TEXT)),
        password=draw(some.none() | SECRET),
        tls=draw(some.sampled_from(("disable", "require", "verify-ca", "verify-full"))),
        tls_ca=draw(optional(FOLDER)),
        maintenance=draw(at_most(TEXT, 60)) + "-m",
        auth_source=draw(at_most(TEXT, 63)),
        replica_set=draw(optional(TEXT)),
        documentdb=draw(some.booleans()),
    )
    repository = _repository(draw, home, number, scratch=scratch)
    return Server(
        dbms,
        endpoint,
        draw(KEY),
        draw(some.integers(1, 64)),
        draw(some.none() | some.integers(1, 10**18)),
        draw(some.sampled_from(("primary", "secondary"))),
        SnapshotRepository(repository, endpoint) if dbms is Dbms.ELASTICSEARCH else None,
        scratch,
    )
