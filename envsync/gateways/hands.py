"""The hands: a session that carries out commands, and keeps what they measured and hold open."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self

from envsync.commands import Command, Measured
from envsync.commands.artefacts import Discard, Publish, RecordVerification, Spool, Supersede, Sweep
from envsync.commands.pruning import RemoveArtefact, RemoveOrphan
from envsync.commands.steps import Caution, Meet, RunProgram
from envsync.commands.trial import RememberRows, RoomToRemember, TellChanges
from envsync.facts import Facts
from envsync.gateways import artefacts, cleaning, programs, pruning
from envsync.gateways.engines import Work, engine
from envsync.gateways.scope import Meter, Scope
from envsync.gateways.storage import spool
from envsync.gateways.trial import hands as trial
from envsync.questions import PullQuestion, Question

DOING: dict[str, str] = {
    "TakeSnapshot": "taking a snapshot",
    "Dump": "dumping, compressing and uploading",
    "Publish": "publishing the manifest",
    "Restore": "restoring into quarantine",
    "CompareRows": "comparing rows with the manifest",
    "CheckColumns": "comparing the columns with those decided on",
    "RememberRows": "remembering what every row holds",
    "RunScript": "sanitising",
    "RunChecks": "checking",
    "TellChanges": "comparing every row with what it was",
    "CopyBeside": "copying beside the live collections",
    "Analyse": "gathering statistics",
    "Promote": "promoting",
    "RunProgram": "running what follows the promote",
    "CopyObjects": "copying what changed",
    "DeleteObjects": "deleting what the source does not have",
}
"""What an operator is told while a command is carried out; the quick ones are not worth a line."""


class Hands:
    """One step's eyes and hands on the real world."""

    def __init__(self, meter: Meter) -> None:
        self._scope = Scope(meter)
        self._held = ExitStack()
        self._kept: dict[str, object] = {}
        self.measured = Measured()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.__exit__(kind, error, trace)

    def cancel(self, reason: str) -> None:
        """Make whatever is under way end in InterruptedStepError."""
        self._scope.cancel(reason)

    def observe(self, question: Question) -> Facts:
        """Look at servers and storages; raises EnvsyncError where something cannot be seen."""
        facts = engine(question.dbms).observe(question, self._scope)
        if isinstance(question, PullQuestion):
            facts = cleaning.with_script(question.wanted, facts)
            facts = cleaning.with_cleaned(question.wanted, facts)
        return facts

    def perform(self, command: Command) -> None:
        """Carry out a command and remember what it measured."""
        self._scope.check()
        if isinstance(command, Meet):
            return
        doing = DOING.get(type(command).__name__)
        if doing is not None:
            self._scope.meter.stage(doing, None)
        begun = time.monotonic()
        try:
            measured = self._perform(command)
        finally:
            if command.proves:
                took = time.monotonic() - begun
                self.measured = _together(self.measured, Measured(seconds=took))
        if measured is not None:
            self.measured = _together(self.measured, measured)

    def _perform(self, command: Command) -> Measured | None:  # noqa: C901
        match command:
            case Sweep():
                return Measured(deleted=len(artefacts.sweep(command)))
            case Spool():
                spool.sweep(spool.folder(command.storage))
            case Publish():
                manifest = cleaning.sanitised(command.location, command.manifest, self.measured)
                return artefacts.publish(replace(command, manifest=manifest), self.measured)
            case Supersede():
                cleaning.supersede(command)
            case Discard():
                artefacts.discard(command)
            case RecordVerification():
                artefacts.record(command, self.measured)
            case Caution():
                return Measured(warnings=(command.text,))
            case RemoveArtefact() | RemoveOrphan():
                pruning.remove(command)
            case RoomToRemember() | RememberRows() | TellChanges():
                work = Work(self._scope, self._held, self.measured, self._kept)
                return trial.perform(command, work)
            case RunProgram():
                programs.run_program(command, self._scope)
            case _:
                work = Work(self._scope, self._held, self.measured, self._kept)
                return engine(command.dbms).perform(command, work)
        return None


@contextmanager
def session(meter: Meter) -> Iterator[Hands]:
    """Open hands; what they hold is let go of at the end."""
    with Hands(meter) as hands:
        yield hands


def _together(first: Measured, second: Measured) -> Measured:
    return Measured(
        bytes=first.bytes + second.bytes,
        bytes_uncompressed=first.bytes_uncompressed + second.bytes_uncompressed,
        sha256=second.sha256 or first.sha256,
        rows=dict(second.rows) if second.sha256 else {**first.rows, **second.rows},
        scripts=(*first.scripts, *second.scripts),
        warnings=(*first.warnings, *second.warnings),
        outside_snapshot=(*first.outside_snapshot, *second.outside_snapshot),
        data_of=second.data_of or first.data_of,
        artefact=second.artefact or first.artefact,
        copied=first.copied + second.copied,
        deleted=first.deleted + second.deleted,
        seconds=first.seconds + second.seconds,
        changes=(*first.changes, *second.changes),
    )
