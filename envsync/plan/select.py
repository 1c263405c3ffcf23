"""Select from a plan: the goals that were asked for and the pushes they need, renumbered."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from envsync.errors import RefusedError
from envsync.inventory.model import Ensure, Inventory
from envsync.plan.model import VERBS, Clean, Copy, Plan, Pull, Step


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for; an empty tuple or None asks for everything.

    `keys` are those of databases and of buckets. A machine is meant by its bare name or in full,
    as integration/db_admin. `goals` says what is asked for, and `verbs` what of it, and of what it
    needs, is to be done here. Whoever asks for pushes alone means all of them, listed as backups
    or not.
    """

    environments: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    machine: str | None = None
    disabled: bool = False
    goals: tuple[str, ...] = VERBS
    verbs: tuple[str, ...] = VERBS


def select(plan: Plan, selection: Selection, due: Callable[[Step], bool] = lambda _: True) -> Plan:
    """Return the steps a selection means, in the plan's order, numbered from 1.

    Only goals that are `due` count. A pull brings the push it needs, and the cleaning between. What
    else a step needs, such as the pull into the database it pushes, counts only where it is
    selected itself.
    """
    chosen = {s.number for s in plan.steps if _is_asked_for(s, selection) and due(s)}
    by_number = {step.number: step for step in plan.steps}
    sources = {number for asked in chosen for number in _brought(by_number, asked)}
    kept = [step for step in plan.steps if step.number in chosen | sources]
    return renumbered(step for step in kept if _is_here(step, selection))


def _brought(by_number: Mapping[int, Step], number: int) -> Iterator[int]:
    """Yield what makes the artefact that a pull restores, and what that brings with it."""
    step = by_number[number]
    if isinstance(step.action, Pull | Clean) and step.restores is not None:
        yield step.restores
        yield from _brought(by_number, step.restores)


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
                restores=None if step.restores is None else numbers.get(step.restores),
            )
            for step in kept
        )
    )


def _is_asked_for(step: Step, selection: Selection) -> bool:
    return (
        _is_goal(step, selection)
        and (not selection.environments or step.environment.name in selection.environments)
        and (not selection.keys or step.key in selection.keys)
        and (selection.disabled or step.options.ensure is Ensure.PRESENT)
    )


def _is_goal(step: Step, selection: Selection) -> bool:
    return step.verb in selection.goals and (step.goal or selection.goals == ("push",))


def _is_here(step: Step, selection: Selection) -> bool:
    machines = (step.machine, step.machine_name)
    return step.verb in selection.verbs and selection.machine in (None, *machines)


def require_known(inventory: Inventory, selection: Selection) -> None:
    """Raise RefusedError for a name that the inventory does not have."""
    environments = {environment.name for environment in inventory.environments}
    databases = {database.key for database in inventory.databases}
    buckets = {bucket.key for bucket in inventory.buckets}
    for name in selection.environments:
        _require("environment", name, environments)
    for name in selection.keys:
        _require("database or bucket" if buckets else "database", name, databases | buckets)
    if selection.machine is not None:
        _require("machine", selection.machine, _machines(inventory))


def _machines(inventory: Inventory) -> set[str]:
    """Return every machine, by its bare name and in full."""
    used = {(d.environment.name, d.server.machine) for d in inventory.databases}
    used |= {(d.environment.name, d.scratch.machine) for d in inventory.databases if d.scratch}
    used |= {(edge.target.environment.name, edge.machine) for edge in inventory.bucket_syncs}
    return {name for _, name in used} | {f"{where}/{name}" for where, name in used}


def _require(kind: str, name: str, known: set[str]) -> None:
    if name in known:
        return
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]!r}?" if near else _all_of(known)
    raise RefusedError(f"no {kind} {name!r} in the inventory; {meant}")


def _all_of(known: set[str]) -> str:
    names = ", ".join(sorted(known)) or "none"
    return f"there is only {names}" if len(known) == 1 else f"there are {names}"


def require_consent(plan: Plan, onto_protected: str | None) -> None:
    """Raise RefusedError where a plan writes to a protected environment nobody typed out."""
    for step in plan.steps:
        protected = isinstance(step.action, Pull | Copy) and step.environment.protected
        if protected and step.environment.name != onto_protected:
            raise RefusedError(
                f"{step.environment.name} is protected and {step.action} would replace its data; "
                f"to do that, add --onto-protected {step.environment.name}"
            )
