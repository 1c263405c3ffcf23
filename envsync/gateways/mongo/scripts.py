"""Sanitisation files and checks, run in the quarantine."""

import re
from collections.abc import Mapping
from typing import Any

from envsync.artefacts import ScriptUsed
from envsync.commands import Measured
from envsync.commands.mongo import RunChecks, RunScript
from envsync.errors import CommandError
from envsync.gateways.mongo.script import Check, Step, read
from envsync.gateways.mongo.session import Session, connect
from envsync.gateways.scope import Scope


def run_script(command: RunScript, scope: Scope) -> Measured:
    """Run every step of a file; raises CommandError at the first that fails."""
    script = read(command.script)
    with connect(command.target.endpoint, scope) as session:
        there = collections(session, command.target.database)
        for number, step in enumerate(script.content.sanitise, start=1):
            scope.check()
            where = f"step {number} of {command.script.name} ({step.collection})"
            require(step.collection, there, where)
            _run(session, command.target.database, step, where)
    used = ScriptUsed(name=command.script.name, sha256=script.sha256)
    return Measured(scripts=(used,))


def _run(session: Session, database: str, step: Step, where: str) -> None:
    collection = step.collection
    if step.update_many:
        change: dict[str, Any] = {
            "q": step.update_many.filter,
            "u": step.update_many.update,
            "multi": True,
        }
        command: dict[str, Any] = {"update": collection, "updates": [change]}
        if not session.where.is_documentdb:
            command["bypassDocumentValidation"] = True
    else:
        filter_ = step.delete_many.filter if step.delete_many else {}
        command = {"delete": collection, "deletes": [{"q": filter_, "limit": 0}]}
    try:
        answer = session.command(database, command)
    except CommandError as error:
        raise type(error)(f"{where} failed: {error}; nothing was promoted") from error
    for failure in answer.get("writeErrors", []):
        raise CommandError(f"{where} failed: {why(failure)}; nothing was promoted")


def why(failure: Mapping[str, Any]) -> str:
    """Return why a write failed, without the values of documents that the server quotes."""
    text = re.sub(r"\{.*|dup key.*", "", str(failure.get("errmsg", "")).splitlines()[0]).strip(" :")
    return f"{text} (code {failure.get('code')})"


def run_checks(command: RunChecks, scope: Scope) -> None:
    """Run every check of a file; raises CommandError at the first that finds a document."""
    script = read(command.script)
    with connect(command.target.endpoint, scope) as session:
        there = collections(session, command.target.database)
        for number, check in enumerate(script.content.checks, start=1):
            title = f" ({check.title})" if check.title else ""
            where = f"check {number} of {command.script.name}{title}"
            require(check.collection, there, where)
            if _finds(session, command.target.database, check):
                raise CommandError(
                    f"{where} found documents in {check.collection} of {command.target}; nothing "
                    "was promoted"
                )


def _finds(session: Session, database: str, check: Check) -> bool:
    command = {
        "find": check.collection,
        "filter": check.find,
        "limit": 1,
        "singleBatch": True,
        "projection": {"_id": 1},
    }
    return bool(session.listed(database, command))


def collections(session: Session, database: str) -> set[str]:
    """Return the names of all that a database holds."""
    found = session.listed(database, {"listCollections": 1, "nameOnly": True})
    return {each["name"] for each in found}


def require(collection: str, there: set[str], where: str) -> None:
    """Refuse a name that leads nowhere: a step that changes nothing would pass for one that did."""
    if collection not in there:
        raise CommandError(
            f"{where} failed: the artefact has no collection {collection!r}; nothing was promoted"
        )
