"""Single statements on PostgreSQL: claims, drops, grants, settings and statistics."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from envsync.commands import Measured, Target
from envsync.commands.postgresql import Analyse, Claim, DropDatabase, Sql
from envsync.commands.postgresql_promote import ApplyGrants, ApplySettings, GrantOnAll, VerifyOwner
from envsync.commands.postgresql_text import Name
from envsync.errors import BusyError, CommandError
from envsync.facts.postgresql import Grant, Setting
from envsync.gateways.claims import CLAIM_PATIENCE, lost, taken
from envsync.gateways.postgresql.session import Session, connect, first_line
from envsync.gateways.scope import Scope
from envsync.places import Endpoint

_WRITING = {"INSERT", "ALL"}
_PUBLIC = ("SCHEMA", "public")
# A list of names each of which is quoted by itself (PostgreSQL, GUC_LIST_QUOTE in guc_tables.c):
# as one literal it would be a single name.
_LISTS = {
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "temp_tablespaces",
}

_SCHEMAS = """
SELECT nspname::text FROM pg_namespace
 WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1
"""

_LARGE_TABLES = """
SELECT n.nspname::text, c.relname::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.oid >= 16384 AND pg_table_size(c.oid) >= 2^20
 ORDER BY pg_table_size(c.oid) DESC
"""

# What belongs to an extension belongs to whoever may create extensions.
_FOREIGN = """
SELECT string_agg(format('%%s (owned by %%s)', name, pg_get_userbyid(owner)), ', ')
  FROM (SELECT c.oid::regclass::text, c.relowner FROM pg_class c
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
           AND c.relnamespace NOT IN (SELECT oid FROM pg_namespace
                                       WHERE nspname ~ '^pg_' OR nspname = 'information_schema')
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                              AND d.objid = c.oid AND d.deptype = 'e')
        UNION ALL
        SELECT format('schema %%I', nspname), nspowner FROM pg_namespace n
         WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass
                              AND d.objid = n.oid AND d.deptype = 'e')
       ) AS object(name, owner)
 WHERE owner <> %s::text::regrole
"""

_TABLES_BY_SIZE = """
SELECT n.nspname::text, c.relname::text, coalesce(s.n_tup_upd + s.n_tup_del, 0) > 0
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
 WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY pg_relation_size(c.oid) DESC
