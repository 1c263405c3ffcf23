"""What exists: environments with their servers, databases, syncs and backups, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Literal

from envsync.columns import Classification
from envsync.places import BucketPlace, Endpoint, SnapshotRepository, Storage, Transport


class Dbms(StrEnum):
    """The kinds of database server envsync can copy between."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    MONGO = "mongo"
    ELASTICSEARCH = "elasticsearch"


class Ensure(StrEnum):
    """Whether a step runs at night, only by hand, or not at all."""

    PRESENT = "present"
    DISABLED = "disabled"
    ABSENT = "absent"


class Coverage(StrEnum):
    """What comes of a column that nobody has decided on: the pull fails, or warns."""

    STRICT = "strict"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a step is meant to start, as a five-field cron expression in the machine's time zone."""

    cron: str

    @property
    def text(self) -> str:
        """The time of day where the expression is a daily one, else the expression."""
        minute, hour, *rest = self.cron.split()
        daily = rest == ["*", "*", "*"] and minute.isdigit() and hour.isdigit()
        return f"{int(hour):02}:{int(minute):02}" if daily else self.cron


@dataclass(frozen=True, slots=True)
class RebootLock:
    """The file that keeps a machine from rebooting while a step runs on it."""

    directory: str
    name: str


@dataclass(frozen=True, slots=True)
class Retention:
    """Which artefacts are kept: the newest of so many days, weeks and months, and what is young."""

    keep_daily: int = 0
    keep_weekly: int = 0
    keep_monthly: int = 0
    keep_younger: timedelta = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Icinga:
    """Where passive check results go, and under which host and service names."""

    transport: Transport
    service_prefix: str
    report_as: str | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A database server: where it is, which machine reaches it, how much it bears at once.

    `repository` is where a search cluster keeps its snapshots, not the environment's storage.
    A `scratch` server is for drills and cleaning: no database lies on it, and nobody reads there.
    """

    dbms: Dbms
    endpoint: Endpoint
    machine: str
    max_parallel: int = 1
    disk_bytes: int | None = None
    push_from: Literal["primary", "secondary"] = "primary"
    repository: SnapshotRepository | None = None
    scratch: bool = False

    @property
    def name(self) -> str:
        return self.endpoint.name


@dataclass(frozen=True, slots=True)
class Environment:
    """Production, staging, integration: one inventory file.

    `clean_storage` is where artefacts lie that were sanitised before they leave it.
    """

    name: str
    protected: bool
    storage: Storage
    reboot_lock: RebootLock | None = None
    icinga: Icinga | None = None
    clients: tuple[str, ...] = ()
    clean_storage: Storage | None = None
    retention: Retention | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What any step can be told, whichever way it goes.

    `after` are the keys of databases whose steps come before, in the same environment. `own_lists`
    are the keys of what it says itself is left out; of the others the defaults say it.
    """

    title: str
    ensure: Ensure = Ensure.PRESENT
    schedule: Schedule | None = None
    temppath: str | None = None
    deadline: timedelta | None = None
    exclude_table_data: tuple[str, ...] = ()
    exclude_tables: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    own_lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Database:
    """One dataset in one environment; `grants` is None where the replaced database's are kept.

    `indices` are patterns of what belongs to it in a search cluster; `name` is then envsync's own.
    `max_shrink` is the share in per cent by which an artefact may be smaller than the one before.
    `retention` says which of its artefacts are kept; None: all of them.
    `unlisted_push` is how it is pushed where a sync needs that and no backup lists it. `scratch` is
    its environment's scratch server of its kind.
    """

    key: str
    environment: Environment
    server: Server
    name: str
    path: str
    owner: str | None = None
    grants: Mapping[str, tuple[str, ...]] | None = field(default=None, hash=False)
    restore_jobs: int = 2
    row_counts: Literal["exact", "estimate"] = "exact"
    keep_previous: bool = True
    indices: tuple[str, ...] = ()
    keep_snapshots: int | None = None
    max_shrink: Decimal = Decimal(30)
    retention: Retention | None = None
    unlisted_push: Options = field(default_factory=lambda: Options(title=""))
    scratch: Server | None = None

    def __str__(self) -> str:
        return f"{self.key} ({self.environment.name})"

    @property
    def storage(self) -> Storage:
        """Where its artefacts lie: its cluster's repository, else the environment's storage."""
        return self.server.repository or self.environment.storage

    @property
    def clean_storage(self) -> Storage | None:
        """Where its clean artefacts lie: its scratch cluster's repository, else as it says above.

        None where the environment has no such place.
        """
        if self.server.dbms is Dbms.ELASTICSEARCH:
            return self.scratch.repository if self.scratch else None
        return self.environment.clean_storage


