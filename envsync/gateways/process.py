"""Child programs: started without a terminal, ended with the step, and heard when they fail."""

import fcntl
import os
import re
import shutil
import signal
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BufferedReader, BufferedWriter
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from types import TracebackType
from typing import IO, Self

from envsync.errors import CommandError
from envsync.gateways.scope import Scope

PATIENCE = 5.0
"""Seconds a child has to end by itself once it was asked to."""
PIPE_BYTES = 1 << 20
"""Room in a pipe: programs that write a page at a time then take fewer turns with their reader."""
_LINES_KEPT = 40
_LINE_BYTES = 2000
_LINES_TOLD = 4
# A server names what its errors are about, and quotes a value behind a colon, or the word itself.
_VALUES = re.compile(r"(ERROR: .*?(?:: |\bvalue ))[\"'\u00ab\u201e\u201c\u2018\u2039].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a child gets besides its arguments: all of its variables, and open descriptors.

    `name` is what it is called where it fails, if not by its file's name.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()
    name: str = ""


class Child:
    """A running program; whoever writes to its stdin closes it."""

    def __init__(
        self, argv: Sequence[str], surroundings: Surroundings, stdin: int, stdout: int
    ) -> None:
        self._name = surroundings.name or Path(argv[0]).name
        try:
            self._process: Popen[bytes] = Popen(
                (*_dying_with_us(), *argv),
                stdin=stdin,
                stdout=stdout,
                stderr=PIPE,
                env=dict(surroundings.variables),
                pass_fds=surroundings.descriptors,
                start_new_session=True,
            )
        except OSError as error:
            raise CommandError(f"cannot start {argv[0]}: {error.strerror}") from error
        for pipe in (self._process.stdin, self._process.stdout):
            _widen(pipe)
        self._said: deque[str] = deque(maxlen=_LINES_KEPT)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def stdin(self) -> BufferedWriter:
        """The pipe to a child that was started with one."""
        if not isinstance(self._process.stdin, BufferedWriter):
            raise TypeError("the child was started without a pipe to it")
        return self._process.stdin

    @property
    def stdout(self) -> BufferedReader:
        """The pipe from a child that was started with one."""
        return _reader(self._process.stdout)

    @property
    def said(self) -> tuple[str, ...]:
        """The last lines of its stderr; they are whole once it has been waited for."""
        return tuple(self._said)

    def wait(self) -> None:
        """Wait for the child's end; raises CommandError with its own last words if it failed."""
        code = self._process.wait()
        self._listener.join(PATIENCE)
        if code:
            raise CommandError(f"{self._name} failed: {self._last_words(code)}")

    def stop(self) -> None:
        """End the child and what it started; safe at any time, from any thread.

        It is asked first: PostgreSQL's programs then cancel their statements on the server.
        """
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            if not self._ended_by_itself():
                self._signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, BrokenPipeError):
            self._ended_by_itself()
        self.stop()
        self._process.wait()
        self._listener.join(PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()
        if isinstance(error, BrokenPipeError):
            self.wait()

    def _ended_by_itself(self) -> bool:
        with suppress(TimeoutExpired):
            self._process.wait(PATIENCE)
        return self._process.returncode is not None

    def _signal(self, number: signal.Signals) -> None:
        # A child that has been waited for has no group any more, and its number may be another's.
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _listen(self) -> None:
        # Closed by whom reads it: what the child has left running may hold the other end for ever.
        with _reader(self._process.stderr) as stderr:
            while line := stderr.readline(_LINE_BYTES):
                self._said.append(line.decode(errors="replace").rstrip())

    def _last_words(self, code: int) -> str:
        """Tell what the child said of itself; the rest may quote rows."""
        prefix = f"{self._name}: "
        own = [
            _VALUES.sub(r"\1…", line.removeprefix(prefix))
            for line in self._said
            if line.startswith(prefix)
        ]
        if code < 0:
            own.append(f"it was ended by {signal.Signals(-code).name}")
        return "; ".join((own or list(self._said))[-_LINES_TOLD:]) or f"exit code {code}"


@contextmanager
def running(
    argv: Sequence[str],
    scope: Scope,
    surroundings: Surroundings,
    *,
    stdin: int = DEVNULL,
    stdout: int = DEVNULL,
) -> Iterator[Child]:
    """Run a program for the length of a block, then wait for it to succeed.

    It ends when the block fails, when the step is cancelled, and when envsync itself is killed.
    """
    scope.check()
    with Child(argv, surroundings, stdin, stdout) as child, scope.stoppable(child.stop):
        yield child
        child.wait()


def _dying_with_us() -> tuple[str, ...]:
    """Wrap a program so that the kernel ends it if we are killed (prctl, PR_SET_PDEATHSIG).

    A preexec_fn could do the same, but is not safe in a program with threads (subprocess manual).
    Without setpriv a child still ends with its pipes.
    """
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--") if setpriv else ()


def _widen(pipe: IO[bytes] | None) -> None:
    # The kernel refuses once all pipes of a user take too much; a narrow one works as well.
    if pipe is not None:
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _reader(pipe: IO[bytes] | None) -> BufferedReader:
    if not isinstance(pipe, BufferedReader):
        raise TypeError("the child was started without a pipe from it")
    return pipe
