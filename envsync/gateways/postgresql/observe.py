"""What can be seen on a PostgreSQL server before anything is touched."""

import os
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from psycopg.rows import TupleRow

from envsync.commands import Target
from envsync.errors import CommandError
from envsync.facts.postgresql import (
    Database,
    Grant,
    PullFacts,
    PushFacts,
    Server,
    Setting,
    SwapFacts,
)
from envsync.gateways.manifests import look_up, newest
from envsync.gateways.postgresql.clients import installed
from envsync.gateways.postgresql.session import Session, connect
from envsync.gateways.scope import Scope
from envsync.gateways.storage.open_store import open_store
from envsync.places import Endpoint
from envsync.provenance import Provenance
from envsync.questions.postgresql import ObservePull, ObservePush, ObserveSwap

_SET_OPTION = 160000
"""From this version on, membership alone does not allow SET ROLE."""

_SERVER = """
SELECT current_setting('server_version_num')::int, current_setting('server_version'),
       pg_is_in_recovery(), rolname::text, rolsuper, rolcreatedb,
       ARRAY(SELECT rolname::text FROM pg_roles)
  FROM pg_roles WHERE rolname = current_user
"""

_MEMBER_OF = "SELECT rolname::text FROM pg_roles WHERE pg_has_role(current_user, oid, %s)"

_DATABASE = """
SELECT datname::text, pg_get_userbyid(datdba)::text, pg_database_size(oid),
       pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text, datconnlimit,
       shobj_description(oid, 'pg_database')
  FROM pg_database WHERE datname = %s
"""

_CONNECT = """
SELECT a.privilege_type, CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END
  FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
 WHERE d.datname = %s AND a.grantee <> d.datdba
 ORDER BY 2, 1
"""

_SETTINGS = """
SELECT r.rolname::text, split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
  FROM pg_db_role_setting s
  JOIN pg_database d ON d.oid = s.setdatabase
  LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) c
 WHERE d.datname = %s
 ORDER BY 1 NULLS FIRST, 2
"""

_TABLES = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""

# pg_dump reads and locks every table it dumps, and reads every sequence.
_UNREADABLE = """
SELECT format('%I.%I', n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT (has_schema_privilege(n.oid, 'USAGE') AND CASE c.relkind
            WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
            ELSE has_table_privilege(c.oid, 'SELECT') END)
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY 1
"""
# A partitioned table has none: its partitions do, and they are dumped by their own names.
_WITH_ROWS = """
SELECT format('%I.%I', n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm', 'f', 'S') AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
_LARGE_OBJECTS = "SELECT EXISTS (SELECT FROM pg_largeobject_metadata)"

_SIZES = """
SELECT coalesce(sum(pg_database_size(oid)), 0)::bigint FROM pg_database
 WHERE has_database_privilege(oid, 'CONNECT')
"""

# Grants to others than an object's owner, each object named as the server itself quotes it, and
# what everybody has by default (PostgreSQL manual, Privileges) and was taken from everybody.
_GRANTS = """
WITH object AS (
  SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
         format('%I.%I', n.nspname, c.relname) AS name, c.relnamespace AS namespace,
         c.relowner AS owner, NULL::text AS part, c.relacl AS acl
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT 'TABLE', format('%I.%I', n.nspname, c.relname), c.relnamespace, c.relowner,
         format('(%I)', t.attname), t.attacl
    FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
  UNION ALL
  SELECT 'SCHEMA', format('%I', nspname), oid, nspowner, NULL, nspacl FROM pg_namespace
  UNION ALL
  SELECT 'ROUTINE', oid::regprocedure::text, pronamespace, proowner, NULL, proacl FROM pg_proc
  UNION ALL
  SELECT 'TYPE', oid::regtype::text, typnamespace, typowner, NULL, typacl FROM pg_type
)
SELECT o.kind, o.name, concat_ws(' ', a.privilege_type, o.part),
       CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END,
       a.is_grantable, NULL::text, false
  FROM object o JOIN pg_namespace n ON n.oid = o.namespace, aclexplode(o.acl) a
 WHERE a.grantee <> o.owner AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
