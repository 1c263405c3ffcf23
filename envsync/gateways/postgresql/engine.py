"""PostgreSQL's eyes and hands: what answers each question, what carries out each command."""

from dataclasses import replace
from typing import cast

from envsync.commands import Command, Measured
from envsync.commands import postgresql as pg
from envsync.commands.postgresql_promote import (
    ApplyGrants,
    ApplySettings,
    GrantOnAll,
    Promote,
    SwapBack,
    VerifyOwner,
)
from envsync.facts import ColumnsFacts, Facts, SamplesFacts
from envsync.gateways.coverage import judge
from envsync.gateways.decompressing import decompressed
from envsync.gateways.engines import Work
from envsync.gateways.postgresql import databases, promote, rights, rows, scripts
from envsync.gateways.postgresql import observe as eyes
from envsync.gateways.postgresql.aside import Aside, put_back
from envsync.gateways.postgresql.assumed import assumed_pull, assumed_push
from envsync.gateways.postgresql.columns import columns, samples
from envsync.gateways.postgresql.dump import dump
from envsync.gateways.postgresql.restore import restore
from envsync.gateways.postgresql.rewriting import rewrite
from envsync.gateways.postgresql.session import Session
from envsync.gateways.postgresql.views import refresh_views
from envsync.gateways.scope import Scope
from envsync.questions import ColumnsQuestion, Question, SamplesQuestion
from envsync.questions.postgresql import ObservePull, ObservePush, ObserveSwap

_CLAIM, _ASIDE = "claim", "aside"
"""What is kept from one command to another: the session that holds the claim, what was put off."""


def observe(question: Question, scope: Scope) -> Facts:
    """Look at servers and storages; raises EnvsyncError where something cannot be seen."""
    match question:
        case ObservePush():
            return eyes.observe_push(question, scope)
        case ObservePull():
            return eyes.observe_pull(question, scope)
        case ColumnsQuestion():
            return ColumnsFacts(columns(question.target, scope))
        case SamplesQuestion():
            return SamplesFacts(samples(question, scope))
        case ObserveSwap():
            return eyes.observe_swap(question, scope)
        case _:
            raise TypeError(f"not a question to PostgreSQL: {question!r}")


def assume(question: Question) -> Facts:
    """What a dry run takes for granted where it cannot look, all in order."""
    match question:
        case ObservePush():
            return assumed_push(question)
        case ObservePull():
            return assumed_pull(question)
        case _:
            raise TypeError(f"nothing is assumed in answer to {question!r}")


def perform(command: Command, work: Work) -> Measured | None:  # noqa: C901, PLR0911, PLR0912
    """One line a command: the table of what carries out what."""
    scope = work.scope
    if _CLAIM in work.kept:
        databases.verify_claim(_claim(work), scope)
    match command:
        case pg.Claim():
            work.kept[_CLAIM] = work.held.enter_context(databases.claim(command, scope))
        case pg.Sql():
            databases.run_sql(command, scope)
        case pg.Dump():
            return dump(command, scope)
        case pg.Restore():
            return _restore(command, work)
        case pg.CompareRows():
            rows.compare_rows(command, work.measured.rows)
        case pg.CheckColumns():
            return judge(command.gate, command.target, columns(command.target, scope))
        case pg.RunScript():
            return scripts.run_script(command, scope)
        case pg.Rewrite():
            rewrite(command, scope)
        case pg.RefreshViews():
            refresh_views(command, scope)
        case pg.RunChecks():
            scripts.run_checks(command, scope)
        case pg.PutBack():
            put_back(command, _aside(work), scope)
        case ApplyGrants():
            rights.apply_grants(command, scope)
        case GrantOnAll():
            rights.grant_on_all(command, scope)
        case ApplySettings():
            return rights.apply_settings(command, scope)
        case VerifyOwner():
            rights.verify_owner(command, scope)
        case pg.Analyse():
            databases.analyse(command, scope)
        case Promote():
            provenance = command.provenance.after(work.measured.scripts)
            return promote.promote(replace(command, provenance=provenance), _claim(work), scope)
        case SwapBack():
            promote.swap_back(command, scope)
        case pg.DropDatabase():
            databases.drop_database(command, scope)
        case _:
            raise TypeError(f"not a command of PostgreSQL: {command!r}")
    return None


def _restore(command: pg.Restore, work: Work) -> Measured:
    with decompressed(command.location, work.scope) as blocks:
        restored = restore(command, blocks, work.scope)
    work.kept[_ASIDE] = restored.aside
    return Measured(rows=restored.rows)


def _claim(work: Work) -> Session:
    return cast("Session", work.kept[_CLAIM])


def _aside(work: Work) -> Aside:
    return cast("Aside", work.kept[_ASIDE])
