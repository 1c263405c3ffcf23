"""Whole valid inventories, of several files, drawn at random: what tests of properties are fed.

A new key is one more argument here, where its values are drawn, and one more line in `written`,
where they are told in YAML.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from pathlib import Path

from hypothesis import strategies as some

from envsync.columns import Classification, Decided, Decision
from envsync.inventory.model import (
    Backup,
    Bucket,
    BucketSync,
    Coverage,
    Database,
    Dbms,
    Drill,
    Ensure,
    Environment,
    Inventory,
    NeverSanitise,
    Options,
    Rewrite,
    Sanitise,
    Script,
    Server,
    Sync,
)
from envsync.places import BucketPlace, SnapshotRepository
from tests.properties.homes import (
    DEFAULTS,
    RETENTION,
    Defaults,
    environment,
    options,
    server,
)
from tests.properties.nights import in_order
from tests.properties.storages import is_readable, s3
from tests.properties.words import (
    DURATION,
    KEY,
    MOSTLY,
    ONE_LINE,
    PROSE,
    SEGMENT,
    SELDOM,
    SHARE,
    TEXT,
    TITLE,
    URL,
    Draw,
    at_most,
    optional,
)

SCRIPTS = Path(__file__).parent / "scripts"
_LONGEST_DRILLED = 63 - len("__verify__incoming") - len("9999")
_NAMED: dict[Dbms, tuple[str, ...]] = {
    Dbms.POSTGRESQL: ("clean.sql", "d i r/ü'$%.sql"),
    Dbms.MYSQL: ("clean.sql", "d i r/ü'$%.sql"),
    Dbms.MONGO: ("people.mongo.yaml",),
    Dbms.ELASTICSEARCH: ("people.elasticsearch.yaml",),
}
_CHECKS: dict[Dbms, tuple[str, ...]] = {
    Dbms.POSTGRESQL: ("clean.checks.sql", "other.checks.sql"),
    Dbms.MYSQL: ("clean.checks.sql", "other.checks.sql"),
    Dbms.MONGO: ("people.checks.mongo.yaml",),
    Dbms.ELASTICSEARCH: (),
}
_COLUMNS: dict[str, str] = {
    "clean.sql": "clean.columns.yaml",
    "d i r/ü'$%.sql": "d i r/ü'$%.columns.yaml",
    "people.mongo.yaml": "people.columns.yaml",
    "people.elasticsearch.yaml": "people.columns.yaml",
}
_DECIDED = {
    "people": {
        "email": Decided(Decision.SANITISED, ("text",)),
        "town": Decided(Decision.KEEP, ("text", "int")),
    }
}
"""What each file that is there decides."""
_PRIVILEGES = some.lists(
    some.sampled_from(("SELECT", "INSERT", "UPDATE", "ALL")), min_size=1, max_size=2
)
_SEARCH_NAME = some.from_regex(r"[a-z0-9][a-z0-9_.-]{0,8}", fullmatch=True)
_INDICES = some.lists(
    some.sampled_from(("people", "people-*", "ü", "a'b")), min_size=1, max_size=2, unique=True
)
_NOT_STRICT = (None, Coverage.WARN)
_ARGV = some.tuples(TEXT, ONE_LINE) | some.tuples(TEXT)


@dataclass(frozen=True, slots=True)
class Told:
    """An inventory, and the defaults of each of its files, which are told in YAML only."""

    inventory: Inventory
    defaults: dict[str, Defaults]


@dataclass(frozen=True, slots=True)
class _File:
    """What is drawn of one environment, before the edges."""

    home: Environment
    defaults: Defaults
    databases: dict[str, Database] = field(default_factory=dict)
    buckets: dict[str, Bucket] = field(default_factory=dict)


@dataclass(slots=True)
class _Draft:
    """An inventory in the making: `draw` chooses, `numbers` tell names apart."""

    draw: Draw
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    files: list[_File] = field(default_factory=list)

    def is_downhill(self, source: Database | Bucket, target: Database | Bucket) -> bool:
        """Tell whether an edge leads from an earlier environment to a later one: no loop does."""
        order = [file.home for file in self.files]
        return order.index(source.environment) < order.index(target.environment)


@some.composite
def told_inventories(draw: some.DrawFn) -> Told:
    """Draw an inventory with the defaults of its files."""
    draft = _Draft(draw)
    names = draw(some.lists(KEY, min_size=2, max_size=4, unique=True))
    kinds = draw(some.lists(some.sampled_from(Dbms), min_size=1, max_size=4))
    datasets = {f"{draw(KEY)}-{next(draft.numbers)}": kind for kind in kinds}
    buckets = [f"bucket-{next(draft.numbers)}" for _ in range(draw(some.integers(0, 2)))]
    url = draw(optional(URL))
    for number, name in enumerate(names):
        file = _File(environment(draw, name, number), draw(DEFAULTS))
        file.databases.update(_databases(draft, file, datasets))
        file.buckets.update(_buckets(draft, file, buckets, url))
        draft.files.append(file)
    edges = _cleaned(draft, [each for file in draft.files for each in _syncs(draft, file)])
    pushes = [each for file in draft.files for each in _backups(draft, file)]
    syncs, backups = in_order(draw, list(edges), pushes)
    known = Inventory(
        environments=tuple(file.home for file in draft.files),
        databases=tuple(each for file in draft.files for each in file.databases.values()),
        syncs=syncs,
        backups=backups,
        drills=tuple(each for file in draft.files for each in _drills(draft, file)),
        buckets=tuple(each for file in draft.files for each in file.buckets.values()),
        bucket_syncs=tuple(each for file in draft.files for each in _bucket_syncs(draft, file)),
    )
    return Told(known, {file.home.name: file.defaults for file in draft.files})


def inventories() -> some.SearchStrategy[Inventory]:
    """Draw an inventory."""
    return told_inventories().map(lambda told: told.inventory)


def _databases(
    draft: _Draft, file: _File, datasets: dict[str, Dbms]
) -> Iterator[tuple[str, Database]]:
    servers: dict[Dbms, Server] = {}
    scratch: dict[Dbms, Server | None] = {}
    machine = draft.draw(KEY)

    def reached(made: Server) -> Server:
        """Have most servers reached by one machine, as a group's have to be."""
        return replace(made, machine=machine) if draft.draw(MOSTLY) else made

    search_alone = isinstance(file.home.storage, SnapshotRepository)
    for key, dbms in datasets.items():
        if not draft.draw(MOSTLY) or (search_alone and dbms is not Dbms.ELASTICSEARCH):
            continue
        if dbms not in servers or draft.draw(SELDOM):
            servers[dbms] = reached(server(draft.draw, file.home, dbms, next(draft.numbers)))
        if dbms not in scratch:
            number = next(draft.numbers)
            apart = reached(server(draft.draw, file.home, dbms, number, scratch=True))
            scratch[dbms] = apart if draft.draw(MOSTLY) else None
        database = _database(draft, file, key, servers[dbms])
        yield key, replace(database, scratch=scratch[dbms])


