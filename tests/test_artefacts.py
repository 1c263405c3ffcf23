"""Tests of manifests: whatever a manifest says, it is either trusted whole or refused."""

import json
from typing import Any

import pytest

from envsync.artefacts import Manifest
from envsync.errors import CommandError
from tests.fleet import MANIFEST

SAID: dict[str, Any] = json.loads(MANIFEST.write())


def test_a_manifest_reads_back_as_it_was_written() -> None:
    assert Manifest.read(MANIFEST.write(), "here") == MANIFEST


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"manifest"', "{}"])
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match=r"the manifest here cannot be trusted: .*; push"):
        Manifest.read(text, "here")


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("version", 2, "input should be 1"),
        ("colour", "red", "extra inputs are not permitted"),
        ("environment", None, "input should be a valid string"),
        ("bytes", "many", "input should be a valid integer"),
        ("bytes", -1, "input should be greater than or equal to 0"),
        ("database_bytes", -1, "input should be greater than or equal to 0"),
        ("sha256", "1234", "string should match pattern"),
        ("stamp", "yesterday", "string should match pattern"),
        ("row_counts", "guessed", "input should be 'exact' or 'estimate'"),
        ("server_version", "new", "string should match pattern"),
        ("client_version", "", "string should match pattern"),
    ],
)
def test_a_manifest_with_a_wrong_field_is_refused(field: str, value: object, problem: str) -> None:
    with pytest.raises(CommandError, match=f"cannot be trusted: {field}: {problem}"):
        Manifest.read(json.dumps({**SAID, field: value}), "here")


def test_a_negative_number_of_rows_is_refused() -> None:
    with pytest.raises(CommandError, match=r"rows\.public\.people: input should be greater"):
        Manifest.read(json.dumps({**SAID, "rows": {"public.people": -1}}), "here")
