"""A prune: what lies in the storages is looked at, decided on, and removed piece by piece."""

from collections.abc import Iterable, Iterator

from envsync.app.asked import Asked, inventory, selected
from envsync.app.prune_hands import Acting, PruneHands, Speaking
from envsync.app.prune_shelf import LEFT, REMOVE, Prune, Tally, on_shelf
from envsync.commands.artefacts import Sweep
from envsync.dbms.dumps import ABANDONED_AFTER
from envsync.dbms.pruning import storages
from envsync.errors import EnvsyncError, RefusedError
from envsync.execution.guard import database_lock
from envsync.gateways.clock import SystemClock
from envsync.inventory.model import Database, Inventory
from envsync.places import SnapshotRepository
from envsync.plan.scratch import cleaned, drilled
from envsync.plan.select import Selection, require_known
from envsync.reporting.prune import Decided, prune_table
from envsync.running import State, state, stopping


def pruned(asked: Asked) -> tuple[str, int]:
    """Remove what no rule keeps; return that and what was kept as a table, and the exit code."""
    remembered = state()
    return _carried_out(asked, Acting(remembered), remembered)


def spoken(asked: Asked) -> tuple[str, int]:
    """Return what would be kept and removed, with every command, and the exit code."""
    remembered = state()
    return _carried_out(asked, Speaking(remembered), remembered)


def _carried_out(asked: Asked, hands: PruneHands, remembered: State) -> tuple[str, int]:
    known = inventory(asked.inventory)
    selection = selected(asked)
    require_known(known, selection)
    meant = [each for each in known.databases if _is_meant(each, selection)]
    if not meant:
        raise RefusedError("there is no such database to prune; envsync plan --all shows them all")
    with stopping() as stop:
        run = Prune(SystemClock().now(), hands, remembered, stop, Tally())
        decided = [line for database in meant for line in _database(run, database, known)]
        decided += _half_uploads(run, _pushed(known, meant))
    notes = [*_notes(run.tally, meant), *hands.said]
    return prune_table(decided, notes), run.tally.exit_code


def _is_meant(database: Database, selection: Selection) -> bool:
    machine = database.server.machine
    return (
        (not selection.environments or database.environment.name in selection.environments)
        and (not selection.keys or database.key in selection.keys)
        and selection.machine in (None, machine, f"{database.environment.name}/{machine}")
    )


def _database(run: Prune, database: Database, known: Inventory) -> Iterator[Decided]:
    """Yield what becomes of a database's artefacts; while it is busy nothing does."""
    if database.retention is None:
        return
    readers = _readers(database, known)
    try:
        run.hands.refuse_busy(readers)
        with (
            run.hands.apart(database_lock(database)),
            run.hands.remembered(database) as told,
        ):
            before = run.tally.mark()
            for storage in storages(database):
                yield from on_shelf(run, database, storage, readers)
            told.tell(run.tally.since(before))
    except EnvsyncError as error:
        run.tally.problems.append(str(error))
        yield Decided(str(database), "all", None, LEFT, str(error))


def _readers(database: Database, known: Inventory) -> tuple[str, ...]:
    """Name the locks of what may read its artefacts: pulls, cleanings and drills.

    They are not taken, so that no pull is kept waiting: one that begins takes the newest artefact,
    which never goes.
    """
    edges = [sync for sync in known.syncs if sync.source == database]
    edges += [cleaned(sync) for sync in edges if sync.is_cleaned]
    edges += [drilled(drill) for drill in known.drills if drill.database == database]
    locks = {database_lock(edge.target) for edge in edges}
    return tuple(sorted(locks - {database_lock(database)}))


def _pushed(known: Inventory, meant: Iterable[Database]) -> Iterator[Database]:
    """Yield those that are pushed: the storages of others need not even be there."""
    pushed = {(each.source.environment.name, each.source.key) for each in known.syncs}
    pushed |= {(each.database.environment.name, each.database.key) for each in known.backups}
    for each in meant:
        if each.retention is not None or (each.environment.name, each.key) in pushed:
            yield each


def _half_uploads(run: Prune, pushed: Iterable[Database]) -> Iterator[Decided]:
    """Remove what killed pushes left below each folder; a cluster leaves none."""
    folders = dict.fromkeys(
        (storage, database.path) for database in pushed for storage in storages(database)
    )
    for storage, path in folders:
        if isinstance(storage, SnapshotRepository):
            continue
        where = f"{storage.url}/{path}"
        try:
            count = run.hands.perform(Sweep(storage, path, ABANDONED_AFTER)).deleted
        except EnvsyncError as error:
            run.tally.problems.append(str(error))
            yield Decided("-", where, None, LEFT, str(error))
            continue
        if count:
            run.tally.removed += count
            uploads = "1 half upload" if count == 1 else f"{count} half uploads"
            yield Decided("-", where, None, REMOVE, f"{uploads} older than a day")


def _notes(tally: Tally, meant: Iterable[Database]) -> Iterator[str]:
    """Say what no line of the table does."""
    untold = ", ".join(str(each) for each in meant if each.retention is None)
    if untold:
        yield f"no retention: holds for {untold}, of which everything is kept"
    for url in sorted(tally.versioned):
        yield (
            f"{url} keeps old versions: what is removed stays there, hidden, until a lifecycle "
            "rule of the bucket expires it"
        )