def _database(draft: _Draft, file: _File, key: str, on: Server) -> Database:
    draw, number = draft.draw, next(draft.numbers)
    search, postgresql = on.dbms is Dbms.ELASTICSEARCH, on.dbms is Dbms.POSTGRESQL
    name = draw(_SEARCH_NAME if search else at_most(TEXT, _LONGEST_DRILLED))
    roles = some.dictionaries(at_most(TEXT, 63), _PRIVILEGES.map(tuple), max_size=2)
    retention = draw(some.just(file.home.retention) | RETENTION)
    counted = some.none() if retention else some.none() | some.integers(2, 10_000)
    return Database(
        key=key,
        environment=file.home,
        server=on,
        name=f"{name}{number}",
        path="/".join((*draw(some.lists(SEGMENT, max_size=1)), f"p{number}")),
        owner=draw(optional(at_most(TEXT, 63))) if postgresql else None,
        grants=draw(some.none() | roles) if postgresql else None,
        restore_jobs=draw(some.integers(1, 64)),
        row_counts=draw(some.sampled_from(("exact", "estimate"))),
        keep_previous=draw(some.booleans()),
        max_shrink=draw(SHARE),
        indices=tuple(draw(_INDICES)) if search else (),
        keep_snapshots=draw(counted) if search else None,
        retention=retention,
        unlisted_push=file.defaults.options(f"push {key} from {file.home.name}"),
    )


