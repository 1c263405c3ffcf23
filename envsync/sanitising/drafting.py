"""Drafts a file that classifies columns: what to keep, and what looks personal. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from envsync.columns import Samples, yaml_text
from envsync.sanitising.content import by_content
from envsync.sanitising.naming import by_name, is_text

_LONGEST_KEY = 1000
"""YAML takes a longer one for a key only where that is said."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one column; `why` is empty where nothing speaks against keeping it."""

    column: str
    types: tuple[str, ...]
    why: str = ""

    def line(self) -> str:
        """Return the column as the file has it."""
        kinds = [yaml_text(kind) for kind in self.types]
        shown = kinds[0] if len(kinds) == 1 else f"[{', '.join(kinds)}]"
        name = yaml_text(self.column)
        key = f"  {name}:" if len(name) < _LONGEST_KEY else f"  ? {name}\n  :"
        comment = f"  # {self.why}" if self.why else ""
        return f"{key} {{{'sanitised' if self.why else 'keep'}: {shown}}}{comment}"


@dataclass(frozen=True, slots=True)
class DraftedTable:
    """What is proposed for the columns of one table."""

    table: str
    proposals: tuple[Proposal, ...]

    def lines(self) -> Iterator[str]:
        """Yield the table as the file has it."""
        name = yaml_text(self.table)
        yield f"{name}:" if self.proposals else f"{name}: {{}}"
        yield from (each.line() for each in self.proposals)

    @property
    def suspicious(self) -> int:
        """How many of its columns look personal."""
        return sum(1 for each in self.proposals if each.why)


def drafted(table: str, columns: Mapping[str, tuple[str, ...]], samples: Samples) -> DraftedTable:
    """Propose what becomes of each column of a table, by its name and by what was seen in it."""
    return DraftedTable(
        table,
        tuple(
            Proposal(column, types, _why(table, column, types, samples.get(column, [])))
            for column, types in columns.items()
        ),
    )


def draft_text(title: str, script: str, tables: list[DraftedTable]) -> str:
    """Return a file that holds proposals for a person to decide on."""
    head = (
        f"# Drafted from {title}: proposals, until somebody has read them.",
        f"# keep: anybody may read it. sanitised: {script} changes it, or deletes its rows.",
        "# A column that is not here fails the pull.",
    )
    body = "\n\n".join("\n".join(each.lines()) for each in tables)
    return "\n".join(head) + "\n\n" + (f"{body}\n" if body else "{}\n")


def _why(table: str, column: str, types: tuple[str, ...], values: list[str]) -> str:
    named = by_name(table, column, types)
    seen = by_content(values) if _may_tell(column, types) else None
    name = f"name looks like {named}" if named and named != "free text" else ""
    free = "free text may hold anything" if named == "free text" else ""
    return "; ".join(filter(None, (name, free, seen)))


def _may_tell(column: str, types: tuple[str, ...]) -> bool:
    """Tell whether a column's values say more than its type; sums of files look like tokens."""
    sums = ("md5", "sha1", "sha256", "checksum", "etag", "fingerprint")
    readable = is_text(types) or any(kind.startswith(("date", "bigint", "long")) for kind in types)
    return readable and not any(word in column.lower() for word in sums)
