"""The hands: a session that carries out commands, and keeps what they measured and hold open."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self, assert_never

from envsync import commands as c
from envsync.facts import PullFacts, PushFacts, SwapFacts
from envsync.gateways import artefacts
from envsync.gateways.postgresql import databases, observe, promote, restore, rows, scripts
from envsync.gateways.postgresql.dump import dump
from envsync.gateways.scope import Meter, Scope

_DOING: dict[type[object], str] = {
    c.Dump: "dumping, compressing and uploading",
    c.Publish: "publishing the manifest",
    c.Restore: "restoring beside the live database",
    c.CompareRows: "comparing rows with the manifest",
    c.RunScript: "sanitising",
    c.RunChecks: "checking",
    c.Analyse: "gathering statistics",
    c.Promote: "promoting",
}
"""What an operator is told while a command is carried out; the quick ones are not worth a line."""


class Hands:
    """One step's eyes and hands on the real world."""

    def __init__(self, meter: Meter) -> None:
        self._scope = Scope(meter)
        self._held = ExitStack()
        self.measured = c.Measured()

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

    def observe(self, question: c.Question) -> PushFacts | PullFacts:
        """Look at servers and storages; raises EnvsyncError where something cannot be seen."""
        match question:
            case c.ObservePush():
                return observe.observe_push(question, self._scope)
            case c.ObservePull():
                return observe.observe_pull(question, self._scope)

    def look(self, question: c.ObserveSwap) -> SwapFacts:
        """Look at what a rollback would exchange."""
        return observe.observe_swap(question, self._scope)

    def perform(self, command: c.Command) -> None:
        """Carry out a command and remember what it measured."""
        self._scope.check()
        doing = _DOING.get(type(command))
        if doing is not None:
            self._scope.meter.stage(doing, None)
        measured = self._perform(command)
        if measured is not None:
            self.measured = _together(self.measured, measured)

    def _perform(self, command: c.Command) -> c.Measured | None:  # noqa: C901, PLR0912
        """One line a command: the table of what carries out what."""
        scope = self._scope
        match command:
            case c.Claim():
                self._held.enter_context(databases.claim(command, scope))
            case c.Sql():
                databases.run_sql(command, scope)
            case c.Sweep():
                artefacts.sweep(command)
            case c.Dump():
                return dump(command, scope)
            case c.Publish():
                artefacts.publish(command, self.measured)
            case c.Discard():
                artefacts.discard(command)
            case c.Restore():
                return self._restore(command)
            case c.CompareRows():
                rows.compare_rows(command, self.measured.rows)
            case c.RunScript():
                return scripts.run_script(command, scope)
            case c.RunChecks():
                scripts.run_checks(command, scope)
            case c.ApplyGrants():
                databases.apply_grants(command, scope)
            case c.GrantOnAll():
                databases.grant_on_all(command, scope)
            case c.ApplySettings():
                return databases.apply_settings(command, scope)
            case c.VerifyOwner():
                databases.verify_owner(command, scope)
            case c.Analyse():
                databases.analyse(command, scope)
            case c.Promote():
                return promote.promote(self._with_scripts(command), scope)
            case c.SwapBack():
                promote.swap_back(command, scope)
            case c.DropDatabase():
                databases.drop_database(command, scope)
            case _:
                assert_never(command)
        return None

    def _restore(self, command: c.Restore) -> c.Measured:
        with artefacts.decompressed(command.location, self._scope) as blocks:
            restored = restore.restore(command, blocks, self._scope)
        return c.Measured(rows=restored)

    def _with_scripts(self, command: c.Promote) -> c.Promote:
        """Say in the provenance which script has in fact been run."""
        if not self.measured.scripts:
            return command
        provenance = replace(command.provenance, sanitised=self.measured.scripts[-1])
        return replace(command, provenance=provenance)


@contextmanager
def session(meter: Meter) -> Iterator[Hands]:
    """Open hands; what they hold is let go of at the end."""
    with Hands(meter) as hands:
        yield hands


def _together(first: c.Measured, second: c.Measured) -> c.Measured:
    return c.Measured(
        bytes=first.bytes + second.bytes,
        bytes_uncompressed=first.bytes_uncompressed + second.bytes_uncompressed,
        sha256=second.sha256 or first.sha256,
        rows={**first.rows, **second.rows},
        scripts=(*first.scripts, *second.scripts),
        warnings=(*first.warnings, *second.warnings),
        data_of=second.data_of or first.data_of,
    )
