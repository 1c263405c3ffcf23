"""The belt between the one thread that reads rows and those that load them; it holds only a few."""

import threading
from collections import Counter, deque

from envsync.gateways.postgresql.archive import Entry
from envsync.gateways.postgresql.copy_text import Piece
from envsync.gateways.scope import Scope

DEPTH = 6
"""Pieces that may wait: with blocks of half a MiB, what keeps loaders busy and memory small."""


class Belt:
    """Pieces in order; several loaders may share a table, one of them at a time a row in parts."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._changed = threading.Condition()
        self._pieces: deque[Piece] = deque()
        self._finished = False
        self._loaders: Counter[int] = Counter()
        self._ended: set[int] = set()
        self._in_row: int | None = None
        scope.register(self._wake)

    def put(self, piece: Piece) -> None:
        """Lay down a piece once there is room for it."""
        with self._changed:
            while len(self._pieces) >= DEPTH:
                self._wait()
            self._pieces.append(piece)
            self._changed.notify_all()

    def finish(self) -> None:
        """Say that there will be no more."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def take(self) -> Piece | None:
        """Take the next piece of whatever table; None at the end of all.

        The table is then being loaded by this thread until `leave`.
        """
        with self._changed:
            while not self._free():
                if self._finished and not self._pieces:
                    return None
                self._wait()
            piece = self._taken()
            self._loaders[piece.entry.dump_id] += 1
            return piece

    def more(self, entry: Entry) -> Piece | None:
        """Take the next piece of the same table; None where the table has no more."""
        with self._changed:
            while not self._free():
                if entry.dump_id in self._ended:
                    return None
                self._wait()
            return self._taken() if self._pieces[0].entry is entry else None

    def leave(self, entry: Entry) -> bool:
        """Load a table no more; tells whether all of it has been loaded, by all who did."""
        with self._changed:
            self._loaders[entry.dump_id] -= 1
            return entry.dump_id in self._ended and not self._loaders[entry.dump_id]

    def _free(self) -> bool:
        """Tell whether there is a piece for this thread: a row in parts is all for one loader."""
        return bool(self._pieces) and self._in_row in {None, threading.get_ident()}

    def _taken(self) -> Piece:
        piece = self._pieces.popleft()
        self._in_row = None if piece.ends_row else threading.get_ident()
        if piece.last:
            self._ended.add(piece.entry.dump_id)
        self._changed.notify_all()
        return piece

    def _wait(self) -> None:
        self._scope.check()
        self._changed.wait()
        self._scope.check()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
