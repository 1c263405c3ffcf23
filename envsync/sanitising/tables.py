"""A sanitisation script of SQL, read: what it does to which columns, and what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from envsync.sanitising.catalogue import Catalogue
from envsync.sanitising.conditions import is_always, is_never
from envsync.sanitising.names import SYSTEM, Names, Source, defined_in, meaning, sources
from envsync.sanitising.reading import Act, Change, Flaw, Reading, Unread
from envsync.sanitising.statements import Statement, cut
from envsync.sanitising.transactions import forbidden

# What changes no value that is stored.
_HARMLESS = (
    *((word,) for word in ("ANALYZE", "ANALYSE", "COMMENT", "EXPLAIN", "GRANT", "LOCK", "NOTIFY")),
    *((word,) for word in ("REFRESH", "RELEASE", "RESET", "REVOKE", "SAVEPOINT", "SET", "SHOW")),
    *((word,) for word in ("UNLOCK", "DISCARD", "OPTIMIZE", "FLUSH")),
)
_OF_SEQUENCES = {"setval", "nextval", "currval", "lastval", "set_config", "get_lock"}
_TOGGLES = {"DISABLE", "ENABLE", "OWNER", "VALIDATE"}
_ELSEWHERE = (
    "names {name!r}, which is in another {kind} than the copy; a script is run where the copy is "
    "and may reach no other: take the {kind} out of the name"
)


@dataclass(slots=True)
class _Draft:
    """What has been read so far, for the length of one file."""

    names: Names
    changes: list[Change] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)


def read_script(text: str, dialect: str, catalogue: Catalogue | None) -> Reading:
    """Read a script; never raises, whatever it holds."""
    whole = cut(text, dialect)
    draft = _Draft(Names(catalogue, dialect), flaws=[*whole.flaws], unread=[*whole.unread])
    for statement in whole.statements:
        _read(statement, draft)
    draft.flaws += [
        Flaw(line, f"makes the table {name!r}, which stays in the copy; make it TEMPORARY")
        for name, line in draft.left.items()
        if catalogue and draft.names.entry(name) is None
    ]
    return Reading(tuple(draft.changes), (), tuple(draft.flaws), tuple(draft.unread))


def _read(statement: Statement, draft: _Draft) -> None:
    flaw = forbidden(statement, draft.names.dialect)
    if flaw:
        draft.flaws.append(Flaw(statement.line, flaw))
        return
    if statement.begins(*_HARMLESS) or _is_toggle(statement):
        return
    tree = statement.tree
    if tree is None or _hides(statement):
        draft.unread.append(Unread(statement.line, statement.text, hides=_hides(statement)))
    if tree is None:
        return
    _remember(tree, statement.line, draft)
    draft.flaws += elsewhere(tree, draft.names.dialect, statement.line)
    draft.flaws += meaning(tree, draft.names, statement.line).flaws
    for part in tree.walk():
        draft.changes += _changes(part, statement, draft)


def _is_toggle(statement: Statement) -> bool:
    """Tell whether it is ALTER TABLE with what a parser knows nothing of, nor the rows."""
    return statement.tree is None and (
        statement.begins(("ALTER",)) and not _TOGGLES.isdisjoint(statement.words[3:8])
    )


def _hides(statement: Statement) -> bool:
    """Tell whether it calls something whose text is elsewhere, or put together as it runs."""
    if statement.begins(("CALL",), ("EXECUTE",), ("PREPARE",), ("PERFORM",)):
        return True
    if statement.begins(("DO",)):
        return "EXECUTE" in statement.text.upper().split()
    if not isinstance(statement.tree, exp.Query):
        return False
    called = (call.name.lower() for call in statement.tree.find_all(exp.Anonymous))
    return any(not name.startswith("pg_") and name not in _OF_SEQUENCES for name in called)


def elsewhere(tree: exp.Expr, dialect: str, line: int) -> Iterator[Flaw]:
    """Yield the tables of a statement that lie in another database, or in MySQL's word schema."""
    for table in tree.find_all(exp.Table):
        if dialect == "postgres" and table.catalog:
            yield Flaw(line, _ELSEWHERE.format(name=table.sql(dialect=dialect), kind="database"))
        if dialect == "mysql" and table.db and table.db.lower() not in SYSTEM:
            yield Flaw(line, _ELSEWHERE.format(name=f"{table.db}.{table.name}", kind="schema"))


