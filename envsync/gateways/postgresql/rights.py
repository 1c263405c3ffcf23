"""Whose a PostgreSQL database is, who may do what in it, and how it is set up."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from envsync.commands import Measured, Target
from envsync.commands.postgresql_promote import ApplyGrants, ApplySettings, GrantOnAll, VerifyOwner
from envsync.errors import CommandError
from envsync.facts.postgresql import Grant, Setting
from envsync.gateways.postgresql.session import Session, connect
from envsync.gateways.scope import Scope

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
    endpoint = command.target.endpoint
    maintenance = Target(endpoint, endpoint.maintenance)
    warnings = []
    with connect(maintenance, scope) as connection:
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


@contextmanager
def _as_role(target: Target, role: str | None, scope: Scope) -> Iterator[Session]:
    with connect(target, scope) as connection:
        if role:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        yield connection
