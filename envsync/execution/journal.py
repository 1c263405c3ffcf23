"""The journal: every step that was planned, begun and ended, and check results not yet delivered.

An SQLite file. A step that begun and never ended was interrupted, unless its lock is held.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from envsync.artefacts import Stamp
from envsync.execution.outcome import Outcome, State
from envsync.execution.sqlite_file import SqliteFile
from envsync.plan.model import Plan, Push, Step

REMEMBERED = 5
"""Runs of a step that its expected duration is the median of."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of one run, as the journal remembers it; times are in UTC.

    `database` is the key of a database, or of the bucket that was copied into; `rows` counts its
    rows, or the objects that were copied. `data_of` is when what is live now was taken from its
    source.
    """

    id: int
    run: str
    verb: str
    environment: str
    database: str
    source: str | None
    planned: datetime
    started: datetime | None
    ended: datetime | None
    outcome: State | None
    healthy: bool
    reason: str
    seconds: float | None
    bytes: int
    rows: int
    artefact: str | None
    data_of: datetime | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A check result that monitoring has not got yet."""

    id: int
    environment: str
    service: str
    code: int
    message: str


class Journal:
    """The journal of this machine; safe to use by several processes at once."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path)
        self._ids: dict[int, int] = {}

    def plan(self, run: str, plan: Plan, now: datetime) -> None:
        """Remember what a run is going to do."""
        with self._file.writing() as connection:
            for step in plan.steps:
                cursor = connection.execute(
                    "INSERT INTO step (run, verb, environment, database, source, planned) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (run, *_identity(step), _source(step), now.isoformat()),
                )
                self._ids[step.number] = int(cursor.lastrowid or 0)

    def start(self, step: Step, now: datetime) -> None:
        """Remember that a step has begun."""
        with self._file.writing() as connection:
            connection.execute(
                "UPDATE step SET started = ? WHERE id = ?",
                (now.isoformat(), self._ids[step.number]),
            )

    def end(self, outcome: Outcome, now: datetime) -> None:
        """Remember how a step ended."""
        measured = outcome.measured
        with self._file.writing() as connection:
            connection.execute(
                "UPDATE step SET ended = ?, outcome = ?, healthy = ?, reason = ?, seconds = ?, "
                "bytes = ?, rows = ?, artefact = ?, data_of = ?, warnings = ? WHERE id = ?",
                (
                    now.isoformat(),
                    outcome.state,
                    outcome.healthy,
                    outcome.reason,
                    outcome.seconds,
                    measured.bytes,
                    sum(measured.rows.values()) or measured.copied,
                    str(outcome.artefact) if outcome.artefact else None,
                    measured.data_of.moment.isoformat() if measured.data_of else None,
                    json.dumps(outcome.warnings),
                    self._ids[outcome.step.number],
                ),
            )

    def swap(self, environment: str, database: str, data_of: Stamp | None, now: datetime) -> None:
        """Remember that a rollback has put other data in place."""
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO step (run, verb, environment, database, planned, started, ended, "
                "outcome, healthy, data_of) VALUES (?, 'rollback', ?, ?, ?, ?, ?, 'done', 1, ?)",
                (
                    f"rollback {now.isoformat()}",
                    environment,
                    database,
                    *(now.isoformat(),) * 3,
                    data_of.moment.isoformat() if data_of else None,
                ),
            )

    def prune_begun(self, environment: str, database: str, now: datetime) -> int:
        """Remember that artefacts are going to be removed; returns what the end is told by."""
        with self._file.writing() as connection:
            cursor = connection.execute(
                "INSERT INTO step (run, verb, environment, database, planned, started) "
                "VALUES (?, 'prune', ?, ?, ?, ?)",
                (f"prune {now.isoformat()}", environment, database, *(now.isoformat(),) * 2),
            )
            return int(cursor.lastrowid or 0)

    def prune_ended(self, entry: int, state: State, reason: str, freed: int, now: datetime) -> None:
        """Remember how that ended, and how many bytes it freed."""
        with self._file.writing() as connection:
            connection.execute(
                "UPDATE step SET ended = ?, outcome = ?, healthy = ?, reason = ?, bytes = ?, "
                "seconds = (julianday(?) - julianday(started)) * 86400 WHERE id = ?",
                (
                    now.isoformat(),
                    state,
                    state is State.DONE,
                    reason,
                    freed,
                    now.isoformat(),
                    entry,
                ),
            )

    def history(self, database: str, environment: str | None = None) -> list[Entry]:
        """Return a database's entries, newest first."""
        return self._entries(
            "SELECT * FROM step WHERE database = ? AND (? IS NULL OR environment = ?) "
            "ORDER BY id DESC",
            (database, environment, environment),
        )

    def latest(self, environment: str, database: str, verb: str) -> Entry | None:
        """Return the last entry of a step that was begun, not of one refused before."""
        found = self._entries(
            "SELECT * FROM step WHERE environment = ? AND database = ? AND verb = ? "
            "AND started IS NOT NULL ORDER BY id DESC LIMIT 1",
            (environment, database, verb),
        )
        return found[0] if found else None

    def unfinished(self, step: Step, before: datetime) -> tuple[Stamp, ...]:
        """Return when runs of a step began that never ended, since the last that was done.

        They were killed, if nobody holds the step's lock but who asks.
        """
        verb, environment, database = _identity(step)
        found = self._entries(
            "SELECT * FROM step WHERE environment = ? AND database = ? AND verb = ? "
            "AND started < ? AND ended IS NULL AND id > (SELECT coalesce(max(id), 0) FROM step "
            "WHERE environment = ? AND database = ? AND verb = ? AND outcome = 'done') ORDER BY id",
            (environment, database, verb, before.isoformat(), environment, database, verb),
        )
        return tuple(Stamp.of(entry.started) for entry in found if entry.started)

    def has_begun(self, step: Step, second: Stamp) -> bool:
        """Tell whether a run of a step began within a second before."""
        verb, environment, database = _identity(step)
        after = second.moment + timedelta(seconds=1)
        return bool(
            self._entries(
                "SELECT * FROM step WHERE environment = ? AND database = ? AND verb = ? "
                "AND started >= ? AND started < ? LIMIT 1",
                (environment, database, verb, second.moment.isoformat(), after.isoformat()),
            )
        )

    def served(self, environment: str, database: str) -> Entry | None:
        """Return the step, or the rollback, that brought what a database or a bucket serves now."""
        found = self._entries(
            "SELECT * FROM step WHERE environment = ? AND database = ? "
            "AND (outcome = 'done' OR data_of IS NOT NULL) "
            "AND verb IN ('pull', 'copy', 'rollback') ORDER BY id DESC LIMIT 1",
            (environment, database),
        )
        return found[0] if found else None

    def restored(self, environment: str, database: str) -> set[datetime]:
        """Return when the data was taken that a pull restored, compared and promoted here."""
        found = self._entries(
            "SELECT * FROM step WHERE source = ? AND database = ? AND verb = 'pull' "
            "AND data_of IS NOT NULL",
            (environment, database),
        )
        return {entry.data_of for entry in found if entry.data_of is not None}

    def expected_seconds(self, step: Step) -> float | None:
        """Return the median duration of a step's last good runs; None where there are none."""
        verb, environment, database = _identity(step)
        found = self._entries(
            "SELECT * FROM step WHERE environment = ? AND database = ? AND verb = ? "
            "AND outcome = 'done' ORDER BY id DESC LIMIT ?",
            (environment, database, verb, REMEMBERED),
        )
        durations = sorted(entry.seconds for entry in found if entry.seconds is not None)
        return durations[len(durations) // 2] if durations else None

    def keep(self, environment: str, service: str, code: int, message: str, now: datetime) -> None:
        """Keep a check result for the next run to deliver; the newest of a service replaces it."""
        with self._file.writing() as connection:
            connection.execute(
                "DELETE FROM undelivered WHERE environment = ? AND service = ?",
                (environment, service),
            )
            connection.execute(
                "INSERT INTO undelivered (environment, service, code, message, since) "
                "VALUES (?, ?, ?, ?, ?)",
                (environment, service, code, message, now.isoformat()),
            )

    def undelivered(self) -> list[Undelivered]:
        """Return the check results still to be delivered, oldest first."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT id, environment, service, code, message FROM undelivered ORDER BY id"
            ).fetchall()
        return [Undelivered(*tuple(row)) for row in rows]

    def delivered(self, environment: str, service: str) -> None:
        """Forget what was kept of a service: monitoring has got that result or a newer one."""
        with self._file.writing() as connection:
            connection.execute(
                "DELETE FROM undelivered WHERE environment = ? AND service = ?",
                (environment, service),
            )

    def verify(self) -> None:
        """Raise RefusedError where the journal cannot be read, or is damaged."""
        self._file.verify()

    def _entries(self, query: str, arguments: Sequence[object]) -> list[Entry]:
        with self._file.reading() as connection:
            return [_entry(row) for row in connection.execute(query, tuple(arguments))]


def _identity(step: Step) -> tuple[str, str, str]:
    return step.verb, step.environment.name, step.key


def _source(step: Step) -> str | None:
    return None if isinstance(step.action, Push) else step.source.name


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        id=row["id"],
        run=row["run"],
        verb=row["verb"],
        environment=row["environment"],
        database=row["database"],
        source=row["source"],
        planned=datetime.fromisoformat(row["planned"]),
        started=_moment(row["started"]),
        ended=_moment(row["ended"]),
        outcome=State(row["outcome"]) if row["outcome"] else None,
        healthy=bool(row["healthy"]),
        reason=row["reason"] or "",
        seconds=row["seconds"],
        bytes=row["bytes"] or 0,
        rows=row["rows"] or 0,
        artefact=row["artefact"],
        data_of=_moment(row["data_of"]),
        warnings=tuple(json.loads(row["warnings"] or "[]")),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