def _options(draft: _Draft, file: _File, usual: str, dbms: Dbms | None) -> Options:
    title = draft.draw(some.none() | TITLE)
    named = f"{title}{next(draft.numbers)}" if title else usual
    return options(draft.draw, file.defaults, named, dbms)


def _edge_options(
    draft: _Draft, file: _File, source: Database | Bucket, target: Database | Bucket
) -> Options:
    """Draw what an edge is told; where no night may run it, it is left to be run by hand."""
    verb, dbms = "copy", None
    if isinstance(target, Database):
        verb, dbms = "pull", target.server.dbms
    told = _options(draft, file, f"{verb} {target.key} into {file.home.name}", dbms)
    scheduled = draft.is_downhill(source, target) and not file.home.protected
    if told.ensure is Ensure.PRESENT and not scheduled:
        return replace(told, ensure=Ensure.DISABLED)
    return told


def _drills(draft: _Draft, file: _File) -> Iterator[Drill]:
    for key, database in file.databases.items():
        if is_readable(database.storage) and draft.draw(some.booleans()):
            checks = draft.draw(some.sampled_from((None, *_CHECKS[database.server.dbms])))
            told = _options(draft, file, f"verify {key} of {file.home.name}", None)
            yield Drill(
                database,
                Script(checks, SCRIPTS / checks) if checks else None,
                replace(told, temppath=file.defaults.temppath),
            )


def _backups(draft: _Draft, file: _File) -> Iterator[Backup]:
    for key, database in file.databases.items():
        if draft.draw(some.booleans()):
            title = f"push {key} from {file.home.name}"
            yield Backup(database, _options(draft, file, title, database.server.dbms))


def _syncs(draft: _Draft, file: _File) -> Iterator[Sync]:
    for key, target in file.databases.items():
        alike = [
            found
            for each in draft.files
            for found in each.databases.values()
            if found.server.dbms is target.server.dbms and is_readable(found.storage)
        ]
        of_that_name = [found for found in alike if found.key == key and found is not target]
        if alike and draft.draw(MOSTLY):
            same = bool(of_that_name) and draft.draw(MOSTLY)
            source = draft.draw(some.sampled_from(of_that_name if same else alike))
            yield _sync(draft, file, source, target)


def _sync(draft: _Draft, file: _File, source: Database, target: Database) -> Sync:
    draw, dbms = draft.draw, target.server.dbms
    leaves = _leaves(source, target)
    sanitise, checks = _sanitise(draw, dbms, forced=leaves)
    file_, columns, coverage = _covered(draw, sanitise, forced=leaves)
    return Sync(
        source=source,
        target=target,
        sanitise=sanitise,
        checks=checks,
        options=_edge_options(draft, file, source, target),
        max_age=draw(DURATION),
        rewrite=tuple(_rewrites(draw, dbms)),
        after_promote=tuple(draw(some.lists(_ARGV, max_size=2))),
        columns_file=file_,
        columns=columns,
        coverage=coverage,
    )


def _cleaned(draft: _Draft, syncs: list[Sync]) -> Iterator[Sync]:
    """Have some of the data that can be sanitised at its source, as all agree who share it."""
    first: dict[tuple[str, str], Sync] = {}
    for sync in syncs:
        source = sync.source
        if not _can_be_cleaned(sync) or not draft.draw(MOSTLY):
            yield sync
            continue
        other = first.setdefault((source.environment.name, source.key), sync)
        agreed = _shared(other) == _shared(sync)
        yield replace(sync, sanitise_at="source") if agreed else sync


def _can_be_cleaned(sync: Sync) -> bool:
    """Tell whether there is a script, where to run it, and where to put what comes of it."""
    source, there = sync.source, sync.source.clean_storage
    fits = source.server.dbms is Dbms.ELASTICSEARCH or not isinstance(there, SnapshotRepository)
    able = sync.script and source.scratch and there and source != sync.target
    return bool(able) and fits and is_readable(there)


