"""What monitoring is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from envsync.commands import Command
from envsync.places import Transport


class CheckCode(IntEnum):
    """What a passive check result says of a service, as monitoring numbers it."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Report(Command):
    """Tell monitoring how a step ended: one passive check result for one service of one host."""

    transport: Transport
    host: str
    service: str
    code: CheckCode
    message: str

    def lines(self) -> Iterator[str]:
        service = f"{self.host}!{self.service}"
        yield f"report {self.transport.url}: {service} [{self.code}] {self.message}"
