"""A real NSCA daemon on loopback, and what it has received."""

import getpass
import grp
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from envsync.places import Nsca
from tests.servers.availability import unavailable
from tests.servers.ports import free_port
from tests.servers.waiting import until

PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
DAEMON = """\
pid_file={folder}/pid
server_address=127.0.0.1
server_port={port}
nsca_user={user}
nsca_group={group}
debug=0
command_file={folder}/received
alternate_dump_file={folder}/dump
aggregate_writes=0
append_to_file=1
max_packet_age=30
password={password}
decryption_method=3
"""
CLIENT = "password={password}\nencryption_method=3\n"


@dataclass(frozen=True, slots=True)
class NscaServer:
    """The daemon: where it listens, and the folder with its files."""

    port: int
    folder: Path

    @property
    def place(self) -> Nsca:
        return Nsca("127.0.0.1", self.port, str(self.folder / "send_nsca.cfg"))

    def received(self, service: str) -> str:
        """Return the last result for a service, as code;text, once it has arrived."""
        until(lambda: bool(self._results(service)), f"a result for {service!r} at nsca")
        return self._results(service)[-1]

    def _results(self, service: str) -> list[str]:
        lines = (self.folder / "received").read_text().splitlines()
        found = (line.partition(f";{service};") for line in lines)
        return [rest for _, separator, rest in found if separator]


@pytest.fixture(scope="session")
def nsca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NscaServer]:
    with serving_nsca(tmp_path_factory.mktemp("nsca")) as server:
        yield server


@contextmanager
def serving_nsca(folder: Path) -> Iterator[NscaServer]:
    """Run a daemon with its files in a folder."""
    program = shutil.which("nsca", path=PATH)
    if program is None or shutil.which("send_nsca", path=PATH) is None:
        unavailable("install the Debian packages nsca and nsca-client")
    server = NscaServer(free_port(), folder)
    argv = (program, "-c", str(_configured(server)), "-f", "--single")
    with (server.folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until((server.folder / "pid").exists, "the nsca daemon")
        yield server
    finally:
        process.terminate()
        process.wait(60)


def _configured(server: NscaServer) -> Path:
    password = "s3cret-of-nsca"
    (server.folder / "received").touch()
    (server.folder / "send_nsca.cfg").write_text(CLIENT.format(password=password))
    config = server.folder / "nsca.cfg"
    config.write_text(
        DAEMON.format(
            folder=server.folder,
            port=server.port,
            user=getpass.getuser(),
            group=grp.getgrgid(os.getgid()).gr_name,
            password=password,
        )
    )
    return config
