"""The plans of the shipped inventories, word for word: an inventory change carries its plan's.

To accept a change: python -m tests.test_golden
"""

from pathlib import Path

import pytest

from envsync.app.asked import SCRIPTS
from envsync.inventory.load import load
from envsync.plan.expand import expand
from envsync.plan.select import Selection, select
from envsync.reporting.table import WIDTH, plan_table

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
ENVIRONMENTS = ("production", "staging", "integration")


def plan_of(environment: str) -> str:
    inventory = load(ROOT / "inventories", ROOT / SCRIPTS)
    chosen = select(expand(inventory), Selection((environment,), disabled=True))
    return plan_table(chosen, {}) + "\n"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_plan_of_a_shipped_inventory_is_the_one_reviewed(environment: str) -> None:
    assert plan_of(environment) == (GOLDEN / f"{environment}.txt").read_text()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_plan_fits_a_terminal(environment: str) -> None:
    assert max(map(len, plan_of(environment).splitlines())) <= WIDTH


if __name__ == "__main__":
    for name in ENVIRONMENTS:
        (GOLDEN / f"{name}.txt").write_text(plan_of(name))
