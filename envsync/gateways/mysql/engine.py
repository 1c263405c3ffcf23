"""MySQL's eyes and hands: what answers each question, what carries out each command."""

from dataclasses import replace
from typing import cast

from envsync.commands import Command, Measured
from envsync.commands import mysql as my
from envsync.commands.mysql_promote import Promote, Recover, SwapBack
from envsync.facts import ColumnsFacts, Facts, SamplesFacts
from envsync.gateways.coverage import judge
from envsync.gateways.decompressing import decompressed
from envsync.gateways.engines import Work
from envsync.gateways.mysql import history, promote, rows, schemas, scripts
from envsync.gateways.mysql import observe as eyes
from envsync.gateways.mysql.assumed import assumed_pull, assumed_push
from envsync.gateways.mysql.columns import columns, samples
from envsync.gateways.mysql.dump import dump
from envsync.gateways.mysql.restore import restore
from envsync.gateways.mysql.session import Session
from envsync.gateways.scope import Scope
from envsync.questions import ColumnsQuestion, Question, SamplesQuestion
from envsync.questions.mysql import ObservePull, ObservePush, ObserveSwap

_CLAIM = "claim"
"""What is kept from one command to another: the session that holds the claim."""


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
            raise TypeError(f"not a question to MySQL: {question!r}")


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
        schemas.verify_claim(cast("Session", work.kept[_CLAIM]), scope)
    match command:
        case my.Claim():
            work.kept[_CLAIM] = work.held.enter_context(schemas.claim(command, scope))
        case my.Dump():
            return dump(command, scope)
        case Recover():
            return promote.recover(command, scope)
        case my.CreateSchema():
            schemas.create_schema(command, scope)
        case my.DropSchema():
            schemas.drop_schema(command, scope)
        case my.Restore():
            return _restore(command, scope)
        case my.CompareRows():
            rows.compare_rows(command, work.measured.rows)
        case my.CheckColumns():
            return judge(command.gate, command.target, columns(command.target, scope))
        case my.RunScript():
            return scripts.run_script(command, scope)
        case my.Rewrite():
            scripts.rewrite(command, scope)
        case my.DeleteHistory():
            history.delete_history(command, scope)
        case my.RunChecks():
            scripts.run_checks(command, scope)
        case my.Analyse():
            schemas.analyse(command, scope)
        case Promote():
            provenance = command.provenance.after(work.measured.scripts)
            return promote.promote(replace(command, provenance=provenance), scope)
        case SwapBack():
            return promote.swap_back(command, scope)
        case _:
            raise TypeError(f"not a command of MySQL: {command!r}")
    return None


def _restore(command: my.Restore, scope: Scope) -> Measured:
    with decompressed(command.location, scope) as blocks:
        restored = restore(command, blocks, scope)
    return Measured(rows=restored)
