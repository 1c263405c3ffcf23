"""Which table and column each name of a statement means, where that can be told for certain.

Nothing is said of a name that could be a column of something whose columns are not known: a
temporary table, a subquery, a function. So what is said to be unknown is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from envsync.columns import written
from envsync.sanitising.catalogue import Catalogue
from envsync.sanitising.reading import Flaw, Look

_SCOPES = (exp.Select, exp.Update, exp.Delete, exp.Merge)
_FROM = ("from_", "joins", "laterals", "using", "tables")
_CHANGING = (exp.Update, exp.Delete, exp.Merge, exp.TruncateTable, exp.Alter, exp.Drop, exp.Schema)
_HOME = "public"
"""PostgreSQL's schema whose tables are named without it."""
SYSTEM = {"pg_catalog", "information_schema", "performance_schema", "mysql", "sys", "pg_temp"}
# Columns every table has, values that are written as columns are, and MySQL's table of nothing.
_EVERYWHERE = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid", "default", "dual"}


@dataclass(slots=True)
class Names:
    """What names mean in one file: those of the catalogue, and those that the file makes itself."""

    catalogue: Catalogue | None
    dialect: str
    made: set[str] = field(default_factory=set)
    added: set[tuple[str, str]] = field(default_factory=set)

    def table(self, table: exp.Table) -> str | None:
        """Return a table's name as classifications write it; None for what is no stored table."""
        if not isinstance(table.this, exp.Identifier):
            return None
        name, schema = self._text(table.this), table.db and self._text(table.args["db"])
        if schema in SYSTEM or name.startswith("pg_") or name in _EVERYWHERE:
            return None
        if table.catalog or (schema and self.dialect == "mysql"):
            return None
        return written(name) if schema in {"", _HOME} else written(schema, name)

    def column(self, identifier: exp.Identifier) -> str:
        """Return a column's name as classifications write it."""
        return written(self._text(identifier))

    def entry(self, table: str) -> str | None:
        """Return what a classification says of a table."""
        return self.catalogue.table(table) if self.catalogue else None

    def _text(self, identifier: exp.Identifier) -> str:
        folds = self.dialect == "postgres" and not identifier.args.get("quoted")
        return identifier.name.lower() if folds else identifier.name


@dataclass(slots=True)
class Source:
    """What columns come from: a table, or something whose columns are not known."""

    alias: str
    table: str | None


def sources(query: exp.Expr, names: Names, defined: set[str]) -> list[Source]:
    """Return what a query takes its columns from, its own target among it."""
    keys = ("this", *_FROM) if not isinstance(query, exp.Select) else _FROM
    found: list[Source] = []
    for part in _parts(query, keys):
        found.extend(_sources(part, names, defined))
    return found


def _parts(query: exp.Expr, keys: Sequence[str]) -> Iterator[exp.Expr]:
    for key in keys:
        value = query.args.get(key)
        yield from (
            each
            for each in (value if isinstance(value, list) else [value])
            if isinstance(each, exp.Expr)
        )


def _sources(part: exp.Expr, names: Names, defined: set[str]) -> Iterator[Source]:
    match part:
        case exp.From() | exp.Join():
            yield from _sources(part.this, names, defined)
        case exp.Table():
            table = names.table(part)
            if table in defined or table in names.made:
                table = None
            yield Source(part.alias_or_name, table)
            for join in part.args.get("joins") or ():
                yield from _sources(join, names, defined)
        case _:
            yield Source(part.alias_or_name, None)


def defined_in(tree: exp.Expr) -> set[str]:
    """Return the names that a statement gives to its own queries."""
    return {cte.alias for cte in tree.find_all(exp.CTE)}


@dataclass(slots=True)
class Meaning:
    """What a statement's names were found to mean."""

    looks: list[Look] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)


def meaning(tree: exp.Expr, names: Names, line: int) -> Meaning:
    """Return which columns a statement looks at, and which of its names lead nowhere."""
    found = Meaning()
    if names.catalogue is None:
        return found
    defined = defined_in(tree)
    scopes = {
        id(query): sources(query, names, defined)
        for query in tree.walk()
        if isinstance(query, _SCOPES)
    }
    for table in tree.find_all(exp.Table):
        _judge_table(table, names, defined, line, found)
    for column in tree.find_all(exp.Column):
        _judge_column(column, names, scopes, line, found)
    for insert in tree.find_all(exp.Insert):
        _judge_listed(insert, names, line, found)
    return found


