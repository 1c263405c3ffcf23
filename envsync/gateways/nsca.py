"""Check results through NSCA, by Debian's send_nsca.

NSCA never answers: a server that has another password drops a result in silence, and send_nsca
still says it was sent. What can be known is known here; the rest shows as a stale service.
"""

import math
import os
import shutil
import socket
import subprocess

from envsync.commands.reports import Report
from envsync.errors import CommandError, UnavailableError
from envsync.places import Nsca

_SENT = "sent to host successfully"
_HOST_BYTES = 63
_SERVICE_BYTES = 127
_TEXT_BYTES = 4000
# An initialisation vector of 128 bytes and a time of 4 (nsca/include/common.h, init_packet).
_GREETING_BYTES = 132


def deliver(nsca: Nsca, report: Report, timeout: float) -> None:
    """Hand a result to send_nsca; raises UnavailableError when it was not sent."""
    line = _line(report)
    argv = _argv(nsca, timeout)
    try:
        done = subprocess.run(
            argv,
            input=line,
            env={"LANG": "C.UTF-8"},
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(
            f"cannot report to {nsca.url}: no answer within {timeout:g} s"
        ) from None
    said = (done.stdout + done.stderr).decode(errors="replace")
    if done.returncode != 0 or _SENT not in said:
        raise UnavailableError(
            f"cannot report to {nsca.url}: send_nsca ended with {done.returncode} "
            f"saying {' '.join(said.split())!r}"
        )


def examine(nsca: Nsca, timeout: float) -> str:
    """Hear the greeting of the daemon: its first packet, which comes before any result is sent.

    Whether the password fits cannot be known: NSCA never says.
    """
    _argv(nsca, timeout)
    try:
        with socket.create_connection((nsca.host, nsca.port), timeout) as line:
            line.settimeout(timeout)
            greeting = line.recv(_GREETING_BYTES, socket.MSG_WAITALL)
    except OSError as error:
        raise UnavailableError(f"cannot report to {nsca.url}: {error.strerror or error}") from error
    if len(greeting) != _GREETING_BYTES:
        raise CommandError(
            f"cannot report to {nsca.url}: what answers there is no NSCA daemon; correct host and "
            "port under icinga: in the inventory"
        )
    return f"{nsca.url} answers (whether its password fits, NSCA never says)"


def _argv(nsca: Nsca, timeout: float) -> tuple[str, ...]:
    program = shutil.which("send_nsca", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is None:
        raise CommandError(
            f"cannot report to {nsca.url}: send_nsca is not installed; install the Debian package "
            "nsca-client, or say 'transport: api'"
        )
    if not os.access(nsca.config, os.R_OK):
        raise CommandError(
            f"cannot report to {nsca.url}: the configuration {nsca.config!r} cannot be read; "
            "send_nsca expects the password and encryption_method of the server there"
        )
    address = ("-H", nsca.host, "-p", str(nsca.port))
    return (program, *address, "-c", nsca.config, "-to", str(math.ceil(timeout)))


def _line(report: Report) -> bytes:
    host = _name("host", report.host, _HOST_BYTES)
    service = _name("service", report.service, _SERVICE_BYTES)
    text = report.message.encode(errors="replace")[:_TEXT_BYTES].decode(errors="ignore")
    return f"{host}\t{service}\t{int(report.code)}\t{text}\n".encode()


def _name(kind: str, name: str, limit: int) -> str:
    """Refuse a name NSCA would cut or take apart: the result would reach another service."""
    fits = 0 < len(name.encode(errors="replace")) <= limit
    if not fits or not name.isprintable() or ";" in name:
        raise CommandError(
            f"cannot report for the {kind} {name!r} through nsca; it carries names of 1 to {limit} "
            "bytes without ';' or control characters"
        )
    return name