"""


def run_sql(command: Sql, scope: Scope) -> None:
    """Run one statement and commit it."""
    arguments = (
        sql.Identifier(a.text) if isinstance(a, Name) else sql.Literal(a.text)
        for a in command.arguments
    )
    with connect(command.target, scope) as connection:
        connection.execute(sql.SQL(command.text).format(*arguments))


@contextmanager
def claim(command: Claim, scope: Scope) -> Iterator[Session]:
    """Hold a lock on a database's name, for as long as the session lives that is yielded.

    Raises BusyError while a pull on another machine holds it.
    """
    with connect(_maintenance(command.endpoint), scope) as session:
        for attempt in Retrying(
            retry=retry_if_exception_type(BusyError),
            stop=stop_after_delay(CLAIM_PATIENCE),
            wait=wait_fixed(0.1),
            reraise=True,
        ):
            with attempt:
                scope.check()
                _take(session, command)
        yield session


def _take(session: Session, command: Claim) -> None:
    query = "SELECT pg_try_advisory_lock(hashtext('envsync'), hashtext(%s))"
    row = session.execute(query, (command.database,)).fetchone()
    if not (row and row[0]):
        raise taken(command.database, command.endpoint)


def verify_claim(claim: Session) -> None:
    """Raise CommandError where the session that holds the claim is gone, and the claim with it."""
    try:
        claim.execute("SELECT")
    except psycopg.Error as error:
        raise lost(first_line(error)) from error


def drop_database(command: DropDatabase, scope: Scope) -> None:
    """Drop a database if it exists, ending the sessions in it, also on a disk that is full."""
    with connect(_maintenance(command.endpoint), scope) as connection:
        query = "SELECT FROM pg_database WHERE datname = %s"
        if connection.execute(query, (command.database,)).fetchone() is None:
            return
        name = sql.Identifier(command.database)
        connection.execute(
            "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a "
            "JOIN pg_roles r ON r.oid = a.usesysid JOIN pg_roles me ON me.rolname = current_user "
            "WHERE a.datname = %s AND (me.rolsuper OR NOT r.rolsuper AND "
            "pg_has_role(me.oid, r.oid, 'USAGE'))",
            (command.database,),
        )
        with suppress(CommandError):
            _drop_large_tables(Target(command.endpoint, command.database), scope)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))


def _drop_large_tables(target: Target, scope: Scope) -> None:
    """Give back the disk that a database takes, as far as this role may.

    DROP DATABASE begins with a checkpoint: on a full disk it fails, and the disk stays full.
    """
    with connect(target, scope) as connection:
        for name in connection.execute(_LARGE_TABLES).fetchall():
            table = sql.Identifier(*name)
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(table))


def apply_grants(command: ApplyGrants, scope: Scope) -> None:
    """Grant what is to be granted on each object that exists here."""
    public = [grant for grant in command.grants if (grant.kind, grant.object) == _PUBLIC]
    others = [grant for grant in command.grants if grant not in public]
    # The schema public belongs to the database's owner, which is still this session's own user.
    for role, grants in ((command.role, others), (None, public)):
        with _as_role(command.target, role, scope) as connection:
            for grant in grants:
                if _exists(connection, grant):
                    _grant(connection, grant)


def _exists(connection: Session, grant: Grant) -> bool:
    finder = {
        "SCHEMA": "to_regnamespace",
        "TABLE": "to_regclass",
        "SEQUENCE": "to_regclass",
        "ROUTINE": "to_regprocedure",
        "TYPE": "to_regtype",
    }.get(grant.kind)
    if finder is None:
        return True
    query = sql.SQL("SELECT {}(%s) IS NOT NULL").format(sql.SQL(finder))
    row = connection.execute(query, (grant.object,)).fetchone()
    return bool(row and row[0])


def _grant(connection: Session, grant: Grant) -> None:
    verb = sql.SQL("REVOKE" if grant.revoked else "GRANT")
    to = sql.SQL("{} {}{}").format(
        sql.SQL("FROM" if grant.revoked else "TO"),
        sql.Identifier(grant.grantee) if grant.grantee else sql.SQL("PUBLIC"),
        sql.SQL(" WITH GRANT OPTION" if grant.grantable else ""),
    )
    what, on = sql.SQL(grant.privilege), sql.SQL(grant.object)
    if grant.kind == "DEFAULT":
        within = (
            sql.SQL("IN SCHEMA {}").format(sql.Identifier(grant.schema))
            if grant.schema
            else sql.SQL("")
        )
        statement = sql.SQL("ALTER DEFAULT PRIVILEGES {} {} {} ON {} {}").format(
            within, verb, what, on, to
        )
    else:
        statement = sql.SQL("{} {} ON {} {} {}").format(verb, what, sql.SQL(grant.kind), on, to)
    try:
        connection.execute(statement)
    except psycopg.errors.UndefinedColumn:
        # A column that went away takes its grant with it, as a table does.
        return


def grant_on_all(command: GrantOnAll, scope: Scope) -> None:
    """Grant privileges on all tables, and what goes with them: schemas, sequences to insert."""
    with _as_role(command.target, command.role, scope) as connection:
        schemas = [name for (name,) in connection.execute(_SCHEMAS).fetchall()]
        for schema in schemas:
            for grantee, privileges in command.grants.items():
                names = (sql.Identifier(schema), sql.Identifier(grantee))
                connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(*names))
                connection.execute(
                    sql.SQL("GRANT {} ON ALL TABLES IN SCHEMA {} TO {}").format(
                        sql.SQL(", ").join(map(sql.SQL, privileges)), *names
                    )
                )
                if _WRITING.intersection(privileges):
                    statement = "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {} TO {}"
                    connection.execute(sql.SQL(statement).format(*names))


def apply_settings(command: ApplySettings, scope: Scope) -> Measured:
    """Set what is set for the replaced database; what this role may not set is a warning."""
    warnings = []
    with connect(_maintenance(command.target.endpoint), scope) as connection:
        for setting in command.settings:
            try:
                with connection.transaction():
                    _set(connection, command.target.database, setting)
            except psycopg.errors.InsufficientPrivilege as error:
                warnings.append(f"{setting.name} could not be set: {error.diag.message_primary}")
    return Measured(warnings=tuple(warnings))


def _set(connection: Session, database: str, setting: Setting) -> None:
    role = sql.SQL("ROLE {} IN ").format(sql.Identifier(setting.role)) if setting.role else ""
    value = sql.SQL("= {}").format(sql.Literal(setting.value))
    if setting.name in _LISTS:
        connection.execute("SELECT set_config(%s, %s, true)", (setting.name, setting.value))
        value = sql.Composed([sql.SQL("FROM CURRENT")])
    connection.execute(
        sql.SQL("ALTER {}DATABASE {} SET {} {}").format(
            role or sql.SQL(""),
            sql.Identifier(database),
            sql.Identifier(*setting.name.split(".")),
            value,
        )
    )


def verify_owner(command: VerifyOwner, scope: Scope) -> None:
    """Raise CommandError where something restored belongs to another role."""
    with connect(command.target, scope) as connection:
        quoted = sql.Identifier(command.owner).as_string(connection)
        row = connection.execute(_FOREIGN, (quoted,)).fetchone()
    if row and row[0]:
        raise CommandError(
            f"not everything in {command.target} belongs to {command.owner!r}: {row[0]}; "
            "nothing was promoted"
        )


def analyse(command: Analyse, scope: Scope) -> None:
    """Gather statistics of every table, largest first; vacuum those that lost or changed rows.

    Vacuuming takes what was sanitised away out of the tables' pages as well.
    """
    with connect(command.target, scope) as connection:
        tables = connection.execute(_TABLES_BY_SIZE).fetchall()
    with ThreadPoolExecutor(command.jobs, thread_name_prefix="analyse") as pool:
        list(pool.map(lambda table: _analyse(command.target, scope, *table), tables))


def _analyse(target: Target, scope: Scope, schema: str, table: str, rewritten: bool) -> None:  # noqa: FBT001
    statement = "VACUUM (ANALYZE) {}" if rewritten else "ANALYZE {}"
    with connect(target, scope) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(schema, table)))


@contextmanager
def _as_role(target: Target, role: str | None, scope: Scope) -> Iterator[Session]:
    with connect(target, scope) as connection:
        if role:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        yield connection


def _maintenance(endpoint: Endpoint) -> Target:
    return Target(endpoint, endpoint.maintenance)
