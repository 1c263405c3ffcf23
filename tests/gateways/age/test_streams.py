"""Streams through the program that encrypts: whole, bounded, and ended in every way."""

import io
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from envsync.errors import CommandError, InterruptedStepError, UnavailableError
from envsync.gateways.age.streams import DecryptionError, decrypting, encrypting
from envsync.gateways.scope import Scope
from envsync.places import Secret
from tests.servers.availability import unavailable

IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())
MIB = bytes(range(256)) * 4096


@pytest.fixture
def key(tmp_path: Path) -> Secret:
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_text(f"# created: 2026-11-20\n# public key: {RECIPIENT}\n{IDENTITY}\n")
    return Secret("file", str(file))


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """No thread and no program is left by any test."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    assert "age/program.py" not in "".join(
        Path(f"/proc/{child}/cmdline").read_text() for child in children.split()
    )


def encrypted(content: bytes, recipients: tuple[str, ...] = (RECIPIENT,)) -> bytes:
    sent: list[bytes] = []
    with encrypting(recipients, sent.append, Scope()) as send:
        send(content)
    return b"".join(sent)


def decrypted(content: bytes, key: Secret) -> bytes:
    with decrypting(io.BytesIO(content), key, Scope()) as stream:
        plain = stream.content.read()
        stream.settle()
    return plain


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 5 << 20])
def test_what_is_encrypted_is_decrypted_to_what_it_was(size: int, key: Secret) -> None:
    content = (MIB * 5)[:size]
    sent = encrypted(content)
    assert sent.startswith(b"age-encryption.org/v1\n")
    assert content[:64] not in sent or size < 2
    assert decrypted(sent, key) == content


def test_what_is_encrypted_can_be_read_by_others(key: Secret) -> None:
    assert pyrage.decrypt(encrypted(MIB), [IDENTITY]) == MIB
    assert decrypted(pyrage.encrypt(MIB, [IDENTITY.to_public()]), key) == MIB


@pytest.mark.parametrize("kind", [("ed25519",), ("rsa", "-b", "2048")])
def test_keys_of_ssh_do_as_well(kind: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "key"
    keygen = shutil.which("ssh-keygen") or unavailable("install the Debian package openssh-client")
    subprocess.run((keygen, "-q", "-t", *kind, "-N", "", "-f", file), check=True)
    public = (tmp_path / "key.pub").read_text().strip()
    sent = encrypted(MIB, (RECIPIENT, public))
    assert decrypted(sent, Secret("file", str(file))) == MIB


@pytest.mark.parametrize("end", [-1, 100, 70_000])
def test_a_stream_cut_short_is_never_taken_for_whole(end: int, key: Secret) -> None:
    with pytest.raises(DecryptionError):
        decrypted(encrypted(MIB)[:end], key)


@pytest.mark.parametrize("at", [30, 300_000, -1])
def test_an_altered_byte_is_found_out(at: int, key: Secret) -> None:
    content = bytearray(encrypted(MIB))
    content[at] ^= 1
    with pytest.raises(DecryptionError):
        decrypted(bytes(content), key)


def test_another_s_stream_is_not_read(key: Secret) -> None:
    other = str(pyrage.x25519.Identity.generate().to_public())
    with pytest.raises(DecryptionError, match="No matching keys found"):
        decrypted(encrypted(MIB, (other,)), key)


def test_memory_stays_bounded_while_the_storage_is_slow() -> None:
    """A sink that takes nothing brings the source to a stop, well before it has given all."""
    taken, open_ = threading.Event(), threading.Event()

    def slow(block: bytes) -> None:
        taken.set()
        open_.wait()

    given = 0

    def give() -> None:
        nonlocal given
        with encrypting((RECIPIENT,), slow, Scope()) as send:
            for _ in range(32):
                send(MIB)
                given += 1

    thread = threading.Thread(target=give)
    thread.start()
    taken.wait(120)
    time.sleep(1)
    stopped_at = given
    open_.set()
    thread.join(120)
    assert stopped_at < 6
    assert given == 32


def test_a_failing_storage_is_what_is_told() -> None:
    def full(block: bytes) -> None:
        raise UnavailableError("the disk is full")

    def give() -> None:
        with encrypting((RECIPIENT,), full, Scope()) as send:
            for _ in range(64):
                send(MIB)

    with pytest.raises(UnavailableError, match="the disk is full"):
        give()


def test_a_failing_source_is_what_is_told() -> None:
    sent: list[bytes] = []

    def give() -> None:
        with encrypting((RECIPIENT,), sent.append, Scope()) as send:
            send(MIB)
            raise CommandError("pg_dump failed")

    with pytest.raises(CommandError, match="pg_dump failed"):
        give()


class Endless(io.RawIOBase):
    """A source that never ends; it fails, or has the step cancelled, after some blocks."""

    def __init__(self, after: int, scope: Scope, error: CommandError | None) -> None:
        super().__init__()
        self._left = after
        self._scope = scope
        self._error = error
        self._content = encrypted(MIB * 8)
        self._at = 0

    def read(self, size: int = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0 and self._error:
            raise self._error
        if self._left < 0:
            self._scope.cancel("interrupted by SIGTERM")
        block = self._content[self._at : self._at + size]
        self._at += len(block)
        return block


def test_a_download_that_fails_is_what_is_told(key: Secret) -> None:
    lost = UnavailableError("lost the connection")

    def take() -> None:
        scope = Scope()
        with decrypting(Endless(3, scope, lost), key, scope) as stream:
            while stream.content.read(1 << 20):
                pass
            stream.settle()

    with pytest.raises(UnavailableError, match="lost the connection"):
        take()


def test_a_cancelled_step_ends_promptly_either_way(key: Secret) -> None:
    began = time.monotonic()

    def take() -> None:
        scope = Scope()
        with decrypting(Endless(3, scope, None), key, scope) as stream:
            while stream.content.read(1 << 20):
                pass
            stream.settle()

    def give() -> None:
        scope = Scope()
        signal = threading.Timer(0.5, scope.cancel, ("interrupted by SIGTERM",))
        signal.start()
        try:
            with encrypting((RECIPIENT,), lambda block: time.sleep(0.2), scope) as send:
                while True:
                    send(MIB)
        finally:
            signal.join()

    for cancelled in (take, give):
        with pytest.raises(InterruptedStepError, match="interrupted by SIGTERM"):
            cancelled()
    assert time.monotonic() - began < 30


def test_who_stops_reading_is_not_kept_waiting(key: Secret) -> None:
    content, stopped = encrypted(MIB * 8), 0.0

    def take() -> None:
        nonlocal stopped
        with decrypting(io.BytesIO(content), key, Scope()) as stream:
            stream.content.read(10)
            stopped = time.monotonic()
            raise CommandError("the target refused")

    with pytest.raises(CommandError, match="the target refused"):
        take()
    assert time.monotonic() - stopped < 3