def _changes(part: exp.Expr, statement: Statement, draft: _Draft) -> Iterator[Change]:
    match part:
        case exp.Update() if not isinstance(part.parent, exp.When):
            yield from _update(part, statement, draft)
        case exp.Delete():
            yield from _delete(part, statement, draft)
        case exp.Merge():
            yield from _merge(part, statement, draft)
        case exp.Insert() if part.args.get("conflict"):
            yield from _upsert(part, statement, draft)
        case exp.TruncateTable():
            for table in part.expressions:
                yield from _rows(table, statement.line, draft, partly=False)
        case exp.Drop() if part.args.get("kind") == "TABLE":
            for table in part.args.get("tables") or [part.this]:
                yield from _rows(table, statement.line, draft, partly=False)
        case exp.Alter() if part.args.get("kind") == "TABLE":
            yield from _alter(part, statement, draft)


def _update(update: exp.Update, statement: Statement, draft: _Draft) -> Iterator[Change]:
    where = update.args.get("where")
    if is_never(where):
        draft.flaws.append(Flaw(statement.line, "changes nothing: no row meets its WHERE"))
        return
    around = sources(update, draft.names, defined_in(update.root()))
    partly = len(around) > 1 or bool(update.args.get("limit")) or not is_always(where)
    yield from _assigned(update.expressions, around, statement, draft, partly=partly)


def _assigned(
    assignments: Sequence[exp.Expr],
    around: Sequence[Source],
    statement: Statement,
    draft: _Draft,
    *,
    partly: bool,
) -> Iterator[Change]:
    for column, value in _pairs(assignments):
        table = _target(column, around, draft.names)
        if table is None:
            continue
        name = draft.names.column(column.this)
        line = column.this.meta.get("line", statement.line)
        if _is_itself(column, value, around):
            flaw = f"sets {table}.{name} to itself, which changes nothing"
            draft.flaws.append(Flaw(line, flaw))
        else:
            yield Change(line, table, name, Act.SET, partly)


def _pairs(assignments: Sequence[exp.Expr]) -> Iterator[tuple[exp.Column, exp.Expr | None]]:
    """Yield each column that is set, with its value where that is one of its own."""
    for each in assignments:
        left, right = each.this, each.args.get("expression")
        if isinstance(left, exp.Tuple | exp.Paren):
            columns = left.expressions or [left.this]
            values = right.expressions if isinstance(right, exp.Tuple) else []
            for number, column in enumerate(columns):
                if isinstance(column, exp.Column):
                    yield column, values[number] if len(values) == len(columns) else None
            continue
        column = left.find(exp.Column) if isinstance(left, exp.Expr) else None
        if column is not None:
            yield column, right if left is column else None


def _target(column: exp.Column, around: Sequence[Source], names: Names) -> str | None:
    """Return the table whose column is set: the first of a statement, unless it says another."""
    if column.table:
        meant = [each for each in around if each.alias.lower() == column.table.lower()]
        return meant[0].table if meant else None
    name = names.column(column.this)
    for source in around if names.dialect == "mysql" else ():
        entry = names.entry(source.table) if source.table else None
        if entry and names.catalogue and names.catalogue.column(entry, name):
            return source.table
    return around[0].table if around else None


def _is_itself(column: exp.Column, value: exp.Expr | None, around: Sequence[Source]) -> bool:
    if not isinstance(value, exp.Column) or value.name != column.name:
        return False
    if not value.table:
        return len(around) == 1
    return bool(around) and value.table.lower() == (column.table or around[0].alias).lower()


