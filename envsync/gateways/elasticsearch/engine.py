"""A search cluster's eyes and hands: what answers each question, what carries out each command."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

from envsync.commands import Command, Measured
from envsync.commands import elasticsearch as es
from envsync.commands.elasticsearch_promote import Promote, SwapBack
from envsync.commands.elasticsearch_snapshots import (
    DeleteSnapshot,
    DropSnapshot,
    KeepSnapshots,
    TakeSnapshot,
)
from envsync.facts import ColumnsFacts, Facts, SamplesFacts
from envsync.gateways.coverage import judge
from envsync.gateways.elasticsearch import columns, promote, restore, scripts, snapshot
from envsync.gateways.elasticsearch import observe as eyes
from envsync.gateways.elasticsearch.claims import claim_database
from envsync.gateways.engines import Work
from envsync.gateways.scope import Scope
from envsync.questions import ColumnsQuestion, Question, SamplesQuestion
from envsync.questions.elasticsearch import ObservePull, ObservePush, ObserveSwap

_CLAIM = "elasticsearch.claim"
"""What is kept from one command to another: what asks whether the claim is still this run's."""
_LOOKS = (es.CompareRows, es.CheckColumns, es.RunChecks)
"""What changes nothing: whose copy was looked at is asked before the next command that does."""


def observe(question: Question, scope: Scope) -> Facts:
    """Look at clusters and repositories; raises EnvsyncError where something cannot be seen."""
    match question:
        case ObservePush():
            return eyes.observe_push(question, scope)
        case ObservePull():
            return eyes.observe_pull(question, scope)
        case ColumnsQuestion():
            return ColumnsFacts(columns.live(question, scope))
        case SamplesQuestion():
            return SamplesFacts(columns.samples(question, scope))
        case ObserveSwap():
            return eyes.observe_swap(question, scope)
        case _:
            raise TypeError(f"not a question to a search cluster: {question!r}")


def assume(question: Question) -> Facts:
    """What a dry run takes for granted where it cannot look, all in order."""
    match question:
        case ObservePush():
            return eyes.assumed_push(question)
        case ObservePull():
            return eyes.assumed_pull(question)
        case _:
            raise TypeError(f"nothing is assumed in answer to {question!r}")


def perform(command: Command, work: Work) -> Measured | None:  # noqa: C901, PLR0911, PLR0912
    """One line a command: the table of what carries out what."""
    scope = work.scope
    if not isinstance(command, _LOOKS):
        _require_ours(work)()
    match command:
        case TakeSnapshot():
            return snapshot.take_snapshot(command, scope, work.measured)
        case DropSnapshot():
            snapshot.drop_snapshot(command, scope)
        case KeepSnapshots():
            return snapshot.keep_snapshots(command, scope)
        case DeleteSnapshot():
            snapshot.delete_snapshot(command, scope)
        case es.Claim():
            work.kept[_CLAIM] = work.held.enter_context(claim_database(command, scope))
        case es.DropLeftovers():
            restore.drop_leftovers(command, scope)
        case es.Restore():
            restore.restore(command, scope)
        case es.CompareRows():
            return restore.compare_rows(command, scope)
        case es.CheckColumns():
            found = columns.restored(command, scope)
            where = f"what was restored on {command.endpoint}"
            return judge(command.gate, where, found, optional=True)
        case es.RunScript():
            return scripts.run_script(command, scope)
        case es.RunChecks():
            scripts.run_checks(command, scope)
        case Promote():
            provenance = command.provenance.after(work.measured.scripts)
            return promote.promote(
                replace(command, provenance=provenance), _require_ours(work), scope
            )
        case SwapBack():
            promote.swap_back(command, scope)
        case _:
            raise TypeError(f"not a command of a search cluster: {command!r}")
    return None


def _require_ours(work: Work) -> Callable[[], None]:
    """Return what raises CommandError once another run has taken the place of one with a claim."""
    if _CLAIM not in work.kept:
        return _nothing
    return partial(cast("Callable[[str], None]", work.kept[_CLAIM]), "nothing was promoted")


def _nothing() -> None:
    """Require nothing of a run that needs no claim."""
