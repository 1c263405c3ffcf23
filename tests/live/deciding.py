"""What is decided of a site's columns: all are kept, as long as a test is about something else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envsync.columns import SUFFIX, yaml_text

Column = tuple[str, str, str]
"""A table, a column and its type, by the names that the file knows them by."""
_ENDINGS = (".mongo.yaml", ".elasticsearch.yaml", ".sql")
_NO_SCRIPTS = (".checks.sql", SUFFIX)


@dataclass(slots=True)
class Decisions:
    """All columns that a site has had, and the files that decide on them, one for each script.

    A test that decides for itself writes the file and calls `stop`.
    """

    folder: Path
    tables: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    stopped: bool = False

    def stop(self, text: str, script: str = "clean") -> None:
        """Have a file say what a test wants, and never anything else again."""
        self.stopped = True
        self.folder.mkdir(exist_ok=True)
        (self.folder / f"{script}{SUFFIX}").write_text(text, encoding="utf-8")

    def keep(self, columns: Iterable[Column]) -> None:
        """Decide that columns are kept, besides those that already are."""
        for table, column, kind in columns:
            known = self.tables.setdefault(table, {})
            if column:
                known.setdefault(column, set()).add(kind)

    def write(self) -> None:
        """Write a file for each script that there is."""
        for path in () if self.stopped else sorted(self.folder.rglob("*")):
            ending = next((each for each in _ENDINGS if path.name.endswith(each)), None)
            if ending and not path.name.endswith(_NO_SCRIPTS):
                file = path.with_name(f"{path.name.removesuffix(ending)}{SUFFIX}")
                _replace(file, columns_text(self.tables))


def _replace(file: Path, text: str) -> None:
    """Write a file that a run may be reading: it finds the old one or the new one, never half."""
    written = file.with_name(f".{file.name}.written")
    written.write_text(text, encoding="utf-8")
    written.replace(file)


def columns_text(tables: Mapping[str, Mapping[str, Iterable[str]]]) -> str:
    """Return a file that keeps columns."""
    lines = []
    for table, columns in tables.items():
        lines.append(f"{yaml_text(table)}:" if columns else f"{yaml_text(table)}: {{}}")
        for column, kinds in columns.items():
            types = ", ".join(yaml_text(kind) for kind in sorted(kinds))
            lines.append(f"  {yaml_text(column)}: {{keep: [{types}]}}")
    return "\n".join(lines) + "\n" if lines else "{}\n"
