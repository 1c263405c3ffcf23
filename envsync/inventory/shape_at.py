"""The shape that a mapping has to have at a place of a file: found in the shapes themselves."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import Tag

from envsync.inventory.document import Path
from envsync.inventory.shape import EnvironmentShape
from envsync.inventory.shape_base import Shape


def shape_at(location: Path) -> type[Shape]:
    """Return a mapping's shape, by its location as pydantic tells it.

    That is the path of its keys, with one part more, the tag, where one of several shapes was
    chosen. Raises LookupError where no shape is.
    """
    kind: object = EnvironmentShape
    for part in location:
        kind = _within(_plain(kind), part)
    kind = _plain(kind)
    if isinstance(kind, type) and issubclass(kind, Shape):
        return kind
    raise LookupError(location)


def _within(kind: Any, part: str | int) -> object:
    if isinstance(kind, type) and issubclass(kind, Shape):
        fields = kind.model_fields.items()
        return next(field.annotation for name, field in fields if part in {name, field.alias})
    if get_origin(kind) in {Union, UnionType}:
        return next(each for each in get_args(kind) if part in _tags(each))
    *_, value = get_args(kind)
    return value


def _plain(kind: Any) -> object:
    """Return a kind without what is noted of it, and without the None that it may be instead."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        others = [each for each in get_args(kind) if each is not NoneType]
        if len(others) == 1:
            return _plain(others[0])
    return kind


def _tags(kind: Any) -> set[object]:
    """Return what a choice is known by: its own tag, or the words of one of its keys."""
    if get_origin(kind) is Annotated:
        return {each.tag for each in get_args(kind)[1:] if isinstance(each, Tag)}
    fields = kind.model_fields.values()
    words = (field.annotation for field in fields if get_origin(field.annotation) is Literal)
    return {word for each in words for word in get_args(each)}
