"""What clients ask of servers, read off the wire: PostgreSQL's protocol, MySQL's, and HTTP.

A reader takes bytes as they come and yields pieces of them, each with the question it ends: what
is put before a question has to be carried on first. Only what is not encrypted can be read.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Protocol

from bson.raw_bson import RawBSONDocument

Piece = tuple[bytes, str | None]
"""Bytes to be carried on, and the question they ask, if they ask one."""


class Reader(Protocol):
    """Reads one connection, from its first byte on."""

    def read(self, received: bytes) -> Iterator[Piece]:
        """Take bytes; yield all of them in pieces, each as soon as it is whole."""


class Postgresql:
    """Statements, simple or prepared, with the database in front: `app: DROP TABLE people`."""

    _VERSION_3 = 196608
    _ANSWERED_BY_A_BYTE = (80877103, 80877104)

    def __init__(self) -> None:
        self._rest = b""
        self._database: str | None = None
        self._prepared: dict[bytes, bytes] = {}

    def read(self, received: bytes) -> Iterator[Piece]:
        self._rest += received
        while (size := self._size()) and len(self._rest) >= size:
            message, self._rest = self._rest[:size], self._rest[size:]
            yield message, self._question(message)

    def _size(self) -> int:
        """Return the size of the message that has begun; 0 while that is not known."""
        typed = self._database is not None
        if len(self._rest) < 4 + typed:
            return 0
        (size,) = struct.unpack_from("!I", self._rest, typed)
        return int(size) + typed

    def _question(self, message: bytes) -> str | None:
        if self._database is None:
            self._begin(message)
            return None
        text = self._statement(message[:1], message[5:].split(b"\0"))
        return f"{self._database}: {text.decode(errors='replace')}" if text is not None else None

    def _statement(self, kind: bytes, texts: list[bytes]) -> bytes | None:
        """Return the text of a statement that is sent, or of one that was prepared before."""
        if kind == b"Q":
            return texts[0]
        if kind == b"P":
            self._prepared[texts[0]] = texts[1]
            return texts[1]
        return self._prepared.get(texts[1]) if kind == b"B" and texts[1] else None

    def _begin(self, message: bytes) -> None:
        (code,) = struct.unpack_from("!I", message, 4)
        if code in self._ANSWERED_BY_A_BYTE:
            return
        words = message[8:].split(b"\0") if code == self._VERSION_3 else []
        given = dict(zip(words[::2], words[1::2], strict=False))
        self._database = given.get(b"database", b"").decode(errors="replace")


class Mysql:
    """Statements as they are sent."""

    _QUERY = 3

    def __init__(self) -> None:
        self._rest = b""

    def read(self, received: bytes) -> Iterator[Piece]:
        self._rest += received
        while len(self._rest) >= 4:
            size = 4 + int.from_bytes(self._rest[:3], "little")
            if len(self._rest) < size:
                return
            packet, self._rest = self._rest[:size], self._rest[size:]
            asks = packet[3] == 0 and packet[4:5] == bytes([self._QUERY])
            yield packet, packet[5:].decode(errors="replace") if asks else None


class Mongo:
    """Commands of MongoDB's protocol, with their database in front: `app: insert people`.

    What a client asks of a server to keep its connection is none.
    """

    _MESSAGE = 2013
    _HEADER = struct.Struct("<iiii")
    _KEEPING = frozenset({"hello", "isMaster", "ping", "saslStart", "saslContinue", "endSessions"})

    def __init__(self) -> None:
        self._rest = b""

    def read(self, received: bytes) -> Iterator[Piece]:
        self._rest += received
        while len(self._rest) >= self._HEADER.size:
            size, _, _, kind = self._HEADER.unpack_from(self._rest)
            if len(self._rest) < size:
                return
            message, self._rest = self._rest[:size], self._rest[size:]
            yield message, self._question(message) if kind == self._MESSAGE else None

    def _question(self, message: bytes) -> str | None:
        """Return the command of a message, which is all of its first section."""
        body = message[self._HEADER.size + 5 :]
        (size,) = struct.unpack_from("<i", body)
        command = RawBSONDocument(body[:size])
        name = next(iter(command))
        if name in self._KEEPING:
            return None
        about = command[name] if isinstance(command[name], str) else ""
        return f"{command['$db']}: {name} {about}".rstrip()


class Http:
    """Requests: their method and their target."""

    def __init__(self) -> None:
        self._head = b""
        self._body = 0

    def read(self, received: bytes) -> Iterator[Piece]:
        while received:
            if self._body:
                piece, received = received[: self._body], received[self._body :]
                self._body -= len(piece)
                yield piece, None
                continue
            self._head, found, received = (self._head + received).partition(b"\r\n\r\n")
            if found:
                yield self._head + found, self._question()
                self._head = b""

    def _question(self) -> str:
        line, *headers = self._head.decode("latin-1").split("\r\n")
        for header in headers:
            name, _, value = header.partition(":")
            if name.lower() == "content-length":
                self._body = int(value)
        return " ".join(line.split()[:2])


MakeReader = Callable[[], Reader]
