"""F11: an artefact or its manifest is cut off, or one bit of it is another: never wrong data."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.failures.aftermath import Serves, assert_aftermath, assert_unharmed
from tests.failures.mysql_scene import MysqlScene
from tests.failures.postgresql_scene import PostgresqlScene
from tests.live.stored import Stored

pytestmark = pytest.mark.live

PUSH = ("push", "app", "--env", "production")
PULL = ("pull", "app")
SEED = 20261120
Damaged = tuple[str, bytes]


def flipped(whole: bytes, share: float, bit: int) -> Damaged:
    at = min(len(whole) - 1, int(len(whole) * share))
    damaged = bytearray(whole)
    damaged[at] ^= 1 << bit
    return f"bit {bit} of byte {at} of {len(whole)} flipped", bytes(damaged)


def cut(whole: bytes, share: float) -> Damaged:
    size = min(len(whole) - 1, int(len(whole) * share))
    return f"cut to {size} of {len(whole)} bytes", whole[:size]


def damages(whole: bytes, flips: int) -> Iterator[Damaged]:
    """Yield damages at the ends and anywhere between, the same in every run of the tests."""
    chance = random.Random(SEED)  # noqa: S311 - positions need no secrecy
    for share in (0.0, *(chance.random() for _ in range(flips - 2)), 1.0):
        yield flipped(whole, share, chance.randrange(8))
    for share in (0.0, chance.random(), 1.0):
        yield cut(whole, share)


def assert_survives(
    scene: PostgresqlScene | MysqlScene, file: Path, damaged: Sequence[Damaged], serves: Serves
) -> None:
    """Pull from each damaged file; then from the whole one."""
    whole = file.read_bytes()
    for how, content in damaged:
        old = scene.served()
        scene.next_run()
        file.write_bytes(content)
        ended = scene.run(*PULL)
        print(file.name, how)  # noqa: T201 - which of them it was, if one fails
        assert_unharmed(scene, ended, old, serves)
    file.write_bytes(whole)
    assert_aftermath(scene, ended, scene.served(), serves, again=PULL)


def only(scene: PostgresqlScene | MysqlScene) -> Stored:
    assert scene.run(*PUSH).code == 0
    (dump,) = (scene.folder / "artefacts" / "production").rglob("*.zst")
    return Stored(dump)


def test_a_damaged_artefact_is_never_promoted(scene: PostgresqlScene) -> None:
    dump = only(scene).dump
    assert_survives(scene, dump, [*damages(dump.read_bytes(), 8)], Serves.OLD)


def test_a_damaged_artefact_of_mysql_is_never_promoted(mysql: MysqlScene) -> None:
    dump = only(mysql).dump
    assert_survives(mysql, dump, [*damages(dump.read_bytes(), 6)], Serves.OLD)


def test_a_damaged_manifest_never_brings_wrong_data(scene: PostgresqlScene) -> None:
    manifest = only(scene).manifest
    assert_survives(scene, manifest, [*damages(manifest.read_bytes(), 10)], Serves.EITHER)