UNION ALL
SELECT 'DEFAULT', CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
                  WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' END,
       a.privilege_type, CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END,
       a.is_grantable, n.nspname::text, false
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace,
       aclexplode(d.defaclacl) a
 WHERE a.grantee <> d.defaclrole AND d.defaclobjtype IN ('r', 'S', 'f', 'T', 'n')
   AND d.defaclrole = (SELECT datdba FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT o.kind, o.name, p.privilege, '', false, NULL, true
  FROM object o JOIN pg_namespace n ON n.oid = o.namespace
  JOIN (VALUES ('ROUTINE', 'EXECUTE'), ('TYPE', 'USAGE'), ('SCHEMA', 'USAGE'), ('SCHEMA', 'CREATE'))
       AS p (kind, privilege) ON p.kind = o.kind
 WHERE o.acl IS NOT NULL AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND (o.kind <> 'SCHEMA' OR o.name = 'public')
   AND (p.privilege <> 'CREATE' OR current_setting('server_version_num')::int < 150000)
   AND NOT EXISTS (SELECT FROM aclexplode(o.acl) a
                    WHERE a.grantee = 0 AND a.privilege_type = p.privilege)
UNION ALL
SELECT 'DEFAULT', p.objects, p.privilege, '', false, NULL, true
  FROM pg_default_acl d
  JOIN (VALUES ('f', 'FUNCTIONS', 'EXECUTE'), ('T', 'TYPES', 'USAGE'))
       AS p (kind, objects, privilege) ON p.kind = d.defaclobjtype::text
 WHERE d.defaclnamespace = 0
   AND d.defaclrole = (SELECT datdba FROM pg_database WHERE datname = current_database())
   AND NOT EXISTS (SELECT FROM aclexplode(d.defaclacl) a
                    WHERE a.grantee = 0 AND a.privilege_type = p.privilege)
 ORDER BY 1, 2, 3, 4
"""


def observe_push(question: ObservePush, scope: Scope) -> PushFacts:
    """See the source and the storage of a push; raises RefusedError where it cannot write there."""
    endpoint = question.source.endpoint
    with _maintenance(endpoint, scope) as connection:
        server = _server(connection, endpoint, None)
        source = _database(connection, question.source.database)
    if source is not None:
        source = _looked_into(question.source, source, scope, grants=False)
    store = open_store(question.storage)
    store.verify_writable(question.path)
    last, manifest = newest(store, question.path, question.source.database)
    return PushFacts(
        installed(question.clients),
        server,
        source,
        newest_bytes=last,
        newest=manifest,
        storage_free=store.free_bytes(),
    )


def observe_pull(question: ObservePull, scope: Scope) -> PullFacts:
    """See the target and the artefact of a pull; raises RefusedError where there is no artefact."""
    endpoint = question.target.endpoint
    with _maintenance(endpoint, scope) as connection:
        server = _server(connection, endpoint, question.disk_bytes)
        live = _database(connection, question.target.database)
        previous = _database(connection, question.previous)
        remains = [_database(connection, name) for name in question.remains]
    if live is not None:
        live = _looked_into(question.target, live, scope, grants=True)
    manifest = look_up(question.wanted)
    found = tuple(filter(None, remains))
    return PullFacts(manifest, installed(question.clients), server, live, previous, found)


def observe_swap(question: ObserveSwap, scope: Scope) -> SwapFacts:
    """See the live database and the previous one."""
    with _maintenance(question.target.endpoint, scope) as connection:
        live = _database(connection, question.target.database)
        previous = _database(connection, question.previous)
    return SwapFacts(previous.provenance if previous else None, live, previous)


def _maintenance(endpoint: Endpoint, scope: Scope) -> AbstractContextManager[Session]:
    return connect(Target(endpoint, endpoint.maintenance), scope)


def _server(connection: Session, endpoint: Endpoint, disk_bytes: int | None) -> Server:
    version, text, standby, user, superuser, createdb, roles = _one(connection, _SERVER)
    privilege = "SET" if connection.info.server_version >= _SET_OPTION else "MEMBER"
    members = connection.execute(_MEMBER_OF, (privilege,)).fetchall()
    return Server(
        version=version,
        version_text=text,
        standby=standby,
        user=user,
        superuser=superuser,
        createdb=createdb,
        roles=frozenset(roles),
        member_of=frozenset(name for (name,) in members),
        free_bytes=_free_bytes(connection, endpoint, disk_bytes),
    )


def _free_bytes(connection: Session, endpoint: Endpoint, disk_bytes: int | None) -> int | None:
    """Tell the room left: of the disk the inventory declares, or of this machine's own disk."""
    if disk_bytes is not None:
        (used,) = _one(connection, _SIZES)
        return max(0, disk_bytes - int(used))
    if endpoint.host.startswith("/") or endpoint.host in {"localhost", "127.0.0.1", "::1"}:
        return _local_free_bytes(connection)
    return None


def _local_free_bytes(connection: Session) -> int | None:
    row = connection.execute(
        "SELECT setting FROM pg_settings WHERE name = 'data_directory'"
    ).fetchone()
    if row is None:
        return None
    folder = Path(str(row[0]))
    try:
        if not (folder / "PG_VERSION").exists():
            return None
        room = os.statvfs(folder)
    except OSError:
        return None
    return room.f_bavail * room.f_frsize


def _database(connection: Session, name: str) -> Database | None:
    row = connection.execute(_DATABASE, (name,)).fetchone()
    if row is None:
        return None
    datname, owner, size, encoding, collate, ctype, limit, comment = row
    return Database(
        name=datname,
        owner=owner,
        bytes=size,
        encoding=encoding,
        collate=collate,
        ctype=ctype,
        connection_limit=limit,
        connect=tuple(connection.execute(_CONNECT, (name,)).fetchall()),
        settings=tuple(Setting(*row) for row in connection.execute(_SETTINGS, (name,))),
        provenance=Provenance.parse(comment),
    )


def _looked_into(target: Target, database: Database, scope: Scope, *, grants: bool) -> Database:
    """Add what only a session in the database itself can see.

    `grants` are of use to a pull that replaces it, what cannot be read and what has rows to a push.
    """
    with connect(target, scope) as connection:
        connection.execute("SET search_path = ''")
        (tables,) = _one(connection, _TABLES)
        (large_objects,) = _one(connection, _LARGE_OBJECTS)
        rows = connection.execute(_GRANTS).fetchall() if grants else []
        unreadable = [] if grants else connection.execute(_UNREADABLE).fetchall()
        with_rows = [] if grants else connection.execute(_WITH_ROWS).fetchall()
    return replace(
        database,
        tables=tables,
        large_objects=large_objects,
        grants=tuple(Grant(*row) for row in rows),
        unreadable=tuple(name for (name,) in unreadable),
        with_rows=tuple(name for (name,) in with_rows),
    )


def _one(connection: Session, query: str) -> TupleRow:
    """Return the only row of a query that always has one."""
    row = connection.execute(query.encode()).fetchone()
    if row is None:
        raise CommandError(f"the server answered a question without a row: {query.strip()}")
    return row
