"""Conditions that are decided before any row is read: always true, never true."""

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.simplify import simplify

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)


def is_never(where: exp.Expr | None) -> bool:
    """Tell whether no row can meet a condition, as none meets 1 = 0, or a comparison with NULL."""
    if where is None:
        return False
    return any(_is(part, truth=False) or _is_unknown(part) for part in _parts(where))


def is_always(where: exp.Expr | None) -> bool:
    """Tell whether every row meets a condition; also where there is none."""
    return where is None or all(_is(part, truth=True) for part in _parts(where))


def _parts(where: exp.Expr) -> Iterator[exp.Expr]:
    """Yield what must all be true, for the whole to be."""
    condition = simplify(where.this.copy() if isinstance(where, exp.Where) else where.copy())
    yield from condition.flatten() if isinstance(condition, exp.And) else (condition,)


def _is(condition: exp.Expr, *, truth: bool) -> bool:
    return isinstance(condition, exp.Boolean) and bool(condition.this) is truth


def _is_unknown(condition: exp.Expr) -> bool:
    if isinstance(condition, exp.Null):
        return True
    if not isinstance(condition, _COMPARISONS):
        return False
    return isinstance(condition.this, exp.Null) or isinstance(condition.expression, exp.Null)
