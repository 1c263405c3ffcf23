"""Keys of artefacts: each parses back to what it says, and nothing else is taken for one."""

from dataclasses import replace

import pytest

from envsync.artefacts import ArtefactKey, stored_format
from envsync.places import AgeKeys, FileStorage, SnapshotRepository
from tests.fleet import NOW

FORMATS = ["dump.zst", "dump.zst.age", "sql.zst", "sql.zst.age", "archive.zst.age", "snapshot"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["app", "app.dump.zst", "a/b.age", "ünï.zst.age"])
def test_a_key_of_any_format_parses_back(form: str, name: str) -> None:
    key = ArtefactKey("postgresql/app", NOW, name, form)
    assert ArtefactKey.parse(str(key)) == key
    assert ArtefactKey.of_manifest(key.manifest) == key
    assert key.encrypted == form.endswith(".age")


@pytest.mark.parametrize("form", ["dump", "dump.age", "dump.zst.age.age", "snapshot.age", "age"])
def test_other_formats_are_no_artefacts(form: str) -> None:
    assert ArtefactKey.parse(str(ArtefactKey("p", NOW, "app", form))) is None


def test_a_storage_that_encrypts_says_so_in_the_format() -> None:
    plain = FileStorage("/d")
    encrypting = replace(plain, age=AgeKeys(("age1…",)))
    assert [
        stored_format("sql.zst", place) for place in (plain, encrypting, SnapshotRepository("r"))
    ] == ["sql.zst", "sql.zst.age", "sql.zst"]
