"""Checks in SQL, read: what they look at, and which cannot tell good from bad."""

from collections.abc import Iterator

from sqlglot import exp

from envsync.sanitising.catalogue import Catalogue
from envsync.sanitising.conditions import is_always, is_never
from envsync.sanitising.names import Names, defined_in, meaning, sources
from envsync.sanitising.reading import Flaw, Look, Reading, Unread
from envsync.sanitising.statements import Statement, cut
from envsync.sanitising.tables import elsewhere
from envsync.sanitising.transactions import forbidden

_SAY_MORE = "say FROM what, and WHERE"
_NO_QUERY = (
    "holds no query, and so checks nothing; write SELECTs that return what must not be there"
)
_SETTINGS = (("SET",), ("RESET",), ("SHOW",), ("LOCK",))
_ROW_ALWAYS = (
    "returns a row whatever the copy holds, so that it always fails; {}: a check returns what must "
    "not be there, and nothing where all is well"
)


def read_checks(text: str, dialect: str, catalogue: Catalogue | None) -> Reading:
    """Read the checks of a file; never raises, whatever it holds."""
    whole = cut(text, dialect)
    names = Names(catalogue, dialect)
    looks: list[Look] = []
    flaws = list(whole.flaws)
    unread = list(whole.unread)
    queries = 0
    for statement in whole.statements:
        tree = statement.tree
        flaw = forbidden(statement, dialect)
        if flaw:
            flaws.append(Flaw(statement.line, flaw))
        elif isinstance(tree, exp.Query | exp.Values):
            queries += 1
            found = meaning(tree, names, statement.line)
            looks += [*found.looks, *_emptied(tree, names)]
            flaws += [*elsewhere(tree, dialect, statement.line), *found.flaws]
            flaws += _pointless(tree, statement)
        elif tree is None:
            unread.append(Unread(statement.line, statement.text))
        elif not statement.begins(*_SETTINGS):
            flaws.append(Flaw(statement.line, _no_query(statement)))
    if not queries and not unread and not flaws:
        flaws.append(Flaw(1, _NO_QUERY))
    return Reading((), tuple(looks), tuple(flaws), tuple(unread), queries)


def _no_query(statement: Statement) -> str:
    return (
        f"is no SELECT but {statement.words[0]}; checks are run read only, and refused what writes"
    )


def _emptied(query: exp.Expr, names: Names) -> Iterator[Look]:
    """Yield the table of which no row may be left: nothing in it is left to be looked at."""
    if not isinstance(query, exp.Select) or query.args.get("group") or query.args.get("having"):
        return
    around = sources(query, names, defined_in(query))
    table = names.entry(around[0].table or "") if len(around) == 1 else None
    if table is not None and is_always(query.args.get("where")):
        yield Look(table, None)


def _pointless(query: exp.Expr, statement: Statement) -> Iterator[Flaw]:
    if isinstance(query, exp.Values):
        yield Flaw(statement.line, _ROW_ALWAYS.format(_SAY_MORE))
    for select in _branches(query):
        if is_never(select.args.get("where")):
            yield Flaw(statement.line, "finds nothing, ever: no row meets its WHERE")
        elif _is_bare(select):
            yield Flaw(statement.line, _ROW_ALWAYS.format(_SAY_MORE))
        elif _is_aggregate(select):
            yield Flaw(statement.line, _ROW_ALWAYS.format("count(*) needs a HAVING count(*) > 0"))


def _branches(query: exp.Expr) -> Iterator[exp.Select]:
    """Yield the SELECTs of which each row is a row of the whole."""
    match query:
        case exp.Select():
            yield query
        case exp.Union():
            yield from _branches(query.left)
            yield from _branches(query.right)
        case exp.Subquery():
            yield from _branches(query.this)


def _is_bare(select: exp.Select) -> bool:
    return not select.args.get("from_") and not select.args.get("where")


def _is_aggregate(select: exp.Select) -> bool:
    """Tell whether it sums all rows up into one, which there is even if there is no row."""
    if select.args.get("group") or select.args.get("having") or select.args.get("offset"):
        return False
    return any(_sums_up(projection) for projection in select.expressions)


def _sums_up(expression: exp.Expr) -> bool:
    """Tell whether an aggregate stands in an expression, and not in a query or a window in it."""
    if isinstance(expression, exp.AggFunc):
        return True
    if isinstance(expression, exp.Query | exp.Window):
        return False
    return any(_sums_up(part) for part in expression.iter_expressions())
