"""What monitoring is told of an outcome: service, code and message, made from values. Pure."""

from collections.abc import Iterator

from envsync.commands import Measured
from envsync.commands.reports import Report
from envsync.execution.outcome import Outcome, State
from envsync.inventory.model import Database, Sync
from envsync.places import Storage
from envsync.plan.model import Clean, Copy, Pull, Push, Step, Verify
from envsync.reporting.format import bytes_text, count_text, seconds_text


def report(outcome: Outcome, host: str) -> Report | None:
    """Return the check result of an outcome; None where its environment is not monitored.

    `host` is the name of this machine, told unless the inventory says under which to report.
    """
    icinga = outcome.step.environment.icinga
    if icinga is None:
        return None
    return Report(
        transport=icinga.transport,
        host=icinga.report_as or host,
        service=f"{icinga.service_prefix} {outcome.step.options.title}".strip(),
        code=outcome.code,
        message=message(outcome),
    )


def message(outcome: Outcome) -> str:
    """Return what a person on call reads: the code's name, the step, and how it ended."""
    return f"{outcome.code.name}: {_subject(outcome.step)} {_ending(outcome)}"


def _subject(step: Step) -> str:
    match step.action:
        case Push(database):
            return f"push {database.name} -> {_folder(step.action)}"
        case Pull(sync):
            return f"pull {_folder(step.action)} -> {sync.target.name}"
        case Clean(sync):
            into = _folder_in(sync.source.clean_storage, sync.source)
            return f"clean {_folder(step.action)} -> {into} of {sync.source.name}"
        case Verify(sync):
            where = f"{sync.source.name} on {sync.target.server.name}"
            return f"verify {_folder(step.action)} of {where}"
        case Copy(sync):
            return f"copy {sync.target.key} {sync.source.place.url} -> {sync.target.place.url}"


def _folder(action: Push | Clean | Pull | Verify) -> str:
    """Name where the artefact lies that a step writes or reads."""
    if isinstance(action, Push):
        return _folder_in(action.database.storage, action.database)
    return _folder_in(action.sync.storage, action.sync.source)


def _folder_in(storage: Storage | None, database: Database) -> str:
    path = f"{database.path}/" if database.path else ""
    return f"{storage.url}/{path}" if storage else "nowhere"


def _ending(outcome: Outcome) -> str:
    match outcome.state:
        case State.SKIPPED:
            return f"skipped: {'; '.join((outcome.reason, *outcome.warnings))}"
        case State.FAILED:
            return f"failed after {seconds_text(outcome.seconds)}: {outcome.reason}"
        case State.DONE:
            return _done(outcome)


def _done(outcome: Outcome) -> str:
    took = seconds_text(outcome.seconds)
    figures = ", ".join((took, *_figures(outcome)))
    if not outcome.healthy:
        return f"done in {took}, but its health was never claimed: {outcome.reason or 'a bug'}"
    if outcome.warnings:
        return f"done, but {'; '.join(outcome.warnings)} ({figures})"
    return f"in {figures}"


def _figures(outcome: Outcome) -> Iterator[str]:
    measured = outcome.measured
    match outcome.step.action:
        case Push():
            yield bytes_text(measured.bytes)
            yield _counted(len(measured.rows), "table")
        case Pull(sync):
            yield _counted(sum(measured.rows.values()), "row")
            yield _made_safe(sync, measured)
        case Clean():
            yield bytes_text(measured.bytes)
            yield _counted(len(measured.rows), "table")
            yield f"sanitised by {_scripts(measured)}"
        case Verify(sync):
            yield _counted(sum(measured.rows.values()), "row")
            yield f"checked by {sync.checks.name}" if sync.checks else "no checks"
        case Copy(sync):
            yield f"{count_text(measured.copied)} copied"
            yield bytes_text(measured.bytes)
            if sync.delete:
                yield f"{count_text(measured.deleted)} deleted"


def _made_safe(sync: Sync, measured: Measured) -> str:
    if sync.is_cleaned and sync.script:
        return f"clean by {sync.script.name}"
    scripts = _scripts(measured)
    return f"sanitised by {scripts}" if scripts else "not sanitised on the way"


def _scripts(measured: Measured) -> str:
    return " and ".join(script.name for script in measured.scripts)


def _counted(count: int, noun: str) -> str:
    return f"{count_text(count)} {noun}" if count == 1 else f"{count_text(count)} {noun}s"
