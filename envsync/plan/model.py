"""What will happen: a plan is steps in order; a step is one push or one pull, on one machine."""

from dataclasses import dataclass

from envsync.inventory.model import Database, Environment, Options, Sync
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


Action = Push | Pull


@dataclass(frozen=True, slots=True)
class Step:
    """One action in its place; `needs` are the numbers of the steps that must be done before.

    A goal is what somebody asked for: every pull, and a push that the inventory lists as a backup.
    """

    number: int
    action: Action
    options: Options
    needs: tuple[int, ...] = ()
    goal: bool = True

    @property
    def verb(self) -> str:
        return "push" if isinstance(self.action, Push) else "pull"

    @property
    def database(self) -> Database:
        """The database on the server where the step works: a push's source, a pull's target."""
        match self.action:
            case Push(database):
                return database
            case Pull(sync):
                return sync.target

    @property
    def storage(self) -> Storage:
        """Where the artefact lies that the step writes or reads."""
        match self.action:
            case Push(database):
                return database.environment.storage
            case Pull(sync):
                return sync.source.environment.storage

    @property
    def environment(self) -> Environment:
        """The environment whose machine carries out the step."""
        return self.database.environment

    @property
    def machine(self) -> str:
        """The machine in full, as production/db_admin: two environments may use one name."""
        return f"{self.environment.name}/{self.database.server.machine}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in an order in which each comes after all that it needs."""

    steps: tuple[Step, ...] = ()

    def step(self, number: int) -> Step:
        """Return the step with a number; the first is 1 until a selection leaves some out."""
        return next(step for step in self.steps if step.number == number)