def _delete(delete: exp.Delete, statement: Statement, draft: _Draft) -> Iterator[Change]:
    where = delete.args.get("where")
    if is_never(where):
        draft.flaws.append(Flaw(statement.line, "deletes nothing: no row meets its WHERE"))
        return
    around = sources(delete, draft.names, defined_in(delete.root()))
    named = delete.args.get("tables") or [delete.this]
    aliases = {table.alias_or_name.lower() for table in named}
    meant = [each for each in around if each.alias.lower() in aliases]
    others = len({each.alias.lower() for each in around}) > 1
    partly = others or bool(delete.args.get("limit")) or not is_always(where)
    for table in dict.fromkeys(each.table for each in meant):
        if table is not None:
            yield Change(statement.line, table, None, Act.DELETED, partly)


def _merge(merge: exp.Merge, statement: Statement, draft: _Draft) -> Iterator[Change]:
    around = sources(merge, draft.names, defined_in(merge.root()))
    for when in merge.find_all(exp.When):
        then = when.args.get("then")
        if isinstance(then, exp.Update):
            yield from _assigned(then.expressions, around, statement, draft, partly=True)
        elif isinstance(then, exp.Var) and then.name.upper() == "DELETE":
            yield from _rows(merge.this, statement.line, draft, partly=True)


def _upsert(insert: exp.Insert, statement: Statement, draft: _Draft) -> Iterator[Change]:
    table = insert.find(exp.Table)
    if table is None:
        return
    around = [Source(table.alias_or_name, draft.names.table(table))]
    conflict = insert.args["conflict"]
    yield from _assigned(conflict.expressions, around, statement, draft, partly=True)


def _rows(table: exp.Expr, line: int, draft: _Draft, *, partly: bool) -> Iterator[Change]:
    name = draft.names.table(table) if isinstance(table, exp.Table) else None
    if name is not None and name not in draft.names.made:
        yield Change(line, name, None, Act.DELETED, partly)


def _alter(alter: exp.Alter, statement: Statement, draft: _Draft) -> Iterator[Change]:
    table = draft.names.table(alter.this)
    if table is None or table in draft.names.made:
        return
    for action in alter.args.get("actions") or ():
        match action:
            case exp.Drop() if action.args.get("kind") == "COLUMN":
                for column in action.args.get("tables") or [action.this]:
                    name = draft.names.column(column.find(exp.Identifier))
                    yield Change(statement.line, table, name, Act.DROPPED)
            case exp.AlterColumn() if action.args.get("using"):
                name = draft.names.column(action.this.find(exp.Identifier))
                yield Change(statement.line, table, name, Act.SET)


def _remember(tree: exp.Expr, line: int, draft: _Draft) -> None:
    """Keep what a statement makes: later ones may name it."""
    match tree:
        case exp.Create():
            made = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
            kind = tree.args.get("kind")
            if isinstance(made, exp.Table) and kind in {"TABLE", "VIEW"}:
                _make(made, line, draft, stays=kind == "TABLE" and not tree.find(_TEMPORARY))
        case exp.Select() if tree.args.get("into"):
            into = tree.args["into"]
            _make(into.this, line, draft, stays=not into.args.get("temporary"))
        case exp.Drop() if tree.args.get("kind") == "TABLE":
            for table in tree.args.get("tables") or [tree.this]:
                draft.left.pop(draft.names.table(table) or "", None)
        case exp.Alter() if isinstance(tree.this, exp.Table):
            _remember_columns(tree, draft.names)


_TEMPORARY = exp.TemporaryProperty


def _make(table: exp.Table, line: int, draft: _Draft, *, stays: bool) -> None:
    name = draft.names.table(table)
    if name is not None:
        draft.names.made.add(name)
        if stays:
            draft.left[name] = line


def _remember_columns(alter: exp.Alter, names: Names) -> None:
    table = names.entry(names.table(alter.this) or "")
    for action in alter.args.get("actions") or ():
        made = action.args.get("to") if isinstance(action, exp.RenameColumn) else action.this
        identifier = made.find(exp.Identifier) if isinstance(made, exp.Expr) else None
        if table and identifier and isinstance(action, exp.RenameColumn | exp.ColumnDef):
            names.added.add((table, names.column(identifier)))
        if isinstance(action, exp.AlterRename):
            names.made.add(names.table(action.this) or "")
