"""Whatever stands in an inventory file, loading it tells of problems or succeeds: it never fails."""

import tempfile
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from envsync.errors import InventoryError
from tests.inventory.folders import STAGING, folder

WORDS = sorted(
    {
        *(
            "production",
            "staging",
            "app",
            "main",
            "never",
            "clean.sql",
            "s3",
            "file",
            "nsca",
            "api",
        ),
        *(
            "present",
            "disabled",
            "02:00",
            "2h",
            "500GiB",
            "* * * * *",
            "AES256",
            "/tmp",
            "postgresql",
        ),
        *("environment", "protected", "storage", "backend", "bucket", "directory", "encryption"),
        *(
            "kms",
            "icinga",
            "transport",
            "url",
            "password",
            "env",
            "servers",
            "dbms",
            "host",
            "machine",
        ),
        *("disk", "databases", "server", "name", "path", "grants", "syncs", "from", "database"),
        *("sanitise", "because", "checks", "max_age", "at", "cron", "ensure", "title", "deadline"),
        *(
            "backups",
            "defaults",
            "buckets",
            "bucket_syncs",
            "prefix",
            "delete",
            "max_delete",
            "10%",
            "clients",
            "reboot_lock",
            "exclude_table_data",
            "[key]",
            "*",
            "..",
        ),
    }
)
SCALARS = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(max_size=20)
    | some.sampled_from(WORDS)
)
KEYS = some.sampled_from(WORDS) | some.text(max_size=5)
TREES = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)
SECTIONS = some.dictionaries(KEYS, some.dictionaries(KEYS, TREES, max_size=6), max_size=3)


def loads_or_tells(content: bytes) -> bool:
    """Load a file beside a sound one; raises whatever is not an InventoryError."""
    with tempfile.TemporaryDirectory() as where:
        try:
            folder(Path(where), staging=content).load()
        except InventoryError as error:
            return all(problem.startswith(where) for problem in error.problems)
    return True


@settings(deadline=None)
@given(some.binary(max_size=300))
def test_bytes_are_told_of(content: bytes) -> None:
    assert loads_or_tells(content)


@settings(deadline=None)
@given(some.text(some.characters() | some.sampled_from("{}[]:,-&*!|>'\"%@`\t\n #?"), max_size=200))
def test_text_is_told_of(content: str) -> None:
    assert loads_or_tells(content.encode(errors="surrogatepass"))


@settings(deadline=None)
@given(some.dictionaries(KEYS, TREES | SECTIONS, max_size=12))
def test_trees_are_told_of(tree: dict[str, object]) -> None:
    assert loads_or_tells(yaml.safe_dump(tree, allow_unicode=True).encode(errors="replace"))


@settings(deadline=None)
@given(some.data())
def test_a_sound_file_with_one_thing_changed_is_told_of(data: some.DataObject) -> None:
    tree = yaml.safe_load(STAGING)
    holder = tree
    path = data.draw(
        some.sampled_from(
            [
                ["environment"],
                ["protected"],
                ["storage"],
                ["storage", "backend"],
                ["servers"],
                ["servers", "main"],
                ["servers", "main", "password"],
                ["servers", "main", "disk"],
                ["databases", "app"],
                ["databases", "app", "name"],
                ["databases", "app", "grants"],
                ["syncs", "app"],
                ["syncs", "app", "sanitise"],
                ["syncs", "app", "checks"],
                ["syncs", "app", "cron"],
                ["syncs", "app", "from"],
                ["syncs", "app", "deadline"],
                ["icinga"],
                ["defaults"],
            ]
        )
    )
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = data.draw(TREES)
    assert loads_or_tells(yaml.safe_dump(tree, allow_unicode=True).encode(errors="replace"))


@settings(deadline=None)
@given(some.lists(some.sampled_from("0123456789*/-,#LW ?SUNDAYJ²"), max_size=40).map("".join))
def test_cron_expressions_are_told_of(cron: str) -> None:
    entry = f"sanitise: clean.sql, cron: '{cron}'"
    assert loads_or_tells(STAGING.replace("sanitise: clean.sql", entry).encode())
