"""Select from a plan: the goals that were asked for and the pushes they need, renumbered."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches

from envsync.errors import RefusedError
from envsync.inventory.model import Ensure, Inventory, NeverSanitise, Sanitise, Sync
from envsync.plan.model import Plan, Pull, Step


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for; an empty tuple or None asks for everything.

    A machine is meant by its bare name or in full, as integration/db_admin. `goals` says what is
    asked for, and `verbs` what of it, and of what it needs, is to be done here. Whoever asks for
    pushes alone means all of them, listed as backups or not.
    """

    environments: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    machine: str | None = None
    disabled: bool = False
    goals: tuple[str, ...] = ("push", "pull")
    verbs: tuple[str, ...] = ("push", "pull")


def select(plan: Plan, selection: Selection, due: Callable[[Step], bool] = lambda _: True) -> Plan:
    """Return the steps a selection means, in the plan's order, numbered from 1.

    Only goals that are `due` count. A pull brings the push it needs. What else a step needs, such
    as the pull into the database it pushes, counts only where it is selected itself.
    """
    chosen = {s.number for s in plan.steps if _is_asked_for(s, selection) and due(s)}
    by_number = {step.number: step for step in plan.steps}
    sources = {
        number
        for asked in chosen
        if isinstance(by_number[asked].action, Pull)
        for number in by_number[asked].needs
    }
    kept = [step for step in plan.steps if step.number in chosen | sources]
    return renumbered(step for step in kept if _is_here(step, selection))


def renumbered(steps: Iterable[Step]) -> Plan:
    """Number steps from 1 and keep those of their needs that are among them."""
    kept = tuple(steps)
    numbers = {step.number: number for number, step in enumerate(kept, start=1)}
    return Plan(
        tuple(
            replace(
                step,
                number=numbers[step.number],
                needs=tuple(numbers[need] for need in step.needs if need in numbers),
            )
            for step in kept
        )
    )


def _is_asked_for(step: Step, selection: Selection) -> bool:
    return (
        _is_goal(step, selection)
        and (not selection.environments or step.environment.name in selection.environments)
        and (not selection.databases or step.database.key in selection.databases)
        and (selection.disabled or step.options.ensure is Ensure.PRESENT)
    )


def _is_goal(step: Step, selection: Selection) -> bool:
    return step.verb in selection.goals and (step.goal or selection.goals == ("push",))


def _is_here(step: Step, selection: Selection) -> bool:
    machines = (step.machine, step.database.server.machine)
    return step.verb in selection.verbs and selection.machine in (None, *machines)


def require_known(inventory: Inventory, selection: Selection) -> None:
    """Raise RefusedError for an environment, database or machine the inventory does not have."""
    machines = {database.server.machine for database in inventory.databases}
    machines |= {f"{d.environment.name}/{d.server.machine}" for d in inventory.databases}
    environments = {environment.name for environment in inventory.environments}
    keys = {database.key for database in inventory.databases}
    for name in selection.environments:
        _require("environment", name, environments)
    for name in selection.databases:
        _require("database", name, keys)
    if selection.machine is not None:
        _require("machine", selection.machine, machines)


def _require(kind: str, name: str, known: set[str]) -> None:
    if name in known:
        return
    near = get_close_matches(name, known, n=1)
    meant = f"; did you mean {near[0]!r}" if near else f"; there are {', '.join(sorted(known))}"
    raise RefusedError(f"no {kind} {name!r} in the inventory{meant}")


def redirected(inventory: Inventory, key: str, targets: tuple[str, ...], source: str) -> Inventory:
    """Return the inventory with a database's syncs into some environments taken from another.

    Raises RefusedError where that environment has no such database, or is protected and the
    edge does not say how its data is sanitised.
    """
    databases = {(d.environment.name, d.key): d for d in inventory.databases}
    if (source, key) not in databases:
        raise RefusedError(f"environment {source!r} has no database {key!r} to sync from")
    other = databases[source, key]
    return replace(
        inventory,
        syncs=tuple(
            _from(sync, replace(sync, source=other))
            if sync.target.key == key and (not targets or sync.target.environment.name in targets)
            else sync
            for sync in inventory.syncs
        ),
    )


def _from(declared: Sync, sync: Sync) -> Sync:
    unsaid = not isinstance(sync.sanitise, Sanitise | NeverSanitise)
    if sync.source.environment.protected and unsaid:
        raise RefusedError(
            f"{sync.source.environment.name} is protected and the sync of {declared.target} does "
            "not say how its data is sanitised; add sanitise: to the edge in the inventory"
        )
    return sync


def require_consent(plan: Plan, onto_protected: str | None) -> None:
    """Raise RefusedError where a plan pulls into a protected environment nobody typed out."""
    for step in plan.steps:
        protected = isinstance(step.action, Pull) and step.environment.protected
        if protected and step.environment.name != onto_protected:
            raise RefusedError(
                f"{step.environment.name} is protected and {step.action} would replace its data; "
                f"to do that, add --onto-protected {step.environment.name}"
            )
