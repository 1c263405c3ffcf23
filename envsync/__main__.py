"""Starts the `envsync` program: python -m envsync."""

from envsync.tasks.program import run

run()
