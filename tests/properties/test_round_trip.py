"""Whatever an inventory can say, it says the same after it was written down and read again."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from envsync.errors import InventoryError
from envsync.inventory.load import load
from envsync.inventory.model import Ensure, Inventory
from tests.properties.inventories import SCRIPTS, Told, told_inventories
from tests.properties.written import Tree, written

unhurried = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
STYLES = some.fixed_dictionaries(
    {
        "default_flow_style": some.booleans(),
        "allow_unicode": some.booleans(),
        "width": some.sampled_from((20, 80, 10_000)),
    }
)


def loaded(files: dict[str, Tree], style: dict[str, Any]) -> Inventory:
    """Load files that are named so that they are read in their order."""
    with TemporaryDirectory() as folder:
        for number, tree in enumerate(files.values()):
            file = Path(folder) / f"{number}.yaml"
            file.write_text(yaml.safe_dump(tree, sort_keys=False, **style), encoding="utf-8")
        return load(Path(folder), SCRIPTS)


@unhurried
@given(told_inventories(), STYLES)
def test_an_inventory_written_as_yaml_loads_back_to_its_values(
    told: Told, style: dict[str, Any]
) -> None:
    assert loaded(written(told), style) == told.inventory


@unhurried
@given(told_inventories(), some.data())
def test_an_edge_out_of_a_protected_environment_cannot_forget_to_say_how_it_is_safe(
    told: Told, data: some.DataObject
) -> None:
    protected = {home.name for home in told.inventory.environments if home.protected}
    leaving = [
        (section, edge)
        for section, edges in (
            ("syncs", told.inventory.syncs),
            ("bucket_syncs", told.inventory.bucket_syncs),
        )
        for edge in edges
        if edge.source.environment.name in protected - {edge.target.environment.name}
        and edge.options.ensure is not Ensure.ABSENT
    ]
    if not leaving:
        return
    section, edge = data.draw(some.sampled_from(leaving))
    files = written(told)
    entry = files[edge.target.environment.name][section][edge.target.key]
    for key in ("sanitise", "because"):
        entry.pop(key, None)
    with pytest.raises(InventoryError, match="which is protected"):
        loaded(files, {})
