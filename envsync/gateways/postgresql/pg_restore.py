"""pg_restore, told exactly which entries of an archive to restore."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from subprocess import DEVNULL, PIPE

from envsync.commands.postgresql import Restore
from envsync.gateways.memory import path, sealed
from envsync.gateways.postgresql.archive import Archive, Entry
from envsync.gateways.postgresql.clients import client_setting
from envsync.gateways.process import Child, running
from envsync.gateways.scope import Scope


@dataclass(frozen=True, slots=True)
class PgRestore:
    """One archive, as one client program restores parts of it into one target."""

    command: Restore
    archive: Archive
    options: str

    def create(
        self, entries: Iterable[Entry], scope: Scope, *, role: str | None, jobs: int = 1
    ) -> None:
        """Create what needs no rows from the archive; stops at the first error."""
        wanted = tuple(entries)
        if not wanted:
            return
        with sealed("archive", self.archive.header_and_contents) as file:
            arguments = (*self.command.into_target(role), f"--jobs={jobs}", path(file))
            with self._running(arguments, wanted, scope, file):
                pass

    @contextmanager
    def restoring(self, entries: Iterable[Entry], scope: Scope) -> Iterator[Child]:
        """Run a pg_restore that restores from the archive fed to it."""
        into_target = self.command.into_target(self.command.role)
        with self._running(into_target, entries, scope, stdin=PIPE) as child:
            yield child

    @contextmanager
    def writing(self, entries: Iterable[Entry], scope: Scope) -> Iterator[Child]:
        """Run a pg_restore that writes out, as a script, rows of the archive fed to it."""
        with self._running(("--file=-",), entries, scope, stdin=PIPE, stdout=PIPE) as child:
            yield child

    def feed(self, child: Child, following: Iterator[bytes], scope: Scope) -> None:
        """Give a child the whole archive.

        What it leaves is read all the same: only at its end is the archive known to be intact.
        """
        blocks = chain((self.archive.header_and_contents,), following)
        try:
            with child.stdin as stdin:
                for block in blocks:
                    stdin.write(block)
        except BrokenPipeError:
            for _ in blocks:
                scope.check()

    @contextmanager
    def _running(
        self,
        arguments: tuple[str, ...],
        entries: Iterable[Entry],
        scope: Scope,
        *files: int,
        stdin: int = DEVNULL,
        stdout: int = DEVNULL,
    ) -> Iterator[Child]:
        numbers = "".join(f"{entry.dump_id}\n" for entry in entries)
        endpoint = self.command.target.endpoint
        with ExitStack() as held:
            client = held.enter_context(client_setting(endpoint, self.options))
            wanted = held.enter_context(sealed("wanted", numbers.encode()))
            argv = (
                f"{self.command.client}/pg_restore",
                f"--use-list={path(wanted)}",
                *arguments,
            )
            surroundings = replace(client, descriptors=(*client.descriptors, wanted, *files))
            yield held.enter_context(running(argv, scope, surroundings, stdin=stdin, stdout=stdout))
