"""The yard: what may be built when, and beside what."""

import threading

import pytest

from envsync.errors import InterruptedStepError
from envsync.gateways.postgresql.archive import Archive, Entry, Section
from envsync.gateways.postgresql.yard import Task, Yard, tasks
from envsync.gateways.scope import Scope
from envsync.gateways.team import Team


def entry(number: int, description: str, *dependencies: int, definition: str = "") -> Entry:
    kind = Section.ROWS if description == "TABLE DATA" else Section.AFTER
    return Entry(number, description, "x", kind, "s", "o", definition, "", dependencies)


ROWS = [entry(11, "TABLE DATA", 1), entry(12, "TABLE DATA", 2)]
ONE, OTHER = frozenset({11}), frozenset({12})
NOTHING: frozenset[int] = frozenset()
INDEX = Task(entry(21, "INDEX", 1), ONE, NOTHING, alone=False)
OTHER_INDEX = Task(entry(22, "INDEX", 1), ONE, NOTHING, alone=False)
KEY = Task(entry(23, "CONSTRAINT", 1), ONE, NOTHING, alone=True)
ELSEWHERE = Task(entry(24, "INDEX", 2), OTHER, NOTHING, alone=False)
REFERENCE = Task(entry(25, "FK CONSTRAINT", 1, 2, 23), ONE | OTHER, frozenset({23}), alone=True)


def test_what_needs_only_rows_and_other_tasks_is_built_early() -> None:
    alter = "ALTER TABLE ONLY s.x ADD"
    after = [
        entry(21, "INDEX", 1, 1),
        entry(22, "CONSTRAINT", 2, definition=alter),
        entry(23, "INDEX", 3),
        entry(24, "FK CONSTRAINT", 1, 2, 22, definition=alter),
        entry(25, "FK CONSTRAINT", 1, 3, definition=alter),
        entry(26, "INDEX", 1, 23),
        entry(27, "TRIGGER", 1),
        entry(28, "INDEX", 4),
    ]
    empty = [entry(3, "TABLE"), entry(4, "MATERIALIZED VIEW")]
    archive = Archive(b"", (1, 14), "utf-8", "d", "15", "15", (*empty, *ROWS, *after))
    found = {task.entry.dump_id: task for task in tasks(archive, after, ROWS)}
    assert found == {
        21: Task(after[0], ONE, NOTHING, alone=False),
        22: Task(after[1], OTHER, NOTHING, alone=True),
        24: Task(after[3], ONE | OTHER, frozenset({22}), alone=True),
    }


def test_a_task_waits_for_its_rows() -> None:
    with Team(Scope(), 1, "team") as team:
        yard = Yard(team.scope, [INDEX, ELSEWHERE])
        taking = team.start(yard.take)
        yard.rows_are_in(ROWS[1], 1)
        assert taking.result(5) == ELSEWHERE


def test_a_reference_waits_for_both_tables_and_for_the_key_it_refers_to() -> None:
    with Team(Scope(), 1, "team") as team:
        yard = Yard(team.scope, [REFERENCE, KEY])
        yard.rows_are_in(ROWS[0], 1)
        assert yard.take() == KEY
        yard.rows_are_in(ROWS[1], 1)
        taking = team.start(yard.take)
        with pytest.raises(TimeoutError):
            taking.result(timeout=0.1)
        yard.done(KEY)
        assert taking.result(5) == REFERENCE


def test_the_largest_table_comes_first() -> None:
    yard = Yard(Scope(), [INDEX, ELSEWHERE])
    yard.rows_are_in(ROWS[0], 10)
    yard.rows_are_in(ROWS[1], 20)
    assert [yard.take(), yard.take(), yard.take()] == [ELSEWHERE, INDEX, None]


def test_indexes_of_one_table_are_built_side_by_side() -> None:
    yard = Yard(Scope(), [INDEX, OTHER_INDEX])
    yard.rows_are_in(ROWS[0], 1)
    assert [yard.take(), yard.take()] == [INDEX, OTHER_INDEX]


def test_a_constraint_has_its_table_alone() -> None:
    with Team(Scope(), 1, "team") as team:
        yard = Yard(team.scope, [INDEX, KEY, ELSEWHERE, OTHER_INDEX])
        yard.rows_are_in(ROWS[0], 2)
        yard.rows_are_in(ROWS[1], 1)
        assert [yard.take(), yard.take(), yard.take()] == [INDEX, OTHER_INDEX, ELSEWHERE]
        taking = team.start(yard.take)
        yard.done(INDEX)
        with pytest.raises(TimeoutError):
            taking.result(timeout=0.1)
        yard.done(OTHER_INDEX)
        assert taking.result(5) == KEY


def test_a_builder_that_waits_ends_with_the_step() -> None:
    scope = Scope()
    yard = Yard(scope, [INDEX])
    threading.Timer(0.1, scope.cancel, ("the end",)).start()
    with pytest.raises(InterruptedStepError, match="the end"):
        yard.take()
