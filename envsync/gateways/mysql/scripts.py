"""Sanitisation scripts, rewrites and checks, run in the quarantine, each in one transaction.

A statement that defines something commits by itself on MySQL (manual, Statements That Cause an
Implicit Commit). Nobody sees that: whatever fails, the quarantine is dropped as a whole.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql

from envsync.artefacts import ScriptUsed
from envsync.commands import Measured, Script, Target
from envsync.commands.mysql import Rewrite, RunChecks, RunScript
from envsync.commands.mysql_text import quoted
from envsync.errors import CommandError, RefusedError
from envsync.gateways.mysql.session import Session, connect, said, told
from envsync.gateways.mysql.statements import Statement, script_statements, without_comments
from envsync.gateways.scope import Scope

_LEAVES = re.compile(rb"\s*USE\b", re.IGNORECASE)
_COLUMN = """
SELECT GENERATION_EXPRESSION FROM information_schema.COLUMNS
 WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND COLUMN_NAME = %s
"""


def run_script(command: RunScript, scope: Scope) -> Measured:
    """Run a script in one transaction; raises CommandError at its first failing statement."""
    text = _read(command.script)
    with transaction(command.target, scope) as session:
        for statement in script_statements(text):
            if _LEAVES.match(without_comments(statement.text)):
                raise CommandError(
                    f"{command.script.name}:{statement.line} leaves the quarantine; take USE "
                    "out of it, a script is run where the copy is"
                )
            cursor: Any = session.cursor()
            with _telling(command.script, statement), cursor:
                cursor.execute(statement.text)
                while cursor.nextset():
                    pass
    digest = hashlib.sha256(text).hexdigest()
    return Measured(scripts=(ScriptUsed(name=command.script.name, sha256=digest),))


def run_checks(command: RunChecks, scope: Scope) -> None:
    """Run every query of a script; raises CommandError at the first that returns a row."""
    checks = 0
    with transaction(command.target, scope, "START TRANSACTION READ ONLY") as session:
        # One row is enough: a check may find more than memory holds.
        session.run("SET SESSION sql_select_limit = 1")
        for statement in script_statements(_read(command.script)):
            cursor: Any = session.cursor()
            with _telling(command.script, statement), cursor:
                cursor.execute(statement.text)
                if cursor.description is None:
                    continue
                checks += 1
                row = cursor.fetchone()
            if row is not None:
                columns = ", ".join(str(column[0]) for column in cursor.description)
                raise CommandError(
                    f"check {checks} of {command.script.name} found rows ({columns}) in "
                    f"{command.target}; nothing was promoted"
                )
    if not checks:
        raise CommandError(f"{command.script.name} holds no query, and so checks nothing")


def rewrite(command: Rewrite, scope: Scope) -> None:
    """Replace texts in a column; raises CommandError where the copy has no such column."""
    where = f"{command.table}.{command.column}"
    table, column = quoted(command.table), quoted(command.column)
    with transaction(command.target, scope) as session:
        found = session.run(_COLUMN, (command.target.database, command.table, command.column))
        if not found:
            raise CommandError(f"rewrite names {where}, which {command.target} does not have")
        if found[0][0]:
            raise CommandError(f"rewrite names {where}, which is generated from other columns")
        text, arguments = _replaced(column, command.replacements)
        wanted = " OR ".join(f"LOCATE(%s, {column}) > 0" for _ in command.replacements)
        arguments += [old for old, _ in command.replacements]
        try:
            session.run(f"UPDATE {table} SET {column} = {text} WHERE {wanted}", arguments)
        except pymysql.Error as error:
            raise CommandError(
                f"cannot rewrite {where}: {told(error, command.target)}; nothing was promoted"
            ) from None


def _replaced(column: str, replacements: Sequence[tuple[str, str]]) -> tuple[str, list[str]]:
    """Replace in one pass: each text by a mark no text can hold by chance, each mark by its text.

    The longest come first: a domain must not be taken for a part of another.
    """
    ordered = sorted(replacements, key=lambda pair: -len(pair[0]))
    pairs = [(old, f"\x01{number}\x02") for number, (old, _) in enumerate(ordered)]
    pairs += [(f"\x01{number}\x02", new) for number, (_, new) in enumerate(ordered)]
    text = column.replace("%", "%%")
    for _ in pairs:
        text = f"REPLACE({text}, %s, %s)"
    return text, [part for pair in pairs for part in pair]


@contextmanager
def transaction(
    target: Target, scope: Scope, begin: str = "START TRANSACTION"
) -> Iterator[Session]:
    """Open a transaction in the quarantine, which is committed at the end of the block."""
    with connect(target, scope) as session:
        session.run("SET SESSION autocommit = 0, wait_timeout = 2147483")
        session.run(begin)
        yield session
        session.run("COMMIT")


@contextmanager
def _telling(script: Script, statement: Statement) -> Iterator[None]:
    """Name the script and the line in the server's error."""
    try:
        yield
    except pymysql.MySQLError as error:
        raise CommandError(
            f"{script.name}:{statement.line} failed: {said(error)}; nothing was promoted"  # type: ignore[arg-type]
        ) from None


def _read(script: Script) -> bytes:
    try:
        return Path(script.path).read_bytes()
    except OSError as error:
        raise RefusedError(f"cannot read the script {script.name}: {error}") from error
