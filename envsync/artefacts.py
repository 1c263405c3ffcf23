"""Dumps at rest: their timestamps, their keys in a storage, the manifests that make them exist."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import quote, unquote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from envsync.errors import CommandError, RefusedError
from envsync.places import Storage

MANIFEST_SUFFIX = ".manifest.json"
ENCRYPTED_SUFFIX = ".age"
VERIFICATION_SUFFIX = ".verification.json"
STAMP_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_KEY = re.compile(
    rf"(?:(?P<path>.*)/)?(?P<stamp>{STAMP_PATTERN})-(?P<database>[^/]+?)\.(?P<format>(?:dump|archive|sql)\.zst(?:\.age)?|snapshot)"
)
_VERIFICATION = re.compile(
    rf"(?P<artefact>.*)\.(?P<drill>{STAMP_PATTERN}){re.escape(VERIFICATION_SUFFIX)}"
)
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}Z?)?)?)?")


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """A moment in UTC, to the second, as it stands in artefact keys: 2026-11-20T02:40:00Z."""

    moment: datetime

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """Round an aware datetime down to its second in UTC."""
        return cls(moment.astimezone(UTC).replace(microsecond=0))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a whole stamp; raises ValueError for anything else."""
        return cls(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC))

    def __str__(self) -> str:
        return f"{self.moment.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


@dataclass(frozen=True, slots=True)
class ArtefactKey:
    """Where an artefact lies in its storage: path, stamp, the database's real name, and format.

    The name is percent-encoded, so that any name a server accepts makes a key that parses back.
    """

    path: str
    stamp: Stamp
    database: str
    format: str = "dump.zst"

    @classmethod
    def parse(cls, key: str) -> Self | None:
        """Read a key back; None for a key that is not an artefact's."""
        match = _KEY.fullmatch(key)
        if match is None:
            return None
        try:
            stamp = Stamp.parse(match["stamp"])
        except ValueError:
            return None
        return cls(match["path"] or "", stamp, unquote(match["database"]), match["format"])

    @classmethod
    def of_manifest(cls, key: str) -> Self | None:
        """Read the artefact's key from its manifest's key; None for any other key."""
        return cls.parse(key.removesuffix(MANIFEST_SUFFIX)) if is_manifest(key) else None

    @classmethod
    def of_verification(cls, key: str) -> tuple[Self, Stamp] | None:
        """Read which artefact was verified, and when, from the key that says how that went."""
        match = _VERIFICATION.fullmatch(key)
        artefact = cls.parse(match["artefact"]) if match else None
        if match is None or artefact is None:
            return None
        try:
            return artefact, Stamp.parse(match["drill"])
        except ValueError:
            return None

    def __str__(self) -> str:
        folder = f"{self.path}/" if self.path else ""
        return f"{folder}{self.stamp}-{quote(self.database, safe='')}.{self.format}"

    @classmethod
    def of(cls, manifest: "Manifest", path: str) -> Self:
        """Return where the artefact lies that a manifest is about, below a path."""
        return cls(path, Stamp.parse(manifest.stamp), manifest.name, manifest.format)

    @property
    def manifest(self) -> str:
        return f"{self}{MANIFEST_SUFFIX}"

    @property
    def encrypted(self) -> bool:
        return self.format.endswith(ENCRYPTED_SUFFIX)

    def verification(self, drill: Stamp) -> str:
        """Return where it is said how a restore drill of this artefact went."""
        return f"{self}.{drill}{VERIFICATION_SUFFIX}"


def stored_format(plain: str, storage: Storage) -> str:
    """Return the format of artefacts in a storage, which may want them encrypted."""
    return f"{plain}{ENCRYPTED_SUFFIX}" if storage.age.encrypt_to else plain


def is_manifest(key: str) -> bool:
    """Tell whether a key is that of a manifest."""
    return key.endswith(MANIFEST_SUFFIX)


def matches(stamp: Stamp, timestamp: str) -> bool:
    """Tell whether a stamp is meant by what an operator typed: a whole stamp or its beginning.

    Raises RefusedError for what is no timestamp.
    """
    if not _TIMESTAMP.fullmatch(timestamp):
        raise RefusedError(
            f"{timestamp!r} is not a timestamp; give UTC as 2026-11-20, 2026-11-20T02:40 "
            "or 2026-11-20T02:40:00Z"
        )
    return str(stamp).startswith(timestamp)


Note = TypeVar("Note", bound=BaseModel)


def read_strictly(kind: type[Note], text: str, what: str, remedy: str) -> Note:
    """Read JSON that lies beside an artefact; raises CommandError where it is not of its kind."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise CommandError(f"{what} cannot be trusted: {_mistake(error)}; {remedy}") from error


def _mistake(error: ValidationError) -> str:
    """Say what is wrong with a JSON document, and where in it."""
    problem = error.errors()[0]
    field = ".".join(str(part) for part in problem["loc"]) or "the whole text"
    return f"{field}: {problem['msg'].lower()}"


def _moment(text: str) -> str:
    """Refuse a stamp of a day or an hour that never was."""
    Stamp.parse(text)
    return text


Count = Annotated[int, Field(ge=0, lt=2**63)]
Moment = Annotated[str, Field(pattern=f"^{STAMP_PATTERN}$"), AfterValidator(_moment)]
Version = Annotated[str, Field(pattern="^[0-9]{1,4}([^0-9]|$)")]
"""A version's text, whose first number is the major version."""


class ScriptUsed(BaseModel):
    """A script that was run, and exactly which one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str


class Manifest(BaseModel):
    """What an artefact is, written last: without its manifest an artefact does not exist."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    environment: str
    database: str
    name: str
    dbms: str
    stamp: Moment
    format: str
    bytes: Count = 0
    bytes_uncompressed: Count = 0
    sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    encrypted_to: tuple[str, ...] = ()
    """The public keys whose holders can read the artefact; none where it is not encrypted."""
    row_counts: Literal["exact", "estimate"]
    rows: Mapping[str, Count] = Field(default_factory=dict)
    without_rows: tuple[str, ...] = ()
    large_objects: bool = False
    outside_snapshot: tuple[str, ...] = ()
    collations: tuple[str, ...] = ()
    lower_case_table_names: int | None = None
    database_bytes: Count = 0
    encoding: str = "UTF8"
    collate: str = "C"
    ctype: str = "C"
    server_version: Version
    client_version: Version
    envsync_version: str
    sanitised: tuple[ScriptUsed, ...] = ()
    sanitised_at: Annotated[str, Field(pattern=f"^({STAMP_PATTERN})?$")] = ""
    """When the artefact itself was made clean; "" where it is as it was pushed."""
    allow_shrink: str = ""
    """Why somebody let it be much smaller than the artefact before it; "" where it is not."""
    aliases: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """By index, the names it is served under, each with the alias's properties as JSON."""

    @classmethod
    def read(cls, text: str, where: str) -> Self:
        """Read a manifest's JSON; raises CommandError naming where, if it is not one."""
        return read_strictly(cls, text, f"the manifest {where}", "push the database again")

    def write(self) -> str:
        """Return the manifest as JSON for people and machines."""
        return self.model_dump_json(indent=2) + "\n"

    @property
    def total_rows(self) -> int:
        return sum(self.rows.values())
