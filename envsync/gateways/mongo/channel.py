"""A channel between threads: a few items at a time, and nobody waits in it once the step ends."""

import threading
from collections import deque
from typing import Generic, TypeVar

from envsync.gateways.scope import Scope

T = TypeVar("T")


class Channel(Generic[T]):
    """Items on their way; `put` waits for room, `get` for an item or for the end."""

    def __init__(self, scope: Scope, room: int) -> None:
        self._scope = scope
        self._room = room
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False
        scope.register(self._wake)

    def put(self, item: T) -> None:
        with self._changed:
            while len(self._items) >= self._room:
                self._scope.check()
                self._changed.wait()
            self._scope.check()
            self._items.append(item)
            self._changed.notify_all()

    def get(self) -> T | None:
        """Return the next item; None once the channel is closed and empty."""
        with self._changed:
            while not self._items:
                self._scope.check()
                if self._closed:
                    return None
                self._changed.wait()
            self._scope.check()
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Say that no more items come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
