"""Starts the `envsync` program: python -m envsync."""

from envsync.tasks import run

run()
