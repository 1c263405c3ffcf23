"""What of an archive is restored, as whom and when: decided by meaning, never by hiding errors."""

from collections.abc import Iterable
from dataclasses import dataclass

from envsync.gateways.postgresql.archive import Archive, Entry, Section

# The database is there already; its access rights and settings are the inventory's to say.
_NOT_OURS = {"DATABASE", "DATABASE PROPERTIES", "ACL", "DEFAULT ACL", "SECURITY LABEL"}
# A copy must not follow production, be followed, or hold passwords for other servers.
_NOT_IN_A_COPY = {
    "PUBLICATION",
    "PUBLICATION TABLE",
    "PUBLICATION TABLES IN SCHEMA",
    "SUBSCRIPTION",
    "SUBSCRIPTION TABLE",
    "USER MAPPING",
}
# envsync gathers statistics itself, once the rows have been sanitised.
_GATHERED_LATER = {"STATISTICS DATA"}
_LEFT_OUT = _NOT_OURS | _NOT_IN_A_COPY | _GATHERED_LATER

# Comments on what is left out, and on what only its owner, often a superuser, may comment on.
_COMMENTS_LEFT_OUT = (
    "DATABASE ",
    "EXTENSION ",
    "PUBLICATION ",
    "SUBSCRIPTION ",
    "LANGUAGE ",
    "PROCEDURAL LANGUAGE ",
)
_READ_BY_PG_RESTORE = {"ENCODING", "STDSTRINGS", "SEARCHPATH"}
_OWN_ROWS = {"TABLE", "SEQUENCE"}
_COPY_FROM_STDIN = "FROM stdin;\n"


@dataclass(frozen=True, slots=True)
class Selection:
    """The entries to restore, in the order of the steps.

    Extensions and event triggers need more rights than an owner has: the session's own user makes
    them, extensions before all but the schemas they live in. Row security comes last: where it is
    forced on owners too, it would keep foreign keys from being checked. What a copy must not have,
    or its user may not create, is missing.
    """

    schemas: tuple[Entry, ...]
    extensions: tuple[Entry, ...]
    before: tuple[Entry, ...]
    rows: tuple[Entry, ...]
    sequences: tuple[Entry, ...]
    other_rows: tuple[Entry, ...]
    after: tuple[Entry, ...]
    row_security: tuple[Entry, ...]
    event_triggers: tuple[Entry, ...]
    missing: tuple[Entry, ...]

    def fits_copy(self, archive: Archive) -> bool:
        """Tell whether all the rows are there as COPY text that any session understands.

        Large objects are not, nor rows dumped as INSERT statements, nor archives from before
        pg_dump 10.3, whose statements depend on the search path.
        """
        settings = {entry.description: entry.definition for entry in archive.entries}
        return (
            bool(self.rows)
            and not self.other_rows
            and "SEARCHPATH" in settings
            and "'on'" in settings.get("STDSTRINGS", "")
            and all(entry.copy_statement.endswith(_COPY_FROM_STDIN) for entry in self.rows)
        )


def select(archive: Archive, *, superuser: bool, without_rows: tuple[str, ...]) -> Selection:
    """Choose what is restored; `superuser` tells whether the session's user is one."""
    wanted = [entry for entry in archive.entries if not _is_left_out(entry, superuser=superuser)]
    before = [entry for entry in wanted if entry.section == Section.BEFORE]
    rows = [entry for entry in wanted if entry.section == Section.ROWS]
    after = [entry for entry in wanted if entry.section == Section.AFTER]
    extensions = _described(before, "EXTENSION")
    homes = {needed for extension in extensions for needed in extension.dependencies}
    schemas = tuple(entry for entry in _described(before, "SCHEMA") if entry.dump_id in homes)
    tables = tuple(
        entry for entry in _described(rows, "TABLE DATA") if not _is_emptied(entry, without_rows)
    )
    sequences = _described(rows, "SEQUENCE SET")
    row_security = _described(after, "ROW SECURITY")
    event_triggers = tuple(entry for entry in after if _is_event_trigger(entry))
    return Selection(
        schemas=schemas,
        extensions=extensions,
        before=_without(before, (*schemas, *extensions)),
        rows=tables,
        sequences=sequences,
        other_rows=_without(rows, (*_described(rows, "TABLE DATA"), *sequences)),
        after=_without(after, (*row_security, *event_triggers)),
        row_security=row_security,
        event_triggers=event_triggers,
        missing=tuple(entry for entry in archive.entries if _is_missed(entry, superuser=superuser)),
    )


def undefined(archive: Archive) -> frozenset[int]:
    """Return the rows whose table the archive does not define: it belongs to an extension."""
    defined = {entry.dump_id for entry in archive.entries if entry.description in _OWN_ROWS}
    return frozenset(
        entry.dump_id
        for entry in archive.entries
        if entry.section == Section.ROWS and defined.isdisjoint(entry.dependencies)
    )


def _is_left_out(entry: Entry, *, superuser: bool) -> bool:
    if entry.description == "SCHEMA" and entry.tag == "public":
        return True  # every database has it from the start
    if _is_event_trigger(entry):
        return not superuser
    if entry.description == "COMMENT":
        return entry.tag.startswith(_COMMENTS_LEFT_OUT) or entry.tag == "SCHEMA public"
    return entry.description in _LEFT_OUT | _READ_BY_PG_RESTORE


def _is_missed(entry: Entry, *, superuser: bool) -> bool:
    return entry.description in _NOT_IN_A_COPY or (_is_event_trigger(entry) and not superuser)


def _is_event_trigger(entry: Entry) -> bool:
    return entry.description == "EVENT TRIGGER" or (
        entry.description == "COMMENT" and entry.tag.startswith("EVENT TRIGGER ")
    )


def _is_emptied(entry: Entry, without_rows: tuple[str, ...]) -> bool:
    return entry.tag in without_rows or f"{entry.namespace}.{entry.tag}" in without_rows


def _described(entries: Iterable[Entry], description: str) -> tuple[Entry, ...]:
    return tuple(entry for entry in entries if entry.description == description)


def _without(entries: Iterable[Entry], others: tuple[Entry, ...]) -> tuple[Entry, ...]:
    taken = {entry.dump_id for entry in others}
    return tuple(entry for entry in entries if entry.dump_id not in taken)
