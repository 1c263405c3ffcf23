"""A real rsync daemon and a real sshd on loopback, each with a configuration of its own."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from envsync.places import RsyncDaemon, RsyncShell, Secret
from tests.servers.availability import unavailable
from tests.servers.ports import free_port
from tests.servers.waiting import until

PASSWORD = "p: ss'w\"rd ;%2F#ünï"
_DAEMON = """
use chroot = no
{identity}
log file = {folder}/log
pid file = {folder}/pid
timeout = 60
[open]
path = {folder}/open
read only = no
[locked]
path = {folder}/locked
read only = no
auth users = envsync
secrets file = {folder}/secrets
[reading]
path = {folder}/open
read only = yes
[keeping]
path = {folder}/open
read only = no
refuse options = delete
[small]
path = {folder}/small
read only = no
"""
_SSHD = """
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin yes
"""


@dataclass(frozen=True, slots=True)
class RsyncServer:
    """A daemon with modules: open, locked (a password), reading, keeping (no deletions), small."""

    port: int
    folder: Path

    def storage(self, module: str, user: str | None = None) -> RsyncDaemon:
        password = Secret("file", str(self.password)) if user else None
        return RsyncDaemon("127.0.0.1", module, self.port, user, password)

    @property
    def password(self) -> Path:
        return self.folder / "password"

    def root(self, module: str) -> Path:
        return self.folder / module


@dataclass(frozen=True, slots=True)
class SshServer:
    """An sshd that knows one key, and the files a client needs."""

    port: int
    folder: Path

    @property
    def identity(self) -> Path:
        return self.folder / "our key"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known hosts"

    def storage(self, directory: Path) -> RsyncShell:
        user = pwd.getpwuid(os.getuid()).pw_name
        files = (str(self.identity), str(self.known_hosts))
        return RsyncShell("127.0.0.1", str(directory), self.port, user, *files)


@pytest.fixture(scope="session")
def rsync_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RsyncServer]:
    program = _program("rsync", "rsync")
    server = RsyncServer(free_port(), tmp_path_factory.mktemp("rsyncd"))
    for module in ("open", "locked", "small"):
        server.root(module).mkdir()
    _write(server.folder / "secrets", f"envsync:{PASSWORD}\n")
    _write(server.password, PASSWORD)
    configuration = server.folder / "rsyncd.conf"
    # As root it would become nobody, who may not look into the folders of tests.
    identity = "uid = root\ngid = root" if os.geteuid() == 0 else ""
    configuration.write_text(_DAEMON.format(folder=server.folder, identity=identity))
    argv = (program, "--daemon", "--no-detach", f"--config={configuration}")
    with _listening((*argv, f"--port={server.port}", "--address=127.0.0.1"), server.port):
        yield server


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    program = _program("sshd", "openssh-server")
    server = SshServer(free_port(), tmp_path_factory.mktemp("sshd"))
    keygen = _program("ssh-keygen", "openssh-client")
    for key in (server.folder / "host", server.identity):
        subprocess.run((keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(key)), check=True)
    shutil.copy(server.folder / "our key.pub", server.folder / "authorized")
    host = (server.folder / "host.pub").read_text()
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {host}")
    configuration = server.folder / "sshd_config"
    configuration.write_text(_SSHD.format(folder=server.folder))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    argv = (program, "-D", "-e", "-f", str(configuration), "-p", str(server.port))
    with _listening(argv, server.port):
        yield server


def _program(name: str, package: str) -> str:
    program = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is None:
        unavailable(f"install the Debian package {package}")
    return program


def _write(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text)


@contextmanager
def _listening(argv: Sequence[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: _is_reached(port), f"{argv[0]} on port {port}")
        yield
    finally:
        process.terminate()
        process.wait()


def _is_reached(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
