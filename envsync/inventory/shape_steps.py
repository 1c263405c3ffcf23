"""The shapes of what a step can be told, and of what is done to one database: drills, backups."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from envsync.inventory.model import Ensure
from envsync.inventory.scalars import Cron, Duration, Folder, Key, Text, TimeOfDay, Title
from envsync.inventory.shape_base import Shape, mistake

# A YAML list is a tuple here: values are frozen, so the two are not told apart.
Folders = Annotated[tuple[Folder, ...], Field(strict=False)]
Patterns = Annotated[tuple[Text, ...], Field(strict=False)]
Keys = Annotated[tuple[Key, ...], Field(strict=False)]
Ensured = Annotated[Ensure, Field(strict=False)]


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


class BackupShape(StepShape):
    """A push of this environment's own copy of a database."""

    title: Title | None = Field(default=None, description="its name in monitoring")
    after: Keys = Field(
        default=(), description="the databases of this file whose steps of a night come before"
    )
