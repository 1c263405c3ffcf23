"""What will happen: a plan is steps in order; a step is one action on one machine."""

from dataclasses import dataclass

from envsync.inventory.model import (
    BucketSync,
    Database,
    Environment,
    NeverSanitise,
    Options,
    Sanitise,
    Server,
    Sync,
)
from envsync.places import Storage


@dataclass(frozen=True, slots=True)
class Push:
    """Dump a database and upload it to the storage of its own environment."""

    database: Database

    def __str__(self) -> str:
        return f"push {self.database.key} from {self.database.environment.name}"


@dataclass(frozen=True, slots=True)
class Pull:
    """Download, restore into quarantine, sanitise, check and promote: the second half of a sync."""

    sync: Sync

    def __str__(self) -> str:
        return f"pull {self.sync.target.key} into {self.sync.target.environment.name}"


@dataclass(frozen=True, slots=True)
class Clean:
    """Restore an artefact on the scratch server, sanitise and check it, and push it clean.

    The second of three parts of a sync whose data is to leave its environment clean; all targets
    of one source share it. The sync's target is the place on the scratch server.
    """

    sync: Sync

    def __str__(self) -> str:
        return f"clean {self.sync.source.key} of {self.sync.source.environment.name}"


@dataclass(frozen=True, slots=True)
class Verify:
    """Restore the newest artefact where nobody reads it, compare and check it, and drop it.

    The sync's target is that place: on the environment's scratch server, else beside the source.
    """

    sync: Sync

    def __str__(self) -> str:
        return f"verify {self.sync.source.key} of {self.sync.source.environment.name}"


@dataclass(frozen=True, slots=True)
class Copy:
    """Have the server copy what changed in one bucket into another: all of a bucket sync."""

    sync: BucketSync

    def __str__(self) -> str:
        return f"copy {self.sync.target.key} into {self.sync.target.environment.name}"


Action = Push | Clean | Pull | Verify | Copy
VERBS = ("push", "clean", "pull", "verify", "copy")


@dataclass(frozen=True, slots=True)
class Step:
    """One action in its place; `needs` are the numbers of the steps that must be done before.

    Where one of these makes the artefact that the step restores, `restores` is its number.
    A goal is what somebody asked for: every pull, copy and drill, and a push that the inventory
    lists as a backup.
    """

    number: int
    action: Action
    options: Options
    needs: tuple[int, ...] = ()
    goal: bool = True
    restores: int | None = None

    @property
    def verb(self) -> str:
        match self.action:
            case Push():
                return "push"
            case Pull():
                return "pull"
            case Clean():
                return "clean"
            case Verify():
                return "verify"
            case Copy():
                return "copy"

    @property
    def group(self) -> str | None:
        """The pulls that it is promoted with, or not at all; None where it stands alone."""
        match self.action:
            case Pull(sync) if sync.group is not None:
                return f"{sync.group} ({sync.target.environment.name})"
            case _:
                return None

    @property
    def key(self) -> str:
        """What inventories call the database, or the bucket, that the step works on."""
        match self.action:
            case Copy(sync):
                return sync.target.key
            case _:
                return self.database.key

    @property
    def environment(self) -> Environment:
        """The environment whose machine carries out the step."""
        match self.action:
            case Copy(sync):
                return sync.target.environment
            case _:
                return self.database.environment

    @property
    def database(self) -> Database:
        """The database on the server where the step works: a push's source, else its target.

        To ask a copy for one is a bug.
        """
        match self.action:
            case Push(database):
                return database
            case Pull(sync) | Clean(sync) | Verify(sync):
                return sync.target
            case Copy():
                raise TypeError(f"{self.action} works on no database")

    @property
    def storage(self) -> Storage | None:
        """Where the artefact lies that a push writes and others read; None where there is none."""
        match self.action:
            case Push(database):
                return database.storage
            case Pull(sync) | Clean(sync) | Verify(sync):
                return sync.storage
            case Copy():
                return None

    @property
    def server(self) -> Server | None:
        """The database server that the step loads; None where it loads none."""
        return None if isinstance(self.action, Copy) else self.database.server

    @property
    def machine_name(self) -> str:
        """The machine as its own inventory file calls it."""
        match self.action:
            case Copy(sync):
                return sync.machine
            case _:
                return self.database.server.machine

    @property
    def machine(self) -> str:
        """The machine in full, as production/db_admin: two environments may use one name."""
        return f"{self.environment.name}/{self.machine_name}"

    @property
    def source(self) -> Environment:
        """The environment whose data the step moves."""
        match self.action:
            case Push(database):
                return database.environment
            case Pull(sync) | Clean(sync) | Verify(sync):
                return sync.source.environment
            case Copy(sync):
                return sync.source.environment

    @property
    def sanitised(self) -> Sanitise | NeverSanitise | None:
        """What makes the data safe to read on its way, or why nothing has to; None: unsaid."""
        return None if isinstance(self.action, Push) else self.action.sync.sanitise


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in an order in which each comes after all that it needs."""

    steps: tuple[Step, ...] = ()

    def step(self, number: int) -> Step:
        """Return the step with a number; the first is 1 until a selection leaves some out."""
        return next(step for step in self.steps if step.number == number)
