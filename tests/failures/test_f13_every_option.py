"""F13: every option of every task can be given on the command line, and does something.

A new option needs a row: words that use it, and what is said only because of it; rows with the same
words share a run. Where more is needed to see the effect, the row names a test that uses the option.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from invoke.collection import Collection

from envsync.tasks.program import operators
from tests.live.program import Ran
from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.servers.postgresql import Postgresql

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]
NOWHERE = "--inventory=/no/where"
NO_INVENTORY = r"/no/where"
ONTO = "sync app --env=production --from=integration --onto-protected=production --dry-run"
PULL = "pull app --env=integration"
PUSH = "push app --env=production"
TRY = "sanitise.try app --env=integration --dry-run"
JSON = f"{PULL} --log-format=json"
HOLD = "hold app --env=integration --until=2999-01-01 --because=rebuilt --by=somebody"
JOBS = r"--jobs none is not a number of steps"
SHRINK = "tests/live/test_shrunken_pushes.py::test_a_reason_lets_it_pass_in_a_run_of_both_halves"
PUSH_SHRINK = "tests/live/test_shrunken_pushes.py::test_a_reason_lets_it_pass_and_is_kept_in_manifest_journal_and_log"
DELETE = "tests/live/test_bucket_syncs.py::test_an_empty_source_is_refused_and_then_allowed"
NIGHTLY_DELETE = (
    "tests/live/test_bucket_syncs.py::test_a_mass_delete_of_the_night_is_refused_and_then_allowed"
)

OPTIONS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "plan": {
        "env": ("plan --env=elsewhere", r"elsewhere"),
        "database": ("plan --database=other", r"'other'"),
        "machine": ("plan --machine=other_machine", r"other_machine"),
        "all": ("plan --all", r"held|disabled"),
        "format": ("plan --format=json", r"^\{|^\["),
        "inventory": (f"plan {NOWHERE}", NO_INVENTORY),
    },
    "sync": {
        "name": (ONTO, r"push app from integration"),
        "env": (ONTO, r"pull app into production"),
        "from": (ONTO, r"push app from integration"),
        "timestamp": ("sync app --pull-only --timestamp=2001", r"2001"),
        "dry-run": (ONTO, r"pg_dump --format=custom"),
        "push-only": ("sync app --push-only --dry-run", r"\A(?!.*step 2)(?=.*pg_dump)"),
        "pull-only": ("sync app --pull-only --dry-run", r"\A(?!.*pg_dump)(?=.*download)"),
        "onto-protected": (ONTO, r"pull app into production"),
        "allow-mass-delete": (DELETE, ""),
        "allow-shrink": (SHRINK, ""),
        "jobs": ("sync app --dry-run --jobs=none", JOBS),
        "log-format": ("sync app --log-format=verse", r"no log format 'verse'"),
        "inventory": (f"sync app {NOWHERE}", NO_INVENTORY),
    },
    "push": {
        "name": (f"{PUSH} --dry-run", r"push app from production"),
        "env": (f"{PUSH} --dry-run", r"push app from production"),
        "dry-run": (f"{PUSH} --dry-run", r"pg_dump --format=custom"),
        "allow-shrink": (PUSH_SHRINK, ""),
        "jobs": (f"{PUSH} --jobs=none", JOBS),
        "log-format": (f"{PUSH} --log-format=verse", r"no log format 'verse'"),
        "inventory": (f"push app {NOWHERE}", NO_INVENTORY),
    },
    "pull": {
        "name": (JSON, r'"database": "app"'),
        "env": (JSON, r'"environment": "integration"'),
        "from": (f"{PULL} --from=elsewhere", r"elsewhere"),
        "timestamp": (f"{PULL} --timestamp=2001", r"2001"),
        "dry-run": (f"{PULL} --dry-run", r"download .* sha256"),
        "onto-protected": (
            "pull app --env=production --from=integration --onto-protected=production",
            r"there is no artefact of",
        ),
        "jobs": (f"{PULL} --jobs=none", JOBS),
        "log-format": (JSON, r'^\{"time": '),
        "inventory": (f"pull app {NOWHERE}", NO_INVENTORY),
    },
    "nightly": {
        "env": ("nightly --env=integration --dry-run", r"pull app into integration"),
        "machine": ("nightly --machine=other_machine", r"other_machine"),
        "dry-run": ("nightly --env=integration --dry-run", r"pg_dump --format=custom"),
        "allow-mass-delete": (NIGHTLY_DELETE, ""),
        "allow-shrink": (SHRINK, ""),
        "jobs": ("nightly --jobs=none", JOBS),
        "log-format": ("nightly --log-format=verse", r"no log format 'verse'"),
        "inventory": (f"nightly {NOWHERE}", NO_INVENTORY),
    },
    "verify": {
        "name": ("verify app --env=production --dry-run", r"verify app"),
        "env": ("verify app --env=elsewhere", r"elsewhere"),
        "timestamp": ("verify app --env=production --timestamp=2001", r"2001"),
        "dry-run": ("verify app --env=production --dry-run", r"download .* sha256"),
        "jobs": ("verify app --env=production --jobs=none", JOBS),
        "log-format": ("verify app --env=production --log-format=verse", r"'verse'"),
        "inventory": (f"verify app {NOWHERE}", NO_INVENTORY),
    },
    "prune": {
        "env": ("prune --env=elsewhere", r"elsewhere"),
        "database": ("prune --database=other", r"'other'"),
        "machine": ("prune --machine=other_machine", r"other_machine"),
        "dry-run": (
            "tests/live/test_prune.py::test_what_no_rule_keeps_goes_with_all_beside_it_and_a_dry_run_says_so_before",
            "",
        ),
        "inventory": (f"prune {NOWHERE}", NO_INVENTORY),
    },
    "rollback": {
        "name": ("rollback other --env=integration", r"'other'"),
        "env": ("rollback app --env=elsewhere", r"elsewhere"),
        "onto-protected": (
            "rollback app --env=production --onto-protected=production",
            r"no previous database",
        ),
        "inventory": (f"rollback app {NOWHERE}", NO_INVENTORY),
    },
    "doctor": {
        "env": ("doctor --env=elsewhere", r"elsewhere"),
        "machine": ("doctor --machine=other_machine", r"other_machine"),
        "inventory": (f"doctor {NOWHERE}", NO_INVENTORY),
    },
    # Before its database is held, which keeps it from being tried.
    "sanitise.try": {
        "name": (TRY, r"remember every row of app_"),
        "env": (TRY, r"pull app into integration"),
        "timestamp": ("sanitise.try app --timestamp=2001", r"2001"),
        "dry-run": (TRY, r"and promote nothing"),
        "onto-protected": (
            "sanitise.try app --env=production --onto-protected=production",
            r"nothing to try",
        ),
        "inventory": (f"sanitise.try app {NOWHERE}", NO_INVENTORY),
    },
    "hold": {
        "name": (HOLD, r"app"),
        "env": (HOLD, r"integration"),
        "until": (HOLD, r"2999-01-01"),
        "because": (HOLD, r"rebuilt"),
        "by": (HOLD, r"somebody"),
        "inventory": (f"{HOLD} {NOWHERE}", NO_INVENTORY),
    },
    "unhold": {
        "name": ("unhold other --env=integration", r"'other'"),
        "env": ("unhold app --env=elsewhere", r"elsewhere"),
        "inventory": (f"unhold app --env=integration {NOWHERE}", NO_INVENTORY),
    },
    "holds": {
        "env": ("holds --env=elsewhere", r"elsewhere"),
        "inventory": (f"holds {NOWHERE}", NO_INVENTORY),
    },
    "backups": {
        "name": ("backups app --env=production", r"Z"),
        "env": ("backups app --env=integration", r"app \(integration\) has no artefacts"),
        "inventory": (f"backups app {NOWHERE}", NO_INVENTORY),
    },
    "status": {
        "env": ("status --env=elsewhere", r"elsewhere"),
        "inventory": (f"status {NOWHERE}", NO_INVENTORY),
    },
    "history": {
        "name": ("history app --env=production", r"push"),
        "env": ("history app --env=elsewhere", r"elsewhere"),
        "inventory": (f"history app {NOWHERE}", NO_INVENTORY),
    },
    "schema": {},
    "sanitise.init": {
        "name": ("sanitise.init other --env=production", r"'other'"),
        "env": ("sanitise.init app --env=elsewhere", r"elsewhere"),
        "output": ("sanitise.init app --env=production --output=/no/such/folder/file", r"/no/such"),
        "inventory": (f"sanitise.init app {NOWHERE}", NO_INVENTORY),
    },
    "sanitise.lint": {
        "database": ("sanitise.lint --database=other", r"'other'"),
        "inventory": (f"sanitise.lint {NOWHERE}", NO_INVENTORY),
    },
}


def declared(collection: Collection, above: str = "") -> dict[str, set[str]]:
    """Return the options of every task, as they are typed."""
    found = {
        f"{above}{name}": {
            argument.name.rstrip("_").replace("_", "-") for argument in task.get_arguments()
        }
        for name, task in collection.tasks.items()
    }
    for name, below in collection.collections.items():
        found |= declared(below, f"{above}{name}.")
    return found


DECLARED = declared(operators())


def test_every_option_of_every_task_has_its_row_and_no_other() -> None:
    assert {task: set(options) for task, options in OPTIONS.items()} == DECLARED


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql) -> Iterator[Site]:
    """A site that has been synced once; production may also be pulled into, by hand."""
    with temporary_site(tmp_path_factory.mktemp("site"), postgresql) as made:
        edge = {"app": {"from": "integration", "ensure": "disabled"}}
        made.write(production={"syncs": edge, "backups": {"app": {"at": "01:00"}}})
        ran = made.run("sync", "app")
        assert ran.code == 0, ran.err
        yield made


@pytest.fixture(scope="module")
def said(site: Site) -> "Said":
    return Said(site)


class Said:
    """What runs of the program have said, each of them run once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._known: dict[str, Ran] = {}

    def __call__(self, words: str) -> str:
        if words not in self._known:
            self._known[words] = self._site.run(*words.split())
        ran = self._known[words]
        assert "Traceback" not in ran.err
        return ran.out + ran.err


EACH = [(task, option, *row) for task, row_of in OPTIONS.items() for option, row in row_of.items()]
HERE = [each for each in EACH if not each[2].startswith("tests/")]
ELSEWHERE = [each for each in EACH if each not in HERE]


@pytest.mark.parametrize(
    ("task", "option", "words", "effect"), HERE, ids=[f"{each[0]} --{each[1]}" for each in HERE]
)
def test_an_option_does_something(
    task: str, option: str, words: str, effect: str, said: "Said"
) -> None:
    assert words.startswith(task)
    assert f"--{option}" in words or option == "name"
    assert re.search(effect, said(words), re.MULTILINE | re.DOTALL), said(words)


@pytest.mark.parametrize(("task", "option", "test", "effect"), ELSEWHERE)
def test_an_option_whose_effect_takes_more_is_used_by_a_test_of_its_own(
    task: str, option: str, test: str, effect: str
) -> None:
    file, _, name = test.partition("::")
    text = (ROOT / file).read_text()
    (used,) = (
        ast.get_source_segment(text, node) or ""
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name == name
    )
    assert f'"--{option}"' in used
    assert f'"{task}"' in used or f'"{task}"' in text