def _judge_listed(insert: exp.Insert, names: Names, line: int, found: Meaning) -> None:
    """Tell of the columns that an INSERT lists and that its table does not have."""
    listed = insert.this
    if not isinstance(listed, exp.Schema) or not isinstance(listed.this, exp.Table):
        return
    entry = names.entry(names.table(listed.this) or "")
    for identifier in listed.expressions if entry and names.catalogue else ():
        if isinstance(identifier, exp.Identifier) and names.catalogue and entry:
            name = names.column(identifier)
            if not _has(names, entry, name):
                where = _line(identifier, line)
                flaw = names.catalogue.no_column("column", entry, name, where, changed=True)
                found.flaws.append(flaw)


def _judge_table(
    table: exp.Table, names: Names, defined: set[str], line: int, found: Meaning
) -> None:
    name = names.table(table)
    if name is None or name in defined or name in names.made or names.entry(name) is not None:
        return
    if not _must_exist(table) or not names.catalogue:
        return
    changed = isinstance(table.parent, _CHANGING) and table.arg_key in {"this", "expressions"}
    where = _line(table.this, line)
    found.flaws.append(names.catalogue.no_table("table", name, where, changed=changed))


def _must_exist(table: exp.Table) -> bool:
    """Tell whether a name is of a table that is to be there: not a function's, not an alias."""
    around = table.parent
    if isinstance(around, exp.Delete) and table.arg_key == "tables":
        return False
    return not (
        isinstance(around, exp.UserDefinedFunction)
        or (isinstance(around, exp.Drop) and around.args.get("exists"))
    )


def _judge_column(
    column: exp.Column,
    names: Names,
    scopes: Mapping[int, list[Source]],
    line: int,
    found: Meaning,
) -> None:
    if not isinstance(column.this, exp.Identifier) or column.name.lower() in _EVERYWHERE:
        return
    around = list(_around(column, scopes))
    name = names.column(column.this)
    if column.table:
        candidates = next(
            (
                [source]
                for _, scope in around
                for source in scope
                if source.alias.lower() == column.table.lower()
            ),
            [],
        )
    else:
        candidates = _unqualified(column, around, names, name)
    entries = [names.entry(source.table) if source.table else None for source in candidates]
    known = [entry for entry in entries if entry is not None]
    if names.catalogue is None or not known or len(known) < len(entries):
        return
    for table in known:
        if _has(names, table, name):
            found.looks.append(Look(table, name))
            return
    where, changed = _line(column.this, line), _is_changed(column)
    found.flaws.append(_no_column(names.catalogue, known, name, where, changed=changed))


def _unqualified(
    column: exp.Column,
    around: Sequence[tuple[exp.Expr, list[Source]]],
    names: Names,
    name: str,
) -> list[Source]:
    """Return the sources a bare name can come from: those of the innermost query that has it."""
    every: list[Source] = []
    for query, scope in around:
        if any(source.alias.lower() == column.name.lower() for source in scope):
            return []
        if isinstance(query, exp.Select) and column.name in query.named_selects:
            projection = column.find_ancestor(exp.Order, exp.Group, exp.Having)
            if projection is not None:
                return []
        having = [s for s in scope if s.table and _has(names, names.entry(s.table), name)]
        if having:
            return having[:1]
        every.extend(scope)
    return every


def _around(
    node: exp.Expr, scopes: Mapping[int, list[Source]]
) -> Iterator[tuple[exp.Expr, list[Source]]]:
    """Yield the queries around a name with their sources, the innermost first."""
    parent = node.parent
    while parent is not None:
        if id(parent) in scopes:
            yield parent, scopes[id(parent)]
        parent = parent.parent


def _has(names: Names, table: str | None, name: str) -> bool:
    if table is None or names.catalogue is None:
        return False
    return (table, name) in names.added or names.catalogue.column(table, name) is not None


def _is_changed(column: exp.Column) -> bool:
    """Tell whether a column is set, and not only read."""
    part: exp.Expr = column
    while isinstance(part.parent, exp.Tuple | exp.Paren | exp.Bracket):
        part = part.parent
    setting = part.parent
    return (
        isinstance(setting, exp.EQ)
        and part.arg_key == "this"
        and isinstance(setting.parent, exp.Update | exp.OnConflict)
        and setting.arg_key == "expressions"
    )


def _no_column(
    catalogue: Catalogue, tables: Sequence[str], name: str, line: int, *, changed: bool
) -> Flaw:
    if len(tables) == 1:
        return catalogue.no_column("column", tables[0], name, line, changed=changed)
    return Flaw(
        line,
        f"names the column {name!r}, which the classification does not know in any of "
        f"{', '.join(map(repr, tables))}",
        is_note=not changed,
    )


def _line(identifier: exp.Expr, otherwise: int) -> int:
    line = identifier.meta.get("line")
    return line if isinstance(line, int) else otherwise
