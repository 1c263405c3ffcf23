"""The shape of one inventory file: which keys there are, and what each of them accepts.

The descriptions are read in editors, through the JSON Schema, and in messages about missing keys.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from envsync.inventory.model import Coverage, Ensure
from envsync.inventory.scalars import (
    Cron,
    Duration,
    FieldName,
    Folder,
    IndexPattern,
    Key,
    Name,
    OneLine,
    Percent,
    Program,
    Prose,
    StoragePath,
    Text,
    TimeOfDay,
    Title,
)
from envsync.inventory.shape_places import (
    BucketShape,
    Count,
    IcingaShape,
    Kept,
    RebootLockShape,
    ServerShape,
    Shape,
    StorageShape,
    mistake,
)


def _not_empty(items: tuple[str, ...]) -> tuple[str, ...]:
    if not items:
        raise ValueError("at least one privilege")
    return items


Privilege = Literal[
    "ALL", "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"
]
RowCounts = Literal["exact", "estimate"]
# A YAML list is a tuple here: values are frozen, so the two are not told apart.
Privileges = Annotated[tuple[Privilege, ...], Field(strict=False), AfterValidator(_not_empty)]
Folders = Annotated[tuple[Folder, ...], Field(strict=False)]
Patterns = Annotated[tuple[Text, ...], Field(strict=False)]
Keys = Annotated[tuple[Key, ...], Field(strict=False)]
Programs = Annotated[tuple[Program, ...], Field(strict=False)]
IndexPatterns = Annotated[tuple[IndexPattern, ...], Field(strict=False)]
Periods = Annotated[int, Field(ge=1, le=10_000)]
Ensured = Annotated[Ensure, Field(strict=False)]
Covered = Annotated[Coverage, Field(strict=False)]


class WhenShape(Shape):
    """What any step can be told: whether, when, and for how long it runs."""

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["at", "cron"]}})

    ensure: Ensured | None = Field(
        default=None,
        description="present: runs at night; disabled: only by hand; absent: not at all",
    )
    at: TimeOfDay | None = Field(
        default=None,
        description='when it is meant to run, as "HH:MM"; nightly starts it as soon as it is ready',
    )
    cron: Cron | None = Field(
        default=None, description="the nights it belongs to, as a five-field cron expression"
    )
    deadline: Duration | None = Field(
        default=None, description='how long it may take, such as "2h" or "90m"'
    )

    @model_validator(mode="after")
    def _starts_in_one_way(self) -> Self:
        if self.at is not None and self.cron is not None:
            raise mistake("cron", "'at' and 'cron' are both given", "one of them")
        return self


class VerifyShape(WhenShape):
    """A restore drill of a database's newest artefact, where nobody reads it."""

    checks: Text | None = Field(
        default=None, description="queries over the raw data that must return no rows"
    )
    title: Title | None = Field(default=None, description="its name in monitoring")