@dataclass(frozen=True, slots=True)
class Script:
    """SQL on disk: its name as the inventory says it, and its path."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Sanitise:
    """The script that makes a copy safe to read."""

    script: Script


@dataclass(frozen=True, slots=True)
class NeverSanitise:
    """The statement that a copy holds nothing personal, and why."""

    because: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Texts to replace in one column or field of a copy, such as the domains of its environment.

    `field` is "table.column" or "schema.table.column", "collection.field" for documents.
    """

    field: str
    replacements: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sync:
    """An edge: from a source database to a target, sanitised on the way.

    `sanitise` is None only where the source is not protected and the inventory says nothing.
    `max_age` is how old the newest artefact may be and still count as last night's.
    `after_promote` are programs with their arguments, run once the copy is live. `columns` is what
    `columns_file` decides of every column, `coverage` what the inventory says comes of others.
    What is sanitised at the `source` leaves its environment clean; the target pulls nothing else.
    Syncs of one environment with the same `group` are promoted together or not at all.
    """

    source: Database
    target: Database
    sanitise: Sanitise | NeverSanitise | None
    checks: Script | None
    options: Options
    max_age: timedelta = timedelta(hours=36)
    rewrite: tuple[Rewrite, ...] = ()
    after_promote: tuple[tuple[str, ...], ...] = ()
    columns_file: str | None = None
    columns: Classification | None = None
    coverage: Coverage | None = None
    sanitise_at: Literal["source", "target"] = "target"
    group: str | None = None

    @property
    def is_cleaned(self) -> bool:
        """Whether the data is sanitised before it leaves its environment."""
        return self.sanitise_at == "source"

    @property
    def storage(self) -> Storage:
        """Where the artefacts lie that the target pulls; a bug to ask where there is no place."""
        if not self.is_cleaned:
            return self.source.storage
        if self.source.clean_storage is None:
            raise ValueError(f"{self.source} has no storage for clean artefacts")
        return self.source.clean_storage

    @property
    def script(self) -> Script | None:
        """The script that makes the data safe to read, wherever it is run."""
        return self.sanitise.script if isinstance(self.sanitise, Sanitise) else None

    @property
    def gate(self) -> Coverage | None:
        """What comes of an undecided column; None where nothing was to be decided.

        Strict is the rule where a script is all that makes a protected environment's data safe.
        """
        if isinstance(self.sanitise, NeverSanitise):
            return None
        if self.coverage is not None:
            return self.coverage
        leaves = self.source.environment.name != self.target.environment.name
        if leaves and self.source.environment.protected and self.sanitise is not None:
            return Coverage.STRICT
        return Coverage.WARN if self.columns else None


@dataclass(frozen=True, slots=True)
class Backup:
    """A push of an environment's own copy of a database."""

    database: Database
    options: Options


@dataclass(frozen=True, slots=True)
class Drill:
    """A restore drill of a database's newest artefact; `checks` are queries over the raw data."""

    database: Database
    checks: Script | None
    options: Options


@dataclass(frozen=True, slots=True)
class Bucket:
    """Objects of one environment, such as what its applications let people upload."""

    key: str
    environment: Environment
    place: BucketPlace

    def __str__(self) -> str:
        return f"{self.key} ({self.environment.name})"


@dataclass(frozen=True, slots=True)
class BucketSync:
    """An edge: from a source bucket to a target, whose objects become those of the source.

    `machine` may read the one and write the other. Objects that the source does not have are
    deleted where `delete` is true, and never more of the target's than `max_delete` per cent.
    `sanitise` is None where the source is not protected and the inventory gives no reason.
    """

    source: Bucket
    target: Bucket
    machine: str
    sanitise: NeverSanitise | None
    options: Options
    delete: bool = False
    max_delete: Decimal = Decimal(10)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that exists, in the order of its files and their lines."""

    environments: tuple[Environment, ...] = ()
    databases: tuple[Database, ...] = ()
    syncs: tuple[Sync, ...] = ()
    backups: tuple[Backup, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    bucket_syncs: tuple[BucketSync, ...] = ()
    drills: tuple[Drill, ...] = ()
