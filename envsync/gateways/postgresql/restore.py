"""Restoring an archive straight from a stream: in parallel, in bounded memory, with no temp disk.

What comes before the rows and after them is in the archive's table of contents, which the stream
begins with; so pg_restore can create it from a file in memory. The rows it only writes out, for
loaders to copy in. What does not fit that, pg_restore restores by itself from its stdin.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from psycopg import sql

from envsync.commands.postgresql import Restore
from envsync.gateways.postgresql.archive import Archive, Entry, read_archive
from envsync.gateways.postgresql.aside import Aside, autovacuum_off
from envsync.gateways.postgresql.belt import Belt
from envsync.gateways.postgresql.copy_text import EndedEarlyError, pieces
from envsync.gateways.postgresql.loading import Loading
from envsync.gateways.postgresql.pg_restore import PgRestore
from envsync.gateways.postgresql.selection import Selection, select, undefined
from envsync.gateways.postgresql.session import Session, connect
from envsync.gateways.postgresql.yard import Yard, tasks
from envsync.gateways.scope import Scope
from envsync.gateways.team import Team

# The server's own maintenance_work_mem counts: sorts in more memory took a tenth more of the
# processor in measurements, and as long.
_OPTIONS = "-c synchronous_commit=off"
# Rows go in a third faster than with the server's default, pglz, and take as much space. Whoever
# configured a server to compress otherwise has a reason.
_COMPRESSION = """
SELECT ' -c default_toast_compression=lz4' FROM pg_settings
 WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals) AND source = 'default'
"""

_LOGGER = logging.getLogger(__name__)
_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
_QUOTED = """
SELECT format('%%I.%%I', namespace, name)
  FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS given(namespace, name, number)
 ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is restored, and what the target's server said of itself."""

    archive: Archive
    selection: Selection
    names: dict[int, str]
    of_extensions: frozenset[int]
    options: str

    @property
    def counted(self) -> list[Entry]:
        """The tables whose rows are told: those of extensions are the extensions' affair."""
        return [entry for entry in self.selection.rows if entry.dump_id not in self.of_extensions]


@dataclass(frozen=True, slots=True)
class Restored:
    """The rows of each table that was loaded, and what is put off until they are sanitised."""

    rows: dict[str, int]
    aside: Aside


def restore(command: Restore, source: Iterator[bytes], scope: Scope) -> Restored:
    """Restore an archive into an empty database.

    Stops at the first error. The source is read to its end, whatever is wanted of it.
    """
    archive, following = read_archive(source)
    plan = _planned(command, archive, scope)
    program = PgRestore(command, archive, plan.options)
    selection = plan.selection
    program.create(selection.schemas, scope, role=command.role)
    program.create(selection.extensions, scope, role=None)
    program.create(selection.before, scope, role=command.role)
    aside = _put_aside(command, plan, scope)
    if command.jobs > 1 and selection.fits_copy(archive):
        rows = _restore_in_parallel(command, plan, program, following, scope)
    else:
        rows = _restore_plainly(command, plan, program, following, scope)
    program.create(selection.event_triggers, scope, role=None)
    return Restored(rows, aside)


def _put_aside(command: Restore, plan: _Plan, scope: Scope) -> Aside:
    with connect(command.target, scope) as session:
        _become(session, command.role)
        return Aside(
            autovacuum_off(session),
            tuple(plan.archive.encoded(entry.definition) for entry in plan.selection.row_security),
        )


def _become(session: Session, role: str | None) -> None:
    if role:
        session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


def _planned(command: Restore, archive: Archive, scope: Scope) -> _Plan:
    with connect(command.target, scope) as session:
        (superuser,) = session.execute(_SUPERUSER).fetchone() or (False,)
        selection = select(archive, superuser=superuser, without_rows=command.without_rows)
        names = _quoted(session, selection.rows)
        (compression,) = session.execute(_COMPRESSION).fetchone() or ("",)
    for entry in selection.missing:
        _LOGGER.info("left out of %s: %s", command.target, entry)
    return _Plan(archive, selection, names, undefined(archive), _OPTIONS + compression)


def _quoted(session: Session, entries: Iterable[Entry]) -> dict[int, str]:
    """Have the server quote the names of tables, as the manifest has them."""
    entries = tuple(entries)
    parts = (
        [text.encode(errors="replace").decode() for text in texts]
        for texts in ([e.namespace for e in entries], [e.tag for e in entries])
    )
    found = session.execute(_QUOTED, tuple(parts)).fetchall()
    return {entry.dump_id: name for entry, (name,) in zip(entries, found, strict=True)}


def _restore_in_parallel(
    command: Restore,
    plan: _Plan,
    program: PgRestore,
    following: Iterator[bytes],
    scope: Scope,
) -> dict[str, int]:
    selection = plan.selection
    early = tasks(plan.archive, selection.after, selection.rows)
    with Team(scope, command.jobs + 1, "restore") as team:
        loaders = (command.jobs + 1) // 2
        loading = Loading(
            command=command,
            archive=plan.archive,
            options=plan.options,
            names=plan.names,
            of_extensions=plan.of_extensions,
            frozen=loaders == 1,
            scope=team.scope,
            belt=Belt(team.scope),
            yard=Yard(team.scope, early),
        )
        loading.set_sequences(selection.sequences)
        workers = [
            team.start(loading.work, loads=number < loaders) for number in range(command.jobs)
        ]
        _read_rows(plan, program, following, loading, team)
    done = {task.entry.dump_id for task in early}
    rest = [entry for entry in selection.after if entry.dump_id not in done]
    program.create(rest, scope, role=command.role, jobs=command.jobs)
    rows = dict.fromkeys((entry.dump_id for entry in selection.rows), 0)
    for worker in workers:
        for dump_id, count in worker.result().items():
            rows[dump_id] += count
    return {plan.names[entry.dump_id]: rows[entry.dump_id] for entry in plan.counted}


def _read_rows(
    plan: _Plan, program: PgRestore, following: Iterator[bytes], loading: Loading, team: Team
) -> None:
    """Lay the rows on the belt as pg_restore writes them out."""
    rows = plan.selection.rows
    tables = [(entry, plan.archive.encoded(entry.copy_statement)) for entry in rows]
    with program.writing(rows, team.scope) as child:
        team.start(program.feed, child, following, team.scope)
        try:
            for piece in pieces(child.stdout, tables):
                loading.belt.put(piece)
        except EndedEarlyError:
            child.wait()
            raise
    loading.belt.finish()
    team.scope.meter.stage("building indexes", None)


def _restore_plainly(
    command: Restore,
    plan: _Plan,
    program: PgRestore,
    following: Iterator[bytes],
    scope: Scope,
) -> dict[str, int]:
    selection = plan.selection
    wanted = (
        *selection.rows,
        *selection.sequences,
        *selection.other_rows,
        *selection.after,
    )
    with Team(scope, 1, "restore") as team, program.restoring(wanted, team.scope) as child:
        team.start(program.feed, child, following, team.scope)
    with connect(command.target, scope) as session:
        _become(session, command.role)
        return {plan.names[entry.dump_id]: _count(session, entry) for entry in plan.counted}


def _count(session: Session, entry: Entry) -> int:
    table = sql.Identifier(entry.namespace, entry.tag)
    row = session.execute(sql.SQL("SELECT count(*) FROM ONLY {}").format(table)).fetchone()
    return int(row[0]) if row else 0
