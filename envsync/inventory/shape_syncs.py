"""The shapes of what comes into an environment: syncs of databases and of buckets."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from envsync.inventory.model import Coverage
from envsync.inventory.scalars import (
    Duration,
    FieldName,
    Key,
    OneLine,
    Percent,
    Program,
    Prose,
    Text,
    Title,
)
from envsync.inventory.shape_base import mistake
from envsync.inventory.shape_steps import BackupShape, WhenShape

Programs = Annotated[tuple[Program, ...], Field(strict=False)]
Covered = Annotated[Coverage, Field(strict=False)]


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
