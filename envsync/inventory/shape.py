"""The shape of one inventory file: which keys there are, and what each of them accepts.

The descriptions are read in editors, through the JSON Schema, and in messages about missing keys.
"""

from pydantic import Field

from envsync.inventory.scalars import Key
from envsync.inventory.shape_base import Shape
from envsync.inventory.shape_databases import DatabaseShape, DefaultsShape, RetentionShape
from envsync.inventory.shape_places import IcingaShape, RebootLockShape, ServerShape
from envsync.inventory.shape_steps import BackupShape, Folders
from envsync.inventory.shape_storages import BucketShape, StorageShape
from envsync.inventory.shape_syncs import BucketSyncShape, SyncShape


class EnvironmentShape(Shape):
    """One environment: where its databases are, what comes into it, and what is kept of it."""

    environment: Key = Field(description="the name of the environment")
    protected: bool = Field(
        description="true or false; true: never the target of a nightly run, only by hand, by name"
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
