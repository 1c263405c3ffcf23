"""Results of restore drills: what is written reads back, and is taken for nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsync.artefacts import ArtefactKey, is_manifest
from envsync.errors import CommandError
from envsync.verification import Verification
from tests.fleet import NOW

GOOD = Verification(
    at=str(NOW),
    healthy=True,
    seconds=1.5,
    rows={"public.people": 3},
    checks="raw.checks.sql",
    server_version="15.18",
    envsync_version="0.1.0",
)
FORMATS = st.sampled_from(("dump.zst", "archive.zst", "sql.zst", "snapshot"))
NAMES = st.text(min_size=1).filter(lambda name: "\0" not in name and name.isprintable())


def test_a_result_reads_back_as_it_was_written() -> None:
    assert Verification.read(GOOD.write(), "here") == GOOD


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"version": 2}'])
def test_what_is_no_result_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match=r"drill in here cannot be trusted: .*; verify"):
        Verification.read(text, "here")


@given(NAMES, FORMATS)
def test_the_key_of_a_result_says_which_artefact_it_is_about(name: str, form: str) -> None:
    key = ArtefactKey("postgresql/app", NOW, name, form)
    assert ArtefactKey.of_verification(key.verification(NOW)) == (key, NOW)


@given(NAMES, FORMATS)
def test_nobody_takes_a_result_for_an_artefact_or_its_manifest(name: str, form: str) -> None:
    result = ArtefactKey("postgresql/app", NOW, name, form).verification(NOW)
    assert (ArtefactKey.parse(result), is_manifest(result)) == (None, False)


@given(NAMES, FORMATS)
def test_nobody_takes_an_artefact_or_its_manifest_for_a_result(name: str, form: str) -> None:
    key = ArtefactKey("postgresql/app", NOW, name, form)
    assert [ArtefactKey.of_verification(each) for each in (str(key), key.manifest)] == [None, None]
