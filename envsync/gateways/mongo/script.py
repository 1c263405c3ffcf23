"""The shape of a sanitisation file for documents: steps that change them, checks that find some."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any, Self

from bson import json_util
from bson.errors import BSONError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from envsync.commands import Script
from envsync.errors import RefusedError
from envsync.gateways.script_yaml import read_yaml

Filter = dict[str, Any]
Change = Filter | list[Filter]
_SHOWN = 20
"""Mistakes told of at once."""
CollectionName = Annotated[str, Field(min_length=1)]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class UpdateMany(_Shape):
    """An update of all documents that a filter matches: by operators, or by a pipeline."""

    filter: Filter = Field(default={}, description="which documents; absent: all")
    update: Change = Field(description="update operators, or a list of pipeline stages")

    @model_validator(mode="after")
    def _changes_and_does_not_replace(self) -> Self:
        stages = self.update if isinstance(self.update, list) else [self.update]
        if not stages or not all(stages):
            raise ValueError("an update that changes something")
        for stage in stages:
            wrong = [key for key in stage if not key.startswith("$")]
            if wrong:
                raise ValueError(f"operators such as $set; {wrong[0]!r} is none")
        return self


class DeleteMany(_Shape):
    """A removal of all documents that a filter matches."""

    filter: Filter = Field(description="which documents; {} means all")


class Step(_Shape):
    """One change to one collection."""

    collection: CollectionName
    update_many: UpdateMany | None = Field(default=None, alias="updateMany")
    delete_many: DeleteMany | None = Field(default=None, alias="deleteMany")

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if (self.update_many is None) == (self.delete_many is None):
            raise ValueError("either 'updateMany' or 'deleteMany'")
        return self


class Check(_Shape):
    """Documents that must not be there."""

    collection: CollectionName
    find: Filter
    title: str | None = None


class Sanitisation(_Shape):
    """A whole file."""

    sanitise: list[Step] = []
    checks: list[Check] = []

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.sanitise and not self.checks:
            raise ValueError("'sanitise' with steps, 'checks' with finds, or both")
        return self


@dataclass(frozen=True, slots=True)
class Written:
    """A file's content, and which it is exactly."""

    content: Sanitisation
    sha256: str


def read(script: Script) -> Written:
    """Read a file; raises RefusedError that names every mistake with its key."""
    loaded, text = read_yaml(script)
    try:
        content = Sanitisation.model_validate(_values(loaded))
    except ValidationError as error:
        raise RefusedError("\n".join(_problems(script.name, error))) from error
    except (BSONError, ValueError, TypeError, OverflowError) as error:
        raise RefusedError(
            f"{script.name} holds a value that is not extended JSON: {error}"
        ) from error
    return Written(content, hashlib.sha256(text).hexdigest())


def _values(loaded: object) -> object:
    """Turn values written as extended JSON, such as {$oid: ...}, into what they stand for."""
    return json_util.loads(json_util.dumps(loaded)) if loaded else {}


def _problems(name: str, error: ValidationError) -> list[str]:
    found = [
        f"{name}: {_key(each['loc'])}{_said(each['type'], each['msg'])}"
        for each in error.errors(include_url=False, include_input=False)
    ]
    more = len(found) - _SHOWN
    return [*found[:_SHOWN], f"{name}: {more:,} more of such"] if more > 0 else found


def _key(path: tuple[str | int, ...]) -> str:
    """Return a key's path as a reader of YAML would say it: sanitise[2].updateMany.filter."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return f"{text!r} " if text else ""


_SAYS: dict[str, str] = {
    "extra_forbidden": "is no key that is known there",
    "missing": "is missing",
}


def _said(kind: str, message: str) -> str:
    if kind == "value_error":
        return f"is wrong; accepted: {message.removeprefix('Value error, ')}"
    return _SAYS.get(kind, f"is wrong: {message[:1].lower()}{message[1:]}")