class RetentionShape(Shape):
    """Which artefacts are kept by `envsync prune`; the others are removed."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": [key]} for key in ("keep_daily", "keep_weekly", "keep_monthly")]
        }
    )

    keep_daily: Periods | None = Field(
        default=None, description="of how many days the newest artefact is kept; absent: of none"
    )
    keep_weekly: Periods | None = Field(
        default=None, description="of how many ISO weeks; absent: of none"
    )
    keep_monthly: Periods | None = Field(
        default=None, description="of how many months; absent: of none"
    )
    keep_younger: Duration | None = Field(
        default=None, description='the age up to which every artefact is kept; absent: "2d"'
    )

    @model_validator(mode="after")
    def _keeps_something(self) -> Self:
        if not (self.keep_daily or self.keep_weekly or self.keep_monthly):
            raise mistake(
                "keep_daily",
                "it keeps no day, week or month",
                "one of keep_daily, keep_weekly and keep_monthly, or no retention at all",
            )
        return self


class DatabaseShape(Shape):
    """One dataset in this environment."""

    server: Key = Field(description="the server it lies on, one of `servers`")
    name: Name = Field(description="its real name on the server")
    path: StoragePath = Field(description="the folder its artefacts lie in, in the storage")
    owner: Name | None = Field(
        default=None, description="the role that owns it; absent: the owner of the one replaced"
    )
    grants: dict[Name, Privileges] | None = Field(
        default=None,
        description="privileges on all tables, by role; absent: those of the one replaced",
    )
    restore_jobs: Count | None = Field(
        default=None, description="connections a restore uses; absent: 2"
    )
    row_counts: RowCounts | None = Field(
        default=None, description="how rows are counted for the manifest; absent: exact"
    )
    keep_previous: bool | None = Field(
        default=None, description="whether what was live is kept for rollback; absent: true"
    )
    indices: IndexPatterns = Field(
        default=(), description="elasticsearch: the indices and aliases that belong to it"
    )
    keep_snapshots: Kept | None = Field(
        default=None, description="elasticsearch: how many snapshots are kept; absent: all"
    )
    max_shrink: Percent | None = Field(
        default=None,
        description="the share by which an artefact may be smaller than the one before it; "
        "absent: 30%",
    )
    retention: RetentionShape | None = Field(
        default=None, description="which of its artefacts are kept; absent: as the environment says"
    )
    verify: VerifyShape | None = Field(
        default=None, description="restore drills of its newest artefact; absent: only by hand"
    )


class StepShape(WhenShape):
    """What a push or a pull can be told."""

    temppath: Folder | None = Field(
        default=None,
        description="the folder for temporary files, such as what rsync spools; absent: TMPDIR's",
    )
    exclude_table_data: Patterns | None = Field(
        default=None, description='tables whose rows are left out, each as "name" or "schema.name"'
    )
    exclude_tables: Patterns | None = Field(
        default=None, description="tables or collections that are left out altogether, by name"
    )


class DefaultsShape(StepShape):
    """What holds in this file wherever a step or a database does not say otherwise."""

    max_age: Duration | None = Field(
        default=None, description='how old the newest artefact may be, such as "36h"'
    )
    restore_jobs: Count | None = Field(default=None, description="connections a restore uses")
    row_counts: RowCounts | None = Field(default=None, description="how rows are counted")
    keep_previous: bool | None = Field(
        default=None, description="whether what was live is kept for rollback"
    )
    max_shrink: Percent | None = Field(
        default=None,
        description="the share by which an artefact may be smaller than the one before it",
    )


class BackupShape(StepShape):
    """A push of this environment's own copy of a database."""

    title: Title | None = Field(default=None, description="its name in monitoring")
    after: Keys = Field(
        default=(), description="the databases of this file whose steps of a night come before"
    )


class SyncShape(BackupShape):
    """An edge into this environment: where a database comes from, and how it is made safe."""

    source: Key = Field(alias="from", description="the environment it comes from")
    database: Key | None = Field(
        default=None, description="the source's key, where it differs from the target's"
    )
    sanitise: Text | None = Field(
        default=None,
        description="the script that makes the copy safe to read, or never, with `because`",
    )
    because: Prose | None = Field(
        default=None, description="why the copy holds nothing that must be sanitised"
    )
    checks: Text | None = Field(
        default=None,
        description="queries that must return no rows; absent: NAME.checks.sql beside the script",
    )
    columns: Text | None = Field(
        default=None,
        description="what is decided of every column; absent: NAME.columns.yaml beside the script",
    )
    coverage: Covered | None = Field(
        default=None,
        description="what comes of a column nobody decided on; absent: strict out of a protected "
        "environment, else warn",
    )
    sanitise_at: Literal["source", "target"] | None = Field(
        default=None,
        description="source: on the source's scratch server, so that only clean data leaves it; "
        "absent: target",
    )
    max_age: Duration | None = Field(
        default=None, description='how old the newest artefact may be, such as "36h"; absent: 36h'
    )
    rewrite: dict[FieldName, dict[Text, OneLine]] = Field(
        default={},
        description='texts to replace in the copy: by "table.column", each text and its successor',
    )
    after_promote: Programs = Field(
        default=(),
        description="programs to run once the copy is live, each with its arguments, no shell",
    )

    group: Key | None = Field(
        default=None,
        description="syncs of this file with the same group are promoted together or not at all",
    )

    @model_validator(mode="after")
    def _says_why_never(self) -> Self:
        if self.sanitise == "never" and self.because is None:
            raise mistake("sanitise", "'sanitise: never' gives no reason", "'because: WHY' as well")
        if self.sanitise != "never" and self.because is not None:
            raise mistake(
                "because", "'because' has nothing to explain", "it beside 'sanitise: never' only"
            )
        return self

    @model_validator(mode="after")
    def _decides_where_it_sanitises(self) -> Self:
        for key, told in (("columns", self.columns), ("coverage", self.coverage)):
            if self.sanitise == "never" and told is not None:
                refused = f"{key!r} has nothing to decide beside 'sanitise: never'"
                raise mistake(key, refused, "it where a script sanitises")
        return self


