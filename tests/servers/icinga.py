"""A real Icinga 2 on loopback with a CA of its own: hosts and services are defined as tests ask."""

import getpass
import grp
import json
import os
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from envsync.places import IcingaApi, Secret
from tests.servers.availability import unavailable
from tests.servers.ports import free_port
from tests.servers.waiting import until

USER = "envsync"
PASSWORD = "p:a\"s's\\w%s ö;{}"
ADMIN = httpx.BasicAuth("admin", "of the tests")
CONFIG = """\
const NodeName = "localhost"
const ZoneName = "localhost"
const TicketSalt = ""
object Endpoint "localhost" {{}}
object Zone "localhost" {{ endpoints = [ "localhost" ] }}
library "checker"
object CheckerComponent "checker" {{}}
object ApiListener "api" {{ bind_host = "127.0.0.1"; bind_port = {port} }}
object ApiUser "admin" {{ password = "of the tests"; permissions = [ "*" ] }}
object ApiUser "envsync" {{
  password = {password}
  permissions = [ "actions/process-check-result" ]
}}
object ApiUser "reader" {{ password = {password}; permissions = [ "objects/query/*" ] }}
object CheckCommand "passive" {{ command = [ "/bin/true" ] }}
"""


@dataclass(frozen=True, slots=True)
class IcingaServer:
    """The server: where it listens, and the folder with its keys, its CA and a password file."""

    port: int
    folder: Path

    @property
    def ca(self) -> str:
        return str(self.folder / "lib/ca/ca.crt")

    @property
    def password(self) -> Secret:
        return Secret("file", str(self.folder / "password"))

    @property
    def place(self) -> IcingaApi:
        return IcingaApi(f"https://localhost:{self.port}", USER, self.password, self.ca)

    def define(self, host: str, *services: str, passive: bool = True) -> None:
        """Make a host with services, unless they exist."""
        self._create(f"hosts/{quote(host)}", passive=passive)
        for service in services:
            self._create(f"services/{quote(f'{host}!{service}', safe='')}", passive=passive)

    def result(self, host: str, service: str) -> tuple[int, str] | None:
        """Return code and text of the last result of a service; None if there is none."""
        name = quote(f"{host}!{service}", safe="")
        answer = self._ask("GET", f"objects/services/{name}").raise_for_status().json()
        last = answer["results"][0]["attrs"]["last_check_result"]
        return None if last is None else (int(last["state"]), str(last["output"]))

    def listens(self) -> bool:
        """Tell whether the API answers."""
        try:
            return self._ask("GET", "status").is_success
        except httpx.TransportError:
            return False

    def _create(self, path: str, *, passive: bool) -> None:
        attributes = {
            "check_command": "passive",
            "enable_active_checks": False,
            "enable_passive_checks": passive,
        }
        answer = self._ask("PUT", f"objects/{path}", {"attrs": attributes})
        assert answer.is_success or "already exists" in answer.text, answer.text

    def _ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        trust = ssl.create_default_context(cafile=self.ca)
        trust.verify_flags &= ~ssl.VERIFY_X509_STRICT
        with httpx.Client(verify=trust, auth=ADMIN, trust_env=False, timeout=20) as client:
            url = f"https://localhost:{self.port}/v1/{path}"
            return client.request(method, url, json=body, headers={"Accept": "application/json"})


@pytest.fixture(scope="session")
def icinga(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IcingaServer]:
    program = shutil.which("icinga2", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is None:
        unavailable("install the Debian package icinga2")
    server = IcingaServer(free_port(), tmp_path_factory.mktemp("icinga"))
    _configure(server)
    _make_keys(program, server.folder)
    daemon = _start(program, server.folder)
    try:
        until(server.listens, "icinga 2")
        yield server
    finally:
        _stop(daemon)


def _configure(server: IcingaServer) -> None:
    for folder in ("etc/features-enabled", "lib/certs", "lib/ca", "run", "cache", "log", "spool"):
        (server.folder / folder).mkdir(parents=True)
    password = json.dumps(PASSWORD, ensure_ascii=False)
    (server.folder / "etc/icinga2.conf").write_text(
        CONFIG.format(port=server.port, password=password)
    )
    Path(server.password.name).touch(0o600)
    Path(server.password.name).write_text(f"{PASSWORD}\n")


def _make_keys(program: str, folder: Path) -> None:
    certificates = folder / "lib/certs"
    key, csr, crt = (str(certificates / f"localhost.{kind}") for kind in ("key", "csr", "crt"))
    for arguments in (
        ("new-ca",),
        ("new-cert", "--cn", "localhost", "--key", key, "--csr", csr),
        ("sign-csr", "--csr", csr, "--cert", crt),
    ):
        verb, *rest = arguments
        argv = (program, "pki", verb, *_defines(folder), *rest)
        subprocess.run(argv, env=_environment(folder), check=True, capture_output=True)
    shutil.copy(folder / "lib/ca/ca.crt", certificates / "ca.crt")


def _start(program: str, folder: Path) -> subprocess.Popen[bytes]:
    argv = (program, "daemon", *_defines(folder), "-c", str(folder / "etc/icinga2.conf"))
    with (folder / "out").open("wb") as out:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=_environment(folder),
            start_new_session=True,
        )


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait()


def _defines(folder: Path) -> tuple[str, ...]:
    places = {
        "DataDir": "lib",
        "ConfigDir": "etc",
        "CacheDir": "cache",
        "LogDir": "log",
        "InitRunDir": "run",
        "SpoolDir": "spool",
    }
    group = grp.getgrgid(os.getgid()).gr_name
    return (
        *(f"-D{name}={folder / place}" for name, place in places.items()),
        f"-DRunAsUser={getpass.getuser()}",
        f"-DRunAsGroup={group}",
    )


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(folder)}
