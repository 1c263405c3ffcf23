"""How PostgreSQL is written to: names, literals, grants and connection strings."""

from dataclasses import dataclass

from envsync.facts.postgresql import Grant
from envsync.places import Endpoint

SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
CONNECT_TIMEOUT = 15
"""Seconds in which a server must answer."""


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier in a statement."""

    text: str

    def __str__(self) -> str:
        return quoted(self.text)


@dataclass(frozen=True, slots=True)
class Value:
    """A literal in a statement."""

    text: str

    def __str__(self) -> str:
        return "'" + self.text.replace("'", "''") + "'"


def conninfo(endpoint: Endpoint, database: str) -> str:
    """Return a libpq connection string; its values are escaped, so no name can say more."""
    verifies = endpoint.tls.startswith("verify")
    parameters = {
        "host": endpoint.host,
        "port": str(endpoint.port),
        "dbname": database,
        "user": endpoint.user,
        "sslmode": "prefer" if endpoint.host.startswith("/") else endpoint.tls,
        "sslrootcert": (endpoint.tls_ca or SYSTEM_CERTIFICATES) if verifies else None,
        "connect_timeout": str(CONNECT_TIMEOUT),
        "application_name": "envsync",
    }
    return " ".join(
        f"{name}={_conninfo_value(value)}" for name, value in parameters.items() if value
    )


def _conninfo_value(value: str) -> str:
    if value and all(character.isalnum() or character in "_-./:" for character in value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name: str) -> str:
    """Show a name as SQL would; the names that are sent are quoted by the driver."""
    return '"' + name.replace('"', '""') + '"'


def grant_text(grant: Grant) -> str:
    """Show a grant as SQL would."""
    option = " WITH GRANT OPTION" if grant.grantable else ""
    grantee = "PUBLIC" if grant.grantee == "" else quoted(grant.grantee)
    verb, to = ("REVOKE", "FROM") if grant.revoked else ("GRANT", "TO")
    if grant.kind == "DEFAULT":
        schema = f" IN SCHEMA {quoted(grant.schema)}" if grant.schema else ""
        what = f"{verb} {grant.privilege} ON {grant.object} {to} {grantee}{option}"
        return f"ALTER DEFAULT PRIVILEGES{schema} {what}"
    return f"{verb} {grant.privilege} ON {grant.kind} {grant.object} {to} {grantee}{option}"
