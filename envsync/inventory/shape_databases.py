"""The shapes of databases, and of what holds for all of a file."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from envsync.inventory.scalars import Duration, IndexPattern, Key, Name, Percent, StoragePath
from envsync.inventory.shape_base import Count, Kept, Shape, mistake
from envsync.inventory.shape_steps import StepShape, VerifyShape


def _not_empty(items: tuple[str, ...]) -> tuple[str, ...]:
    if not items:
        raise ValueError("at least one privilege")
    return items


Privilege = Literal[
    "ALL", "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"
]
RowCounts = Literal["exact", "estimate"]
Privileges = Annotated[tuple[Privilege, ...], Field(strict=False), AfterValidator(_not_empty)]
IndexPatterns = Annotated[tuple[IndexPattern, ...], Field(strict=False)]
Periods = Annotated[int, Field(ge=1, le=10_000)]


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
