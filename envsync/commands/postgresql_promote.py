"""What makes a copy the live database of PostgreSQL: rights, settings, owner, and the renames."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from envsync.commands import Target
from envsync.commands.postgresql import PostgresqlCommand
from envsync.commands.postgresql_text import grant_text, quoted
from envsync.facts.postgresql import Grant, Setting
from envsync.places import Endpoint
from envsync.provenance import Provenance


@dataclass(frozen=True, slots=True)
class ApplyGrants(PostgresqlCommand):
    """Grant what the replaced database granted, on every object that still exists."""

    target: Target
    role: str | None
    grants: tuple[Grant, ...]

    def lines(self) -> Iterator[str]:
        for grant in self.grants:
            yield f"sql {self.target}: {grant_text(grant)}, where it exists"


@dataclass(frozen=True, slots=True)
class GrantOnAll(PostgresqlCommand):
    """Grant privileges on every table to roles, with the use of their schemas."""

    target: Target
    role: str | None
    grants: Mapping[str, tuple[str, ...]] = field(hash=False)

    def lines(self) -> Iterator[str]:
        for grantee, privileges in self.grants.items():
            granted = f"GRANT {', '.join(privileges)} ON ALL TABLES TO {quoted(grantee)}"
            yield f"sql {self.target}: {granted}"


@dataclass(frozen=True, slots=True)
class ApplySettings(PostgresqlCommand):
    """Set for a database what is set for the one it replaces; a setting refused is a warning."""

    target: Target
    settings: tuple[Setting, ...]

    def lines(self) -> Iterator[str]:
        where = Target(self.target.endpoint, self.target.endpoint.maintenance)
        for setting in self.settings:
            role = f"ROLE {quoted(setting.role)} IN " if setting.role else ""
            database = quoted(self.target.database)
            yield f"sql {where}: ALTER {role}DATABASE {database} SET {setting.name}"


@dataclass(frozen=True, slots=True)
class VerifyOwner(PostgresqlCommand):
    """Fail unless a role owns every relation and schema that was restored."""

    target: Target
    owner: str

    def lines(self) -> Iterator[str]:
        yield f"verify {self.target}: everything belongs to {quoted(self.owner)}"


@dataclass(frozen=True, slots=True)
class Promote(PostgresqlCommand):
    """Make the incoming database the live one in a single transaction of renames.

    While it runs new connections wait; those that are open are ended. What was live becomes the
    previous one. The one before that is dropped afterwards.
    """

    promotes: ClassVar[bool] = True

    endpoint: Endpoint
    live: str
    renames: tuple[tuple[str, str], ...]
    discarded: str
    owner: str | None
    connect: tuple[tuple[str, str], ...]
    provenance: Provenance

    def lines(self) -> Iterator[str]:
        where = Target(self.endpoint, self.endpoint.maintenance)
        for old, new in self.renames:
            yield f"sql {where}: ALTER DATABASE {quoted(old)} RENAME TO {quoted(new)}"
        yield f"sql {where}: commit the renames as one, the sessions of {quoted(self.live)} ended"


@dataclass(frozen=True, slots=True)
class SwapBack(PostgresqlCommand):
    """Exchange the live database and the previous one, in a single transaction of renames."""

    endpoint: Endpoint
    live: str
    previous: str
    discarded: str

    def lines(self) -> Iterator[str]:
        where = Target(self.endpoint, self.endpoint.maintenance)
        yield f"sql {where}: exchange the names of {quoted(self.live)} and {quoted(self.previous)}"
