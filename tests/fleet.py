"""A small fleet as values: what tests of plans, engines and the executor are arranged from."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from envsync.artefacts import Manifest, Stamp
from envsync.columns import Classification, Decided, Decision
from envsync.facts.postgresql import Client, PullFacts, PushFacts
from envsync.facts.postgresql import Database as Live
from envsync.facts.postgresql import Server as ServerFacts
from envsync.inventory.model import (
    Backup,
    Bucket,
    BucketSync,
    Database,
    Dbms,
    Environment,
    Inventory,
    NeverSanitise,
    Options,
    Sanitise,
    Script,
    Server,
    Sync,
)
from envsync.places import BucketPlace, Endpoint, FileStorage, S3Storage

NOW = Stamp(datetime(2026, 11, 20, 2, 40, tzinfo=UTC))
SCRIPT = Sanitise(Script("clean.sql", Path("sql/clean.sql")))
CHECKS = Script("clean.checks.sql", Path("sql/clean.checks.sql"))
COLUMNS = Classification(
    "clean.columns.yaml",
    {"editions": {"details": Decided(Decision.SANITISED, ("json",), 2)}},
)
NOTHING_PERSONAL = NeverSanitise("it holds nothing personal")
CLIENTS = (Client(15, "15.18", "/usr/lib/postgresql/15/bin"), Client(18, "18.6", "/opt/18/bin"))


def environment(name: str, *, protected: bool = False) -> Environment:
    return Environment(name, protected, FileStorage(f"/store/{name}"))


PRODUCTION = environment("production", protected=True)
STAGING = environment("staging")
INTEGRATION = environment("integration")


def server(where: Environment, max_parallel: int = 1) -> Server:
    endpoint = Endpoint(f"{where.name}-postgres", f"postgres.{where.name}", 5432, "envsync")
    return Server(Dbms.POSTGRESQL, endpoint, "db_admin", max_parallel)


def database(key: str, where: Environment) -> Database:
    return Database(key, where, server(where), f"{key}_production", "postgresql", owner=key)


def sync(
    source: Database, target: Database, sanitise: Sanitise | NeverSanitise | None = SCRIPT
) -> Sync:
    title = f"pull {target.key} into {target.environment.name}"
    decided = COLUMNS if isinstance(sanitise, Sanitise) else None
    return Sync(source, target, sanitise, CHECKS, Options(title), columns=decided)


def backup(of: Database) -> Backup:
    return Backup(of, Options(f"push {of.key} from {of.environment.name}"))


def cleaned(edge: Sync) -> Sync:
    """Return an edge whose data is sanitised before it leaves."""
    home = replace(PRODUCTION, clean_storage=FileStorage("/store/clean"))
    scratch = replace(server(PRODUCTION), scratch=True)
    source = replace(edge.source, environment=home, scratch=scratch)
    return replace(edge, source=source, sanitise_at="source")


PUBLISHING = {e.name: database("publishing_api", e) for e in (PRODUCTION, STAGING, INTEGRATION)}
TAGGER = {e.name: database("content_tagger", e) for e in (PRODUCTION, STAGING, INTEGRATION)}


def inventory(*syncs: Sync, backups: tuple[Backup, ...] = ()) -> Inventory:
    databases = (*PUBLISHING.values(), *TAGGER.values())
    return Inventory((PRODUCTION, STAGING, INTEGRATION), databases, syncs, backups)


SHARED = inventory(
    sync(PUBLISHING["production"], PUBLISHING["staging"]),
    sync(PUBLISHING["production"], PUBLISHING["integration"]),
)
CHAINED = inventory(
    sync(TAGGER["production"], TAGGER["staging"], NOTHING_PERSONAL),
    sync(TAGGER["staging"], TAGGER["integration"], None),
)


def bucket(where: Environment) -> Bucket:
    return Bucket("assets", where, BucketPlace(S3Storage(f"assets-{where.name}")))


def bucket_sync(
    source: Bucket, target: Bucket, because: NeverSanitise | None = NOTHING_PERSONAL
) -> BucketSync:
    title = f"copy {target.key} into {target.environment.name}"
    return BucketSync(source, target, "db_admin", because, Options(title), delete=True)


ASSETS = {e.name: bucket(e) for e in (PRODUCTION, STAGING, INTEGRATION)}
COPIED = replace(
    CHAINED,
    buckets=tuple(ASSETS.values()),
    bucket_syncs=(
        bucket_sync(ASSETS["staging"], ASSETS["integration"], None),
        bucket_sync(ASSETS["production"], ASSETS["staging"]),
    ),
)

SERVER = ServerFacts(
    version=150018,
    version_text="15.18",
    standby=False,
    user="envsync",
    superuser=False,
    createdb=True,
    roles=frozenset({"envsync", "publishing_api", "content_tagger"}),
    member_of=frozenset({"envsync", "publishing_api", "content_tagger"}),
)
LIVE = Live(
    name="publishing_api_production",
    owner="publishing_api",
    bytes=1_000_000,
    encoding="UTF8",
    collate="C.UTF-8",
    ctype="C.UTF-8",
    connect=(("CONNECT", ""),),
    tables=3,
)
MANIFEST = Manifest(
    environment="production",
    database="publishing_api",
    name="publishing_api_production",
    dbms="postgresql",
    stamp=str(NOW),
    format="dump.zst",
    bytes=1_000,
    bytes_uncompressed=10_000,
    sha256="0" * 64,
    row_counts="exact",
    rows={"public.editions": 7},
    database_bytes=1_000_000,
    server_version="15.18 (Debian 15.18-0+deb12u1)",
    client_version="15.18",
    envsync_version="0.1.0",
)
PUSH_FACTS = PushFacts(CLIENTS, SERVER, LIVE)
PULL_FACTS = PullFacts(manifest=MANIFEST, clients=CLIENTS, server=SERVER, live=LIVE, previous=LIVE)
