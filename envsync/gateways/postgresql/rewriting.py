"""Texts replaced in a column of the quarantine, such as the domains of an environment."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from envsync.commands.postgresql import Rewrite
from envsync.errors import CommandError
from envsync.gateways.postgresql.scripts import transaction
from envsync.gateways.postgresql.session import told
from envsync.gateways.scope import Scope

_TYPE = """
SELECT format_type(a.atttypid, a.atttypmod), a.attgenerated <> ''
  FROM pg_attribute a
 WHERE a.attrelid = to_regclass(%s) AND a.attname = %s AND NOT a.attisdropped AND a.attnum > 0
"""


def rewrite(command: Rewrite, scope: Scope) -> None:
    """Replace texts in a column; raises CommandError where the copy has no such column.

    The value is replaced as text and read back as what it is, so that JSON and arrays do as well.
    """
    where = ".".join((*command.table, command.column))
    table = sql.Identifier(*command.table)
    with transaction(command.target, command.role, scope) as session:
        found = session.execute(_TYPE, (table.as_string(session), command.column)).fetchone()
        if found is None:
            raise CommandError(f"rewrite names {where}, which {command.target} does not have")
        kind, generated = found
        if generated:
            raise CommandError(f"rewrite names {where}, which is generated from other columns")
        column = sql.Identifier(command.column)
        text = sql.SQL("{}::text").format(column)
        try:
            session.execute(
                sql.SQL("UPDATE {} SET {} = ({})::{} WHERE {}").format(
                    table,
                    column,
                    _replaced(text, command.replacements),
                    sql.SQL(kind),
                    sql.SQL(" OR ").join(
                        sql.SQL("position({} in {}) > 0").format(sql.Literal(old), text)
                        for old, _ in command.replacements
                    ),
                )
            )
        except psycopg.Error as error:
            raise CommandError(
                f"cannot rewrite {where}: {told(error, command.target)}; nothing was promoted"
            ) from error


def _replaced(text: sql.Composable, replacements: Sequence[tuple[str, str]]) -> sql.Composable:
    """Replace in one pass: each text by a mark no text can hold by chance, each mark by its text.

    The longest come first: a domain must not be taken for a part of another.
    """
    ordered = sorted(replacements, key=lambda pair: -len(pair[0]))
    marked = [(old, f"\x01{number}\x02", new) for number, (old, new) in enumerate(ordered)]
    for old, mark, _ in marked:
        text = _replace(text, old, mark)
    for _, mark, new in marked:
        text = _replace(text, mark, new)
    return text


def _replace(text: sql.Composable, old: str, new: str) -> sql.Composable:
    return sql.SQL("replace({}, {}, {})").format(text, sql.Literal(old), sql.Literal(new))
