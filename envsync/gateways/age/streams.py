"""Bytes encrypted or decrypted on their way, in bounded memory, by a program between two pipes."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from subprocess import PIPE
from typing import Protocol

from envsync.errors import CommandError
from envsync.gateways.age import program
from envsync.gateways.memory import path, sealed
from envsync.gateways.process import Child, Surroundings, running
from envsync.gateways.scope import Scope
from envsync.gateways.secrets import reveal
from envsync.gateways.team import Team
from envsync.places import Secret

BLOCK = 1 << 18
"""Bytes taken at once from the program."""


class Source(Protocol):
    """Gives bytes, as files do."""

    def read(self, size: int, /) -> bytes | None: ...


Sink = Callable[[bytes], object]


@contextmanager
def encrypting(recipients: Sequence[str], onward: Sink, scope: Scope) -> Iterator[Sink]:
    """Take bytes for the length of a block, and send them on encrypted, from another thread.

    Once the block has ended all of them have been sent on.
    """
    with (
        _running("encrypt", recipients, scope) as child,
        _thread("encrypt", child, scope) as team,
    ):
        sent = team.start(_drain, child, onward)
        with child.stdin as stdin:
            yield stdin.write
        sent.result()


class DecryptionError(CommandError):
    """What was read cannot be decrypted: it is not whole, not genuine, or for others."""


@dataclass(frozen=True, slots=True)
class Decrypted:
    """A stream of decrypted bytes; `settle`, called at its end, raises what went wrong."""

    content: BufferedReader
    settle: Callable[[], None]


@contextmanager
def decrypting(source: Source, identity: Secret, scope: Scope) -> Iterator[Decrypted]:
    """Read a stream decrypted; another thread takes it from its source."""
    with (
        sealed("identity", reveal(identity, "key").encode()) as file,
        _running("decrypt", (path(file),), scope, file) as child,
        _thread("decrypt", child, scope) as team,
    ):
        fed = team.start(_feed, child, source)

        def settle() -> None:
            fed.result()
            try:
                child.wait()
            except CommandError as error:
                raise DecryptionError(child.said[-1] if child.said else str(error)) from error

        try:
            yield Decrypted(child.stdout, settle)
        finally:
            # Whoever leaves before the end would have the thread wait for ever.
            child.stop()


@contextmanager
def _running(action: str, keys: Sequence[str], scope: Scope, *files: int) -> Iterator[Child]:
    argv = (sys.executable, "-I", program.__file__, action, *keys)
    given = Surroundings(descriptors=files, name="age")
    with running(argv, scope, given, stdin=PIPE, stdout=PIPE) as child:
        yield child


@contextmanager
def _thread(name: str, child: Child, scope: Scope) -> Iterator[Team]:
    """Have a thread that ends with the program: what it waits for is the program's pipe."""
    with Team(scope, 1, name) as team:
        team.scope.register(child.stop)
        yield team


def _drain(child: Child, onward: Sink) -> None:
    for block in iter(partial(child.stdout.read1, BLOCK), b""):
        onward(block)


def _feed(child: Child, source: Source) -> None:
    """Give a program all of a source; one that has ended tells by itself why."""
    with suppress(BrokenPipeError), child.stdin as stdin:
        while block := source.read(BLOCK):
            stdin.write(block)
