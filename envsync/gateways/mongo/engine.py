"""MongoDB's eyes and hands: what answers each question, what carries out each command."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

from envsync.commands import Command, Measured
from envsync.commands import mongo as m
from envsync.commands.mongo_promote import CopyBeside, Promote, SwapBack
from envsync.facts import ColumnsFacts, Facts, SamplesFacts
from envsync.gateways.coverage import judge
from envsync.gateways.decompressing import decompressed
from envsync.gateways.engines import Work
from envsync.gateways.manifests import read_manifest
from envsync.gateways.mongo import dropping, promote, rows, scripts
from envsync.gateways.mongo import observe as eyes
from envsync.gateways.mongo.assumed import assumed_pull, assumed_push
from envsync.gateways.mongo.claims import Held, claim
from envsync.gateways.mongo.columns import columns, samples
from envsync.gateways.mongo.copying import copy_beside
from envsync.gateways.mongo.dump import dump
from envsync.gateways.mongo.incarnation import KEPT, incarnation, require_same
from envsync.gateways.mongo.restore import restore
from envsync.gateways.mongo.rewriting import rewrite
from envsync.gateways.mongo.swapping import swap_back
from envsync.gateways.scope import Scope
from envsync.gateways.storage.open_store import open_store
from envsync.questions import ColumnsQuestion, Question, SamplesQuestion
from envsync.questions.mongo import ObservePull, ObservePush, ObserveSwap

_CLAIM = "mongo.claim"
"""What is kept from one command to another: the claim that the run holds."""
_LOOKS = (m.CompareRows, m.CheckColumns, m.RunChecks)
"""What changes nothing: whose copy was looked at is asked before the next command that does."""


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
            raise TypeError(f"not a question to MongoDB: {question!r}")


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
    if not isinstance(command, _LOOKS):
        _require_ours(work)()
    match command:
        case m.Claim():
            work.kept[KEPT] = incarnation(command.endpoint, scope)
            work.kept[_CLAIM] = work.held.enter_context(claim(command, scope))
        case m.Dump():
            return _dump(command, work)
        case m.Restore():
            return _restore(command, work)
        case m.CompareRows():
            rows.compare_rows(command, work.measured.rows)
        case m.CheckColumns():
            found = columns(command.target, scope)
            return judge(command.gate, command.target, found, optional=True)
        case m.RunScript():
            return scripts.run_script(command, scope)
        case m.Rewrite():
            rewrite(command, scope)
        case m.RunChecks():
            scripts.run_checks(command, scope)
        case CopyBeside():
            copy_beside(command, _require_ours(work), scope)
        case Promote():
            before = work.kept.get(KEPT)
            require_same(command.target.endpoint, before, scope, "nothing was promoted")
            provenance = command.provenance.after(work.measured.scripts)
            return promote.promote(
                replace(command, provenance=provenance), _require_ours(work), scope
            )
        case SwapBack():
            return swap_back(command, scope)
        case m.DropDatabase():
            dropping.drop_database(command, scope)
        case m.DropCollections():
            dropping.drop_collections(command, scope)
        case _:
            raise TypeError(f"not a command of MongoDB: {command!r}")
    return None


def _require_ours(work: Work, untouched: str = "nothing was promoted") -> Callable[[], None]:
    """Return what raises CommandError once another run has taken the place of one with a claim."""
    if _CLAIM not in work.kept:
        return _nothing
    if work.measured.data_of is not None:
        untouched = "the new data is live, and clearing up is left to the next pull"
    return partial(cast("Held", work.kept[_CLAIM]).verify, untouched)


def _nothing() -> None:
    """Require nothing of a run that needs no claim."""


def _dump(command: m.Dump, work: Work) -> Measured:
    """Dump; of a copy made clean under a claim, only if the server has kept all of it.

    And only if it was still this run's copy when all of it had been read.
    """
    if KEPT not in work.kept:
        return dump(command, work.scope)
    before, untouched = work.kept[KEPT], "nothing was published"
    require_same(command.target.endpoint, before, work.scope, untouched)
    dumped = dump(command, work.scope)
    _require_ours(work, untouched)()
    return dumped


def _restore(command: m.Restore, work: Work) -> Measured:
    scope = work.scope
    store = open_store(command.location.storage)
    manifest = read_manifest(store, command.location.key)
    with decompressed(command.location, scope) as blocks:
        tolerant = frozenset(manifest.outside_snapshot)
        restored = restore(command, blocks, tolerant, _require_ours(work), scope)
    return Measured(rows=restored)
