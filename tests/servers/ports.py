"""Ports on loopback for the servers of the tests, which keep them while they are down."""

import itertools
import os
import socket

_FIRST, _WORKERS, _EACH, _APART = 10_000, 16, 1_300, 97
"""Below those that systems give to whoever connects (Linux, ip_local_port_range: from 32768)."""


def _offered() -> "itertools.cycle[int]":
    """Return this worker's own ports, which no other one takes while a server is started again."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    # Of two runs side by side, whose numbers are close, each begins at ports of its own.
    first, turn = _FIRST + worker * _EACH, os.getpid() * _APART
    return itertools.cycle(first + (turn + number) % _EACH for number in range(_EACH))


_OFFERED = _offered()


def free_port() -> int:
    """Return a TCP port on loopback that nobody listens on, and that is given to nobody else."""
    return next(port for port in _OFFERED if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
