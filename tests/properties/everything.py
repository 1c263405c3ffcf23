"""All that a value is made of."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass


def everything_in(value: object) -> Iterator[object]:
    """Walk a value and all that it is made of."""
    yield value
    match value:
        case tuple() | list():
            for item in value:
                yield from everything_in(item)
        case dict():
            for pair in value.items():
                yield from everything_in(pair)
        case _ if is_dataclass(value):
            for field in fields(value):
                yield from everything_in(getattr(value, field.name))
