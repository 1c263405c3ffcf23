"""Sanitisation scripts for indices: read whole before anything is touched, then run in order."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from envsync.artefacts import ScriptUsed
from envsync.commands import Measured, Script
from envsync.commands.elasticsearch import RunChecks, RunScript
from envsync.commands.elasticsearch_requests import path
from envsync.errors import CommandError, RefusedError, UnavailableError
from envsync.facts.elasticsearch import Picture, chosen
from envsync.gateways.elasticsearch.cluster import AnswerError, Cluster, connect, missing
from envsync.gateways.elasticsearch.indices import count
from envsync.gateways.scope import Scope
from envsync.gateways.script_yaml import read_yaml

Patterns = Annotated[tuple[str, ...], Field(min_length=1)]
Query = dict[str, Any]
_EVERYTHING: Query = {"match_all": {}}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    indices: Patterns = ("*",)


class Update(_Part):
    """Change every document a query finds, by a Painless script; safe to run twice."""

    query: Query = _EVERYTHING
    script: str
    params: dict[str, Any] = Field(default_factory=dict)


class Delete(_Part):
    """Delete every document a query finds."""

    query: Query = _EVERYTHING


class Act(BaseModel):
    """One thing to do: an update or a deletion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    update: Update | None = None
    delete: Delete | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Act":
        if (self.update is None) == (self.delete is None):
            raise ValueError("either 'update' or 'delete'")
        return self

    @property
    def part(self) -> Update | Delete:
        return self.update or self.delete or Delete()


class Check(_Part):
    """A query that must find nothing."""

    name: str
    query: Query


class Sanitisation(BaseModel):
    """A script: what to do in order, what to check, and the indices that need nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sanitise: Annotated[tuple[Act, ...], Field(min_length=1)]
    checks: Annotated[tuple[Check, ...], Field(min_length=1)]
    keep: tuple[str, ...] = ()


def read(script: Script) -> tuple[Sanitisation, str]:
    """Read a script; raises RefusedError, naming the place, for one that makes no sense."""
    loaded, content = read_yaml(script)
    try:
        return Sanitisation.model_validate(loaded), content.decode()
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the whole file"
        raise RefusedError(
            f"{script.name} cannot be run: {where}: {problem['msg'].lower()}; accepted: "
            "'sanitise:' with 'update:' or 'delete:' each, 'checks:' with 'name:' and 'query:', "
            "'keep:' with indices that need nothing"
        ) from error


def run_script(command: RunScript, scope: Scope) -> Measured:
    """Run a script; raises CommandError at its first failure, and for indices it does not cover."""
    sanitisation, text = read(command.script)
    _require_all_covered(command, sanitisation)
    cluster = connect(command.endpoint, scope)
    for number, act in enumerate(sanitisation.sanitise, 1):
        what = f"step {number} of {command.script.name}"
        for index in _meant(command.serves, act.part.indices, what):
            _run(cluster, act.part, index, what)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Measured(scripts=(ScriptUsed(name=command.script.name, sha256=digest),))


def run_checks(command: RunChecks, scope: Scope) -> None:
    """Run every check; raises CommandError at the first that finds a document."""
    sanitisation, _ = read(command.script)
    cluster = connect(command.endpoint, scope)
    for check in sanitisation.checks:
        what = f"check {check.name!r} of {command.script.name}"
        for index in _meant(command.serves, check.indices, what):
            try:
                found = count(cluster, index, check.query)
            except AnswerError as error:
                raise CommandError(f"{what} failed: {error}; nothing was promoted") from error
            if found:
                raise CommandError(
                    f"{what} found {found:,} documents in {index}; nothing was promoted"
                )


def _require_all_covered(command: RunScript, sanitisation: Sanitisation) -> None:
    """Refuse to pass on an index that nobody has thought of: it may be new."""
    patterns = (
        *(pattern for act in sanitisation.sanitise for pattern in act.part.indices),
        *sanitisation.keep,
    )
    covered = {index for pattern in patterns for index in _behind(command.serves, pattern)}
    served = {index for behind in command.serves.values() for index in behind}
    forgotten = sorted(
        name for name, behind in command.serves.items() if not covered.issuperset(behind)
    )
    if not covered.issuperset(served):
        raise CommandError(
            f"{command.script.name} says nothing of {', '.join(map(repr, forgotten))}; name it in "
            "a step, or under keep: where it needs nothing; nothing was promoted"
        )


def _behind(serves: Picture, pattern: str) -> Iterator[str]:
    for name, behind in serves.items():
        if chosen(pattern, name):
            yield from behind


def _meant(serves: Picture, patterns: tuple[str, ...], what: str) -> list[str]:
    """Return the restored indices behind names; one that leads nowhere is a mistake."""
    found: dict[str, None] = {}
    for pattern in patterns:
        behind = list(_behind(serves, pattern))
        if not behind:
            raise CommandError(
                f"{what} is about {pattern!r}, which is none of {', '.join(map(repr, serves))}; "
                "nothing was promoted"
            )
        found.update(dict.fromkeys(behind))
    return list(found)


def _run(cluster: Cluster, part: Update | Delete, index: str, what: str) -> None:
    """Start a change and wait for its end; a start that got lost is looked for, then repeated."""
    verb: Literal["_update_by_query", "_delete_by_query"]
    verb = "_update_by_query" if isinstance(part, Update) else "_delete_by_query"
    body: dict[str, Any] = {"query": part.query}
    if isinstance(part, Update):
        body["script"] = {"lang": "painless", "source": part.script, "params": part.params}
    where = path(index, verb)

    def started() -> str | None:
        try:
            options = "wait_for_completion=false&refresh=true&slices=auto&conflicts=abort"
            return str(cluster.ask("POST", f"{where}?{options}", body)["task"])
        except UnavailableError:
            return _under_way(cluster, index)

    try:
        task = cluster.until(started)
        done = cluster.until(lambda: _ended(cluster, task))
    except AnswerError as error:
        raise CommandError(f"{what} failed: {error}; nothing was promoted") from error
    _require_success(done, index, what)


def _under_way(cluster: Cluster, index: str) -> str | None:
    """Return the change to a restored index that goes on, if one does: nobody else changes it."""
    found = cluster.look("/_tasks?actions=*byquery&detailed=true")
    for node in found.get("nodes", {}).values():
        for task, shown in node.get("tasks", {}).items():
            if f"[{index}]" in shown.get("description", "") and "parent_task_id" not in shown:
                return str(task)
    return None


def _ended(cluster: Cluster, task: str) -> Mapping[str, Any] | None:
    try:
        found: dict[str, Any] = cluster.look(path("_tasks", task))
    except AnswerError as error:
        if missing(error):
            raise CommandError(f"the task {task} is lost: its node has gone") from error
        raise
    return found if found.get("completed") else None


def _require_success(done: Mapping[str, Any], index: str, what: str) -> None:
    """Raise CommandError for a change that failed; never with what a document says."""
    error = done.get("error") or {}
    response = done.get("response") or {}
    failures = response.get("failures") or ()
    if not error and not failures and not response.get("version_conflicts"):
        return
    causes = [error, *(failure.get("cause", {}) for failure in failures)]
    kinds = sorted({str(cause.get("type")) for cause in causes if cause.get("type")})
    raise CommandError(
        f"{what} failed in {index}: {', '.join(kinds) or 'version conflicts'}; nothing was promoted"
    )
