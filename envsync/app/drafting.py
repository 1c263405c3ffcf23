"""A draft of what is to be decided of every column of a database, from what it is like now."""

import os
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from envsync.app.asked import Asked, inventory, scripts_folder
from envsync.columns import SUFFIX, Columns, Samples
from envsync.dbms.columns import columns_question, samples_question
from envsync.errors import CommandError, RefusedError, UnavailableError
from envsync.facts import ColumnsFacts, SamplesFacts
from envsync.gateways import hands
from envsync.gateways.drafts import require_new, write_new
from envsync.gateways.scope import SilentMeter
from envsync.inventory.model import Database, Inventory, Sanitise, Sync
from envsync.plan.select import Selection, require_known

ROWS = 200
"""How many rows of a table are looked at."""


class _Table(Protocol):
    proposals: tuple[object, ...]

    @property
    def suspicious(self) -> int:
        """How many of its columns look personal."""


class _Drafting(Protocol):
    def drafted(self, table: str, columns: Columns, samples: Samples) -> _Table:
        """Propose what becomes of each column of a table."""

    def draft_text(self, title: str, script: str, tables: list[_Table]) -> str:
        """Return a file that holds proposals."""


def draft(asked: Asked, output: str | None) -> str:
    """Write a draft for a database; returns what it holds, in a sentence."""
    known = inventory(asked.inventory, drafting=True)
    environments = (asked.environment,) if asked.environment else ()
    require_known(known, Selection(environments, (asked.database or "",)))
    syncs = [sync for sync in known.syncs if sync.target.key == asked.database]
    meant = _database(known, syncs, asked)
    path = _path(syncs, asked, output)
    require_new(path)
    # A library that knows all telephone numbers takes its time to load; no other task needs one.
    drafting = cast("_Drafting", import_module("envsync.sanitising.drafting"))
    tables, unseen = _drafted(meant, drafting)
    script = next((s.sanitise.script.name for s in syncs if isinstance(s.sanitise, Sanitise)), None)
    write_new(path, drafting.draft_text(str(meant), script or "the script", tables))
    return _told(path, tables, unseen)


def _database(known: Inventory, syncs: list[Sync], asked: Asked) -> Database:
    """Return the database to look at: the one named, else the source of what is synced."""
    environment = asked.environment or os.environ.get("ENVSYNC_ENVIRONMENT")
    here = [sync.source for sync in syncs if environment in {None, sync.source.environment.name}]
    here += [
        database
        for database in known.databases
        if (database.environment.name, database.key) == (environment, asked.database)
    ]
    found = list(dict.fromkeys(here))
    if not found:
        where = environment or "any sync"
        raise RefusedError(
            f"{asked.database!r} of {where} is no database to draft from; name the environment it "
            "is in with --env"
        )
    if len(found) > 1 and environment is None:
        several = ", ".join(each.environment.name for each in found)
        raise RefusedError(
            f"{asked.database!r} comes from {several}; say with --env which to draft from"
        )
    return found[0]


def _path(syncs: list[Sync], asked: Asked, output: str | None) -> Path:
    if output is not None:
        if not output.endswith(SUFFIX):
            raise RefusedError(
                f"--output {output} decides on no columns; accepted: a name that ends in {SUFFIX!r}"
            )
        return Path(output)
    names = list(dict.fromkeys(sync.columns_file for sync in syncs if sync.columns_file))
    if len(names) != 1:
        found = f"{', '.join(names)} decide" if names else "nothing sanitises it, so nothing would"
        raise RefusedError(
            f"{found} on the columns of {asked.database!r}; name the file to write with --output"
        )
    return scripts_folder(asked.inventory) / names[0]


def _drafted(meant: Database, drafting: _Drafting) -> tuple[list[_Table], list[str]]:
    """Look at each table by itself: what was seen in one is forgotten before the next."""
    tables, unseen = [], []
    with hands.session(SilentMeter()) as session:
        facts = session.observe(columns_question(meant))
        for table, columns in facts.found.items() if isinstance(facts, ColumnsFacts) else ():
            samples: Samples = {}
            try:
                seen = session.observe(samples_question(meant, table, columns, ROWS))
                samples = seen.samples if isinstance(seen, SamplesFacts) else {}
            except UnavailableError:
                raise
            except CommandError as error:
                unseen.append(f"{table}: {error}")
            tables.append(drafting.drafted(table, columns, samples))
    if not tables:
        raise RefusedError(f"{meant} holds no tables; correct name: or server: in the inventory")
    return tables, unseen


def _told(path: Path, tables: list[_Table], unseen: list[str]) -> str:
    columns = sum(len(table.proposals) for table in tables)
    suspicious = sum(table.suspicious for table in tables)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return "\n".join(
        (
            (
                f"wrote {shown}: {len(tables):,} tables, {columns:,} columns, of which "
                f"{suspicious:,} look personal and want a person's look first, and then all others"
            ),
            *(f"not looked into, so proposed by names alone: {each}" for each in unseen),
        )
    )