class BucketSyncShape(WhenShape):
    """An edge into this environment: which bucket's objects come into one of its own."""

    source: Key = Field(alias="from", description="the environment they come from")
    bucket: Key | None = Field(
        default=None, description="the source's key, where it differs from the target's"
    )
    machine: Key = Field(description="the machine that may read the one bucket and write the other")
    because: Prose | None = Field(
        default=None, description="why the objects hold nothing that must be sanitised"
    )
    delete: bool = Field(
        default=False, description="whether what the source does not have is deleted"
    )
    max_delete: Percent | None = Field(
        default=None,
        description='the share of the objects that one run may delete, such as "10%"; absent: 10%',
    )
    title: Title | None = Field(default=None, description="its name in monitoring")

    @model_validator(mode="after")
    def _bounds_what_it_deletes(self) -> Self:
        if self.max_delete is not None and not self.delete:
            raise mistake(
                "max_delete",
                "'max_delete' has nothing to bound",
                "it beside 'delete: true' only",
            )
        return self


class EnvironmentShape(Shape):
    """One environment: where its databases are, what comes into it, and what is kept of it."""

    environment: Key = Field(description="the name of the environment")
    protected: bool = Field(
        description="true: never the target of a nightly run; only by hand, by name"
    )
    storage: StorageShape = Field(description="where this environment's own artefacts lie")
    clean_storage: StorageShape | None = Field(
        default=None,
        description="where artefacts lie that were sanitised here; all that others need to read",
    )
    reboot_lock: RebootLockShape | None = Field(
        default=None, description="the file that keeps a machine from rebooting during a step"
    )
    icinga: IcingaShape | None = Field(default=None, description="where check results go")
    retention: RetentionShape | None = Field(
        default=None, description="which artefacts are kept by `envsync prune`; absent: all"
    )
    clients: Folders = Field(
        default=(), description="folders with client programs, looked into before the usual ones"
    )
    defaults: DefaultsShape = Field(
        default=DefaultsShape(), description="options for all steps and databases of this file"
    )
    servers: dict[Key, ServerShape] = Field(default={}, description="database servers, by name")
    databases: dict[Key, DatabaseShape] = Field(default={}, description="databases, by key")
    syncs: dict[Key, SyncShape] = Field(
        default={}, description="what comes into this environment, by the target's key"
    )
    backups: dict[Key, BackupShape] = Field(
        default={}, description="pushes of this environment's own copies, by key"
    )
    buckets: dict[Key, BucketShape] = Field(
        default={}, description="buckets of this environment's applications, by key"
    )
    bucket_syncs: dict[Key, BucketSyncShape] = Field(
        default={}, description="what comes into this environment's buckets, by the target's key"
    )


class _EditorSchema(GenerateJsonSchema):
    """A JSON Schema as an editor needs it: a key is there with a value, or is not there."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - an override
        return False


def schema() -> dict[str, object]:
    """Return the JSON Schema of an inventory file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **EnvironmentShape.model_json_schema(schema_generator=_EditorSchema),
        "title": "envsync inventory",
    }
