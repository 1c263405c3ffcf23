"""What a trial found, as tables for people: each column that changed or that was to. Pure."""

from collections.abc import Iterator, Sequence

from envsync.changes import ColumnChanges, Sample, TableChanges
from envsync.columns import Classification, Decision
from envsync.coverage import decided_on, shown_name
from envsync.reporting.format import count_text
from envsync.reporting.grid import grid

_HEADINGS = ("column", "decided", "touched", "of", "empty", "before → after")
_UNKNOWN = "?"
"""What stands for a value of a row that cannot be told from others."""
_MARK = " *"
_LEGEND = (
    "before: xxx are letters, 999 digits; *** is what is too short to tell even that",
    "* what it is now, but for case and punctuation, stood in the column before: masked as well",
)


def changes_text(tables: Sequence[TableChanges], decided: Classification | None) -> str:
    """Return a table for each table that changed or was to, and what deserves a look."""
    shown = [table for table in tables if _deserves(table, decided)]
    blocks = [_block(table, decided) for table in shown]
    quiet = [shown_name(table.name) for table in tables if table not in shown]
    if quiet:
        blocks.append(f"unchanged: {', '.join(quiet)}")
    marked = any(s.was_there for table in shown for c in table.columns for s in c.samples)
    if any(column.samples for table in shown for column in table.columns):
        blocks.append("\n".join(_LEGEND if marked else _LEGEND[:1]))
    pointed = [line for table in tables for line in _pointed_out(table, decided)]
    if pointed:
        blocks.append("\n".join(("look at:", *(f"- {line}" for line in pointed))))
    return "\n\n".join(blocks) or "no table was there to be changed"


def _deserves(table: TableChanges, decided: Classification | None) -> bool:
    changed = table.deleted or table.added or table.dropped or table.made
    return bool(changed) or any(_is_listed(table, each, decided) for each in table.columns)


def _is_listed(table: TableChanges, column: ColumnChanges, decided: Classification | None) -> bool:
    wanted = _decision(table, column, decided) is Decision.SANITISED
    return wanted or bool(column.touched) or column.gone or column.new


def _decision(
    table: TableChanges, column: ColumnChanges, decided: Classification | None
) -> Decision | None:
    found = decided_on(decided, table.name, column.name) if decided else None
    return found.decision if found else None


def _block(table: TableChanges, decided: Classification | None) -> str:
    listed = [each for each in table.columns if _is_listed(table, each, decided)]
    rows = [row for each in listed for row in _rows(table, each, decided)]
    kept = len(table.columns) - len(listed)
    lines = [_title(table)]
    if rows:
        lines.append(grid(rows, _HEADINGS))
    if kept and not table.dropped:
        lines.append(
            f"as they were: {count_text(kept)} more {'column' if kept == 1 else 'columns'}"
        )
    return "\n".join(lines)


def _title(table: TableChanges) -> str:
    name = shown_name(table.name)
    if table.dropped:
        return f"{name}: dropped, with its {_count(table.before)}"
    if table.made:
        return f"{name}: made by the script, {_count(table.after)}"
    parts = [_count(table.before)]
    parts += [f"{count_text(table.deleted)} deleted"] if table.deleted else []
    parts += [f"{count_text(table.added)} added"] if table.added else []
    told = f"{name}: {', '.join(parts)}"
    return told if table.keyed else f"{told} (no key: counted by value, at least so many)"


def _rows(
    table: TableChanges, column: ColumnChanges, decided: Classification | None
) -> Iterator[tuple[str, ...]]:
    """Yield a column's line, and one for each further sample."""
    state = " (gone)" if column.gone else " (new)" if column.new else ""
    samples = [_sample(each) for each in column.samples] or [""]
    yield (
        f"{shown_name(column.name)}{state}",
        str(_decision(table, column, decided) or "-"),
        count_text(column.touched),
        count_text(table.compared),
        count_text(column.empty),
        samples[0],
    )
    for sample in samples[1:]:
        yield ("", "", "", "", "", sample)


def _sample(sample: Sample) -> str:
    before = _UNKNOWN if sample.before is None else sample.before
    return f"{before} → {sample.after}{_MARK if sample.was_there else ''}"


def _pointed_out(table: TableChanges, decided: Classification | None) -> Iterator[str]:
    """Yield what is not as it was decided to be."""
    if table.dropped or table.made:
        return
    for column in table.columns:
        name = f"{shown_name(table.name)}.{shown_name(column.name)}"
        left = table.compared - column.touched - column.empty
        decision = _decision(table, column, decided)
        if decision is Decision.KEEP and column.touched:
            yield f"{name} is to be kept, and was changed in {_count(column.touched)}"
        elif decision is Decision.SANITISED and left > 0 and not column.touched:
            valued = _count(left)
            yield f"{name} is to be sanitised, and was changed in no row; {valued} have a value"
        elif decision is Decision.SANITISED and left > 0:
            yield f"{name} is to be sanitised, and was left as it was in {_count(left)}"


def _count(number: int) -> str:
    return f"{count_text(number)} {'row' if number == 1 else 'rows'}"
