"""Names of tables that leave nothing out are told; those of defaults and known ones are not."""

from dataclasses import replace

import pytest

from envsync.commands.steps import Caution
from envsync.dbms.drivers import commands
from envsync.dbms.request import Request
from envsync.plan.expand import expand
from tests.fleet import MANIFEST, NOW, PULL_FACTS, SHARED

PULL = expand(SHARED).steps[1]
OWN = ("exclude_table_data",)
ROWS = {"public.editions": 7, 'public."Odd.Table"': 1}
FACTS = replace(
    PULL_FACTS,
    manifest=MANIFEST.model_copy(update={"rows": ROWS, "without_rows": ("public.events",)}),
)


@pytest.mark.parametrize(
    ("named", "own", "warned"),
    [
        (("editions", "public.editions", "Odd.Table"), OWN, 0),
        (("events", "public.events"), OWN, 0),
        (("editoins",), OWN, 1),
        (("other.editions", "editions"), OWN, 1),
        (("editoins",), (), 0),
    ],
    ids=["counted", "left_out_before", "misspelt", "other_schema", "by_defaults"],
)
def test_a_name_that_leaves_nothing_out_is_warned_of(
    named: tuple[str, ...],
    own: tuple[str, ...],
    warned: int,
) -> None:
    options = replace(PULL.options, exclude_table_data=named, own_lists=own)
    step = replace(PULL, options=options)
    told = [c for c in commands(step, Request(NOW), FACTS) if isinstance(c, Caution)]
    assert [named[0] in caution.text for caution in told] == [True] * warned