def _shared(sync: Sync) -> tuple[object, ...]:
    """Return what edges must agree on that take one clean artefact."""
    left_out = (sync.options.exclude_table_data, sync.options.exclude_tables)
    return sync.sanitise, sync.checks, sync.columns_file, sync.columns, sync.gate, left_out


def _leaves(source: Database | Bucket, target: Database | Bucket) -> bool:
    """Tell whether an edge leads out of a protected environment."""
    return source.environment.protected and source.environment != target.environment


def _sanitise(
    draw: Draw, dbms: Dbms, *, forced: bool
) -> tuple[Sanitise | NeverSanitise | None, Script | None]:
    """Draw how a copy is made safe, and its checks: those that belong to a script, or others."""
    ways: list[str | None] = [*_NAMED[dbms], "never", *(() if forced else (None,))]
    way = draw(some.sampled_from(ways))
    checks = draw(some.sampled_from((None, *_CHECKS[dbms])))
    if way == "clean.sql" and checks is None:
        checks = "clean.checks.sql"
    script = Script(checks, SCRIPTS / checks) if checks else None
    if way is None:
        return None, script
    if way == "never":
        return NeverSanitise(draw(PROSE)), script
    return Sanitise(Script(way, SCRIPTS / way)), script


def _covered(
    draw: Draw, sanitise: Sanitise | NeverSanitise | None, *, forced: bool
) -> tuple[str | None, Classification | None, Coverage | None]:
    """Draw which file decides on columns, and what comes of others; strict needs such a file."""
    if isinstance(sanitise, NeverSanitise):
        return None, None, None
    beside = _COLUMNS[sanitise.script.name] if sanitise else None
    file = draw(some.just(beside) | some.just("other.columns.yaml"))
    decided = Classification(file, _DECIDED) if file and (SCRIPTS / file).exists() else None
    if decided is None:
        strictly = forced and sanitise is not None
        return file, None, Coverage.WARN if strictly else draw(some.sampled_from(_NOT_STRICT))
    return file, decided, draw(some.sampled_from((None, *Coverage)))


def _rewrites(draw: Draw, dbms: Dbms) -> Iterator[Rewrite]:
    if dbms is Dbms.ELASTICSEARCH:
        return
    part = TEXT.map(lambda text: text.replace(".", "_"))
    parts = 2 if dbms is Dbms.MYSQL else draw(some.sampled_from((2, 3)))
    fields = some.lists(part, min_size=parts, max_size=parts).map(".".join)
    texts = some.dictionaries(TEXT, ONE_LINE, min_size=1, max_size=2)
    for field_, replacements in draw(some.dictionaries(fields, texts, max_size=1)).items():
        yield Rewrite(field_, tuple(replacements.items()))


def _buckets(
    draft: _Draft, file: _File, keys: list[str], url: str | None
) -> Iterator[tuple[str, Bucket]]:
    for key in keys:
        if draft.draw(MOSTLY):
            number = next(draft.numbers)
            named = s3(TEXT.map(f"{{}}-b{number}".format), some.just(url))
            prefix = some.just("") | ONE_LINE.map("{}/".format)
            yield key, Bucket(key, file.home, draft.draw(some.builds(BucketPlace, named, prefix)))


def _bucket_syncs(draft: _Draft, file: _File) -> Iterator[BucketSync]:
    for target in file.buckets.values():
        others = [
            found for each in draft.files for found in each.buckets.values() if found is not target
        ]
        if others and draft.draw(MOSTLY):
            yield _bucket_sync(draft, file, draft.draw(some.sampled_from(others)), target)


def _bucket_sync(draft: _Draft, file: _File, source: Bucket, target: Bucket) -> BucketSync:
    draw = draft.draw
    because = draw(PROSE if _leaves(source, target) else some.none() | PROSE)
    delete = draw(some.booleans())
    share = SHARE if delete else some.just(Decimal(10))
    return BucketSync(
        source=source,
        target=target,
        machine=draw(KEY),
        sanitise=NeverSanitise(because) if because else None,
        options=_edge_options(draft, file, source, target),
        delete=delete,
        max_delete=draw(share),
    )
