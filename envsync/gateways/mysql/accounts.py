"""Accounts that could see what a quarantine holds, by the server's own tables of privileges."""

import pymysql

from envsync.gateways.mysql.session import Session

# Who is neither envsync nor the server itself, nor anybody who may grant himself whatever he wants.
_NO_ADMINISTRATOR = """
       CONCAT(User, '@', Host) <> CURRENT_USER()
   AND User NOT IN ('mariadb.sys', 'mysql.sys', 'mysql.session', 'mysql.infoschema', 'rdsadmin')
   AND NOT EXISTS (
     SELECT 1 FROM mysql.user AS u WHERE u.User = found.User AND u.Host = found.Host
        AND (u.Super_priv = 'Y' OR u.Create_user_priv = 'Y'))
"""
# Who may read a schema of this name, by whatever grant.
_READERS = f"""
SELECT DISTINCT User, Host, what FROM (
  SELECT User, Host, CONCAT('on `', Db, '`.*') AS what FROM mysql.db
   WHERE Select_priv = 'Y' AND %s LIKE Db
  UNION ALL
  SELECT User, Host, CONCAT('on a table of ', Db) FROM mysql.tables_priv WHERE Db = %s
  UNION ALL
  SELECT User, Host, 'on *.*' FROM mysql.user WHERE Select_priv = 'Y'
) AS found
 WHERE {_NO_ADMINISTRATOR}
 ORDER BY 1, 2, 3
"""
# Who sees all statements that run, whole. MariaDB has roles among its users, without a host.
_WATCHERS = f"""
SELECT User, Host FROM mysql.user AS found
 WHERE Process_priv = 'Y' AND {_NO_ADMINISTRATOR}
 ORDER BY 1, 2
"""


def readers(session: Session, schema: str) -> tuple[str, ...] | None:
    """Return the accounts that could read a schema; None where that cannot be seen."""
    try:
        found = session.run(_READERS, (schema, schema))
    except pymysql.Error:
        return None
    return tuple(f"'{user}'@'{host}' {what}" for user, host, what in found)


def watchers(session: Session) -> tuple[str, ...]:
    """Return the accounts that see every statement as it runs, as far as they can be seen."""
    try:
        found = session.run(_WATCHERS)
    except pymysql.Error:
        # Where that matters it is told by the readers, who cannot be seen either.
        return ()
    return tuple(f"'{user}'@'{host}'" for user, host in found)
