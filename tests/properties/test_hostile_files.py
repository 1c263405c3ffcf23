"""Whatever is in a file that envsync reads, it says so in a sentence, and never in a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.properties.corpus import HOSTILE, corpus
from tests.properties.readers import PRODUCTION, READERS

unhurried = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
SEEDS = dict(corpus())
SHORT = [seed for seed in SEEDS.values() if len(seed) < 5_000]
SYNTAX = [
    b"[",
    b"]",
    b"{",
    b"}",
    b":",
    b"- ",
    b"&a ",
    b"*a",
    b"!!",
    b"'",
    b'"',
    b"\\",
    b"\n",
    b"\0",
]
PIECES = some.sampled_from(SYNTAX) | some.binary(max_size=4)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_has_undone_readers_is_read_or_refused_in_a_sentence(reader: str, seed: str) -> None:
    READERS[reader](SEEDS[seed])


@pytest.mark.parametrize("reader", READERS)
@unhurried
@given(some.sampled_from(SHORT), some.data())
def test_a_file_with_anything_changed_is_read_or_refused_in_a_sentence(
    reader: str, seed: bytes, data: some.DataObject
) -> None:
    content = bytearray(seed)
    for _ in range(data.draw(some.integers(0, 3))):
        begin = data.draw(some.integers(0, len(content)))
        end = data.draw(some.integers(begin, min(len(content), begin + 20)))
        content[begin:end] = b"".join(data.draw(some.lists(PIECES, max_size=4)))
    READERS[reader](bytes(content))


SHOWN = ("NUL", "not UTF-8", "a bomb of aliases", "deep lists", "a tag", "a moment that never was")


@pytest.mark.parametrize("seed", SHOWN)
def test_no_person_is_shown_a_traceback_for_what_is_in_a_file(seed: str, tmp_path: Path) -> None:
    folder = tmp_path / "inventories"
    folder.mkdir()
    (folder / "production.yaml").write_bytes(PRODUCTION)
    (folder / "staging.yaml").write_bytes(HOSTILE[seed])
    argv = (sys.executable, "-W", "error", "-m", "envsync", "plan", "--inventory", str(folder))
    environment = {"ENVSYNC_STATE": str(tmp_path / "state"), "PATH": "/usr/bin"}
    ran = subprocess.run(
        argv, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.returncode, "Traceback" in ran.stderr) == (2, False), ran.stderr[-2000:]
    assert "staging.yaml:" in ran.stderr
