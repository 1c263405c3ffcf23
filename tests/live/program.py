"""The program as an operator runs it: a child process, with a folder and variables of its own."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 240
"""Seconds any run of envsync may take in a test, on a machine that is busy with others."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run of the program ended, and what it said."""

    code: int
    out: str
    err: str


def argv(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-W", "error", "-m", "envsync", *arguments)


def run(folder: Path, environment: Mapping[str, str], *arguments: str) -> Ran:
    """Run the program to its end."""
    done = subprocess.run(
        argv(*arguments),
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def start(folder: Path, environment: Mapping[str, str], *arguments: str) -> "subprocess.Popen[str]":
    """Start the program and leave it running."""
    return subprocess.Popen(
        argv(*arguments),
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
