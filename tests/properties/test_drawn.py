"""What is drawn at random reaches all that an inventory can say."""

from collections import defaultdict
from dataclasses import fields, is_dataclass
from enum import StrEnum
from inspect import getmembers, isclass

from hypothesis import HealthCheck, Phase, given, settings

from envsync import places
from envsync.inventory import model
from envsync.inventory.model import Inventory
from tests.properties.everything import everything_in
from tests.properties.inventories import inventories

ENOUGH = 2
NOT_SAID = {"Classification.tables", "RsyncDaemon.spool", "RsyncShell.spool"}
"""What comes from the files beside an inventory, or is chosen when a step is run."""
ROUNDS = 20
"""How often more is drawn before something counts as never drawn."""
many = settings(
    deadline=None,
    derandomize=False,  # each round is to draw something else
    max_examples=50,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_every_value_of_an_inventory_is_drawn_and_differs() -> None:
    drawn: defaultdict[str, set[str]] = defaultdict(set)

    @many
    @given(inventories())
    def look(inventory: Inventory) -> None:
        for value in everything_in(inventory):
            if isinstance(value, StrEnum):
                drawn[type(value).__name__].add(value.name)
            if not is_dataclass(value) or isinstance(value, type):
                continue
            for field in fields(value):
                seen = drawn[f"{type(value).__name__}.{field.name}"]
                if len(seen) < ENOUGH:
                    seen.add(repr(getattr(value, field.name)))

    for _ in range(ROUNDS):
        look()
        if always_the_same(drawn) == NOT_SAID:
            break
    assert always_the_same(drawn) == NOT_SAID


def always_the_same(drawn: dict[str, set[str]]) -> set[str]:
    """Return the fields that never differed, and the members of enumerations nobody drew."""
    found = set()
    for name, kind in [*getmembers(model, isclass), *getmembers(places, isclass)]:
        if issubclass(kind, StrEnum):
            found |= {
                f"{name}.{member}" for member in set(kind.__members__) - drawn.get(name, set())
            }
        elif is_dataclass(kind):
            names = [f"{name}.{field.name}" for field in fields(kind)]
            found |= {each for each in names if len(drawn.get(each, ())) < ENOUGH}
    return found
