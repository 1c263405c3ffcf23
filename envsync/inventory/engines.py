"""The rules about engines: what one of them understands and another does not."""

from collections.abc import Iterator

from envsync.inventory.document import quoted
from envsync.inventory.link import Linked
from envsync.inventory.model import Database, Dbms, Options, Sanitise, Script, Sync
from envsync.inventory.placed import Place, Placed
from envsync.inventory.problems import Problem, listed
from envsync.inventory.scripts import SUFFIXES

_SYSTEM: dict[Dbms, tuple[str, ...]] = {
    Dbms.MYSQL: ("mysql", "information_schema", "performance_schema", "sys", "envsync"),
    Dbms.MONGO: ("admin", "config", "local", "envsync"),
}
_PARTS_OF_A_COLUMN = 2
_UNFIT: dict[Dbms, dict[str, str]] = {
    Dbms.POSTGRESQL: {"exclude_tables": "'exclude_table_data'"},
    Dbms.MYSQL: {
        "owner": "none, schemas have no owner",
        "grants": "GRANT by hand, once: it stays with the schema's name",
    },
    Dbms.MONGO: {
        "exclude_table_data": "'exclude_tables', for whole collections",
        "owner": "roles on the server, which stay as they are",
        "grants": "roles on the server, which stay as they are",
    },
    Dbms.ELASTICSEARCH: {
        "exclude_table_data": "'indices' of the database, which says what is taken",
        "exclude_tables": "'indices' of the database, which says what is taken",
        "owner": "roles of the cluster, which stay as they are",
        "grants": "roles of the cluster, which stay as they are",
    },
}


def unfit(linked: Linked) -> Iterator[Problem]:
    """Yield a problem for each word that an engine does not understand."""
    for database in linked.databases:
        yield from _database(database)
    for sync in linked.syncs:
        yield from _ends(sync)
        yield from _options(sync.value.target.server.dbms, sync.value.options, sync.place)
        yield from _scripts(sync)
        yield from _columns(sync)
    for drill in linked.drills:
        dbms = drill.value.database.server.dbms
        if dbms is not Dbms.ELASTICSEARCH:
            yield from _script("checks", drill.value.checks, dbms, drill.place)
    for backup in linked.backups:
        yield from _options(backup.value.database.server.dbms, backup.value.options, backup.place)


def _database(found: Placed[Database]) -> Iterator[Problem]:
    database = found.value
    told = {"owner": database.owner, "grants": database.grants}
    for key, accepted in _UNFIT.get(database.server.dbms, {}).items():
        if told.get(key) is not None:
            yield _no_such(found.place, key, database.server.dbms, accepted)
    system = _SYSTEM.get(database.server.dbms, ())
    if database.name in system:
        yield found.place.problem(
            f"{found.place} has the name {database.name!r}, which is the server's or envsync's "
            f"own; accepted: a database other than {listed(system)}",
            "name",
        )


def _ends(sync: Placed[Sync]) -> Iterator[Problem]:
    source, target = sync.value.source.server.dbms, sync.value.target.server.dbms
    if source != target:
        yield sync.place.problem(
            f"{sync.place} goes from {source} into {target}; accepted: two databases of one kind",
            "from",
        )


def _options(dbms: Dbms, options: Options, place: Place) -> Iterator[Problem]:
    told = {
        "exclude_table_data": options.exclude_table_data,
        "exclude_tables": options.exclude_tables,
    }
    for key, accepted in _UNFIT.get(dbms, {}).items():
        if told.get(key):
            yield _no_such(place, key, dbms, accepted)


def _columns(sync: Placed[Sync]) -> Iterator[Problem]:
    """Have the columns of MySQL named without a schema, which is the quarantine then."""
    for rewrite in sync.value.rewrite if sync.value.target.server.dbms == Dbms.MYSQL else ():
        if len(rewrite.field.split(".")) != _PARTS_OF_A_COLUMN:
            yield sync.place.problem(
                f"{sync.place} rewrites {rewrite.field!r}; accepted on mysql: 'table.column'",
                "rewrite",
            )


def _scripts(sync: Placed[Sync]) -> Iterator[Problem]:
    """Have documents sanitised by a file of their engine, and tables by SQL."""
    named = {"checks": sync.value.checks}
    if isinstance(sync.value.sanitise, Sanitise):
        named["sanitise"] = sync.value.sanitise.script
    for key, script in named.items():
        yield from _script(key, script, sync.value.target.server.dbms, sync.place)


def _script(key: str, script: Script | None, dbms: Dbms, place: Place) -> Iterator[Problem]:
    if script and _suffix(script.name) != SUFFIXES.get(dbms):
        suffix = SUFFIXES.get(dbms)
        accepted = f"a file whose name ends in {suffix!r}" if suffix else "SQL"
        where = quoted((*place.path, key))
        yield place.problem(
            f"{where} is {script.name!r}, and the target is of {dbms}; accepted: {accepted}", key
        )


def _suffix(name: str) -> str | None:
    """Return what marks a script as one for documents; None for SQL."""
    return next((suffix for suffix in SUFFIXES.values() if name.endswith(suffix)), None)


def _no_such(place: Place, key: str, dbms: Dbms, accepted: str) -> Problem:
    return place.problem(
        f"{place} has {key!r}, which {dbms} knows nothing of; accepted: {accepted}", key
    )
