"""What stands in an inventory file beside its edges: environments, storages, servers, defaults."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar

from hypothesis import strategies as some

from envsync.inventory.model import (
    Dbms,
    Ensure,
    Environment,
    Icinga,
    Options,
    RebootLock,
    Schedule,
    Server,
)
from envsync.places import (
    Encryption,
    Endpoint,
    FileStorage,
    IcingaApi,
    Nsca,
    RsyncDaemon,
    RsyncShell,
    S3Storage,
    SnapshotRepository,
    Storage,
)
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
    URL,
    USUALLY_PRESENT,
    at_most,
    optional,
)

Value = TypeVar("Value")
Draw = Callable[[some.SearchStrategy[Any]], Any]
EXCLUDES: dict[Dbms, tuple[str, ...]] = {
    Dbms.POSTGRESQL: ("exclude_table_data",),
    Dbms.MYSQL: ("exclude_table_data", "exclude_tables"),
    Dbms.MONGO: ("exclude_tables",),
    Dbms.ELASTICSEARCH: (),
}
"""What may be left out of a dump, by engine."""
_ENCRYPTION = some.just(Encryption("AES256")) | some.builds(Encryption, some.just("aws:kms"), TEXT)


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
    excluded = {key: draw(PATTERNS) if key in fit else () for key in EXCLUDES[Dbms.MYSQL]}
    schedule = SCHEDULE if defaults.schedule else some.none() | SCHEDULE
    temppath = FOLDER if defaults.temppath else optional(FOLDER)
    deadline = DURATION if defaults.deadline else some.none() | DURATION
    return Options(
        title,
        draw(USUALLY_PRESENT),
        draw(schedule),
        draw(temppath) if dbms else None,
        draw(deadline),
        **excluded,
    )


def s3(bucket: some.SearchStrategy[str], url: some.SearchStrategy[str | None]) -> Any:
    """Draw a bucket and who one is to it."""
    return some.builds(
        S3Storage,
        bucket=bucket,
        region=optional(TEXT),
        endpoint_url=url,
        encryption=some.none() | _ENCRYPTION,
        checksums=some.sampled_from(("when_supported", "when_required")),
        profile=optional(TEXT),
        role_arn=optional(TEXT),
        external_id=optional(TEXT),
        acl=some.sampled_from((None, "bucket-owner-full-control")),
    )


def _daemon(draw: Draw) -> RsyncDaemon:
    user = draw(optional(KEY))
    return RsyncDaemon(
        draw(some.sampled_from(("backup.example.org", "::1"))),
        "/".join(draw(some.lists(SEGMENT, min_size=1, max_size=2))),
        draw(some.integers(1, 65535)),
        user,
        draw(some.none() | SECRET) if user else None,
    )


def storage(draw: Draw, number: int) -> Storage:
    """Draw where an environment's artefacts lie."""
    port = some.none() | some.integers(1, 65535)
    ways: dict[str, Callable[[], Storage]] = {
        "a file": lambda: draw(some.builds(FileStorage, FOLDER)),
        "s3": lambda: draw(s3(TEXT.map(lambda text: f"{text}-s{number}"), optional(URL))),
        "daemon": lambda: _daemon(draw),
        "shell": lambda: draw(
            some.builds(
                RsyncShell,
                host=some.sampled_from(("backup.example.org", "::1")),
                directory=FOLDER,
                port=port,
                user=optional(KEY),
                identity=optional(FOLDER),
                known_hosts=optional(FOLDER),
                spool=some.none(),
            )
        ),
        "repository": lambda: SnapshotRepository(draw(KEY)),
    }
    return ways[draw(some.sampled_from(sorted(ways)))]()


ICINGA = some.builds(
    Icinga,
    some.builds(Nsca, HOST.map(str.strip), some.integers(1, 65535), FOLDER)
    | some.builds(IcingaApi, some.just("https://icinga:5665"), TEXT, SECRET, optional(FOLDER)),
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
        draw(s3(some.just(f"clean-{number}-of-{name}"), optional(URL))) if draw(MOSTLY) else None,
    )


def server(draw: Draw, dbms: Dbms, number: int, *, scratch: bool = False) -> Server:
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
    repository = f"clean-{number}" if scratch else draw(KEY)
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
