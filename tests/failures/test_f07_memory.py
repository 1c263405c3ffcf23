"""F7: memory is bounded, however large the data: measured of pushes and pulls of several times it."""

import subprocess
import sys

import pytest

from tests.failures.aftermath import assert_nothing_left
from tests.failures.mysql_scene import MysqlScene
from tests.failures.postgresql_scene import PostgresqlScene
from tests.live.program import argv

pytestmark = pytest.mark.live

MIB = 2**20
BOUND = 256 * MIB
"""Generous: of it some 80 MiB are the program itself."""
LARGE = 768 * MIB
"""What is dumped and restored; it compresses well, so that the test's disks bear it."""
ROW = 64 * 1024
PUSH = ("push", "app", "--env", "production")
PULL = ("pull", "app")
MEASURING = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
"""A small program in between: a child's peak begins with what its parent had as it was started."""


def peak_bytes(scene: PostgresqlScene | MysqlScene, *request: str) -> int:
    """Run to the end; return the most memory that the run, or a program it started, ever had."""
    ran = subprocess.run(
        (sys.executable, "-c", MEASURING, *argv(*request)),
        env=scene.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout) * 1024


def assert_bounded(scene: PostgresqlScene | MysqlScene) -> None:
    peaks = {request: peak_bytes(scene, *request) for request in (PUSH, PULL)}
    (manifest,) = (scene.folder / "artefacts").rglob("*.manifest.json")
    assert scene.site.manifest()["bytes_uncompressed"] > LARGE, manifest
    assert max(peaks.values()) < BOUND, {key: value // MIB for key, value in peaks.items()}
    assert_nothing_left(scene)


def test_postgresql(scene: PostgresqlScene) -> None:
    scene.site.production.run(
        "CREATE TABLE large (n int, body text); INSERT INTO large "
        f"SELECT n, repeat(md5(n::text), {ROW // 32}) FROM generate_series(1, {LARGE // ROW}) n",
        scene.site.source,
    )
    scene.site.decide()
    assert_bounded(scene)


def test_mysql(mysql: MysqlScene) -> None:
    mysql.site.production.run(
        "CREATE TABLE large (n int, body longtext) ROW_FORMAT=COMPRESSED;\n"
        f"INSERT INTO large SELECT seq, repeat(md5(seq), {ROW // 32}) FROM seq_1_to_{LARGE // ROW}",
        mysql.site.source,
    )
    mysql.site.decide()
    assert_bounded(mysql)
