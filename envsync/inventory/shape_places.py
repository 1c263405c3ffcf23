"""The shapes of servers in an inventory, of their reboot locks, and of monitoring."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from envsync.inventory.model import Dbms
from envsync.inventory.scalars import (
    FileName,
    Folder,
    Host,
    HttpsUrl,
    Key,
    Name,
    Repository,
    Size,
    Text,
    Title,
)
from envsync.inventory.shape_base import Count, Port, SecretShape, Shape, mistake
from envsync.places import TlsMode


class RebootLockShape(Shape):
    """The file that exists while a step runs on a machine, and keeps it from rebooting."""

    directory: Folder = Field(description="the folder that is looked into before a reboot")
    name: FileName = Field(description="the name of the file")


class _IcingaShape(Shape):
    service_prefix: Title = Field(
        default="envsync", description="what every service's name starts with, before the title"
    )
    report_as: Text | None = Field(
        default=None, description="the host results are reported for; absent: the machine's name"
    )


class NscaShape(_IcingaShape):
    """Icinga, reached through send_nsca."""

    transport: Literal["nsca"] = Field(description="the way results travel")
    host: Host = Field(description="the host of the NSCA daemon")
    port: Port = Field(default=5667, description="the port of the NSCA daemon")
    config: Folder = Field(
        default="/etc/send_nsca.cfg", description="send_nsca's own file, with the password"
    )


class IcingaApiShape(_IcingaShape):
    """Icinga 2, reached through its REST API."""

    transport: Literal["api"] = Field(description="the way results travel")
    url: HttpsUrl = Field(description="the address of the API, such as https://icinga:5665")
    user: Text = Field(description="the API user")
    password: SecretShape = Field(description="where its password is: {env: NAME} or {file: PATH}")
    tls_ca: Folder | None = Field(
        default=None, description="the certificate authority's file; absent: the system's"
    )


IcingaShape = Annotated[NscaShape | IcingaApiShape, Field(discriminator="transport")]


class ServerShape(Shape):
    """A database server."""

    dbms: Annotated[Dbms, Field(strict=False)] = Field(description="the kind of server")
    host: Host = Field(description="the full host name, or the folder of a socket")
    port: Port | None = Field(
        default=None, description="the port it listens on; absent: the usual one of its kind"
    )
    user: Text | None = Field(default=None, description="the role to connect as")
    password: SecretShape | None = Field(
        default=None, description="where the password is: {env: NAME} or {file: PATH}"
    )
    tls: TlsMode = Field(default="verify-full", description="how far its certificate is checked")
    tls_ca: Folder | None = Field(
        default=None, description="the certificate authority's file; absent: the client's own way"
    )
    maintenance_database: Name = Field(
        default="postgres", description="the database to connect to while others are renamed"
    )
    auth_source: Name = Field(
        default="admin", description="mongo: the database in which the user is known"
    )
    replica_set: Text | None = Field(
        default=None,
        description="mongo: the replica set to look for the primary in; absent: this host alone",
    )
    push_from: Literal["primary", "secondary"] = Field(
        default="primary", description="mongo: which member of a replica set is pushed from"
    )
    documentdb: bool = Field(
        default=False,
        description="mongo: whether it is Amazon DocumentDB; detected where it can be",
    )
    machine: Key = Field(description="the machine that can reach it, where its steps run")
    max_parallel: Count = Field(default=1, description="how many steps it bears at once")
    disk: Size | None = Field(
        default=None, description='the size of its disk, such as "500GiB"; absent: not checked'
    )
    repository: Repository | None = Field(
        default=None,
        description="elasticsearch: the repository of snapshots; absent: that of the storage",
    )
    scratch: bool = Field(
        default=False,
        description="whether it is for restore drills and cleaning only, with no database on it",
    )

    @model_validator(mode="after")
    def _has_what_its_kind_has(self) -> Self:
        if self.repository is not None and self.dbms is not Dbms.ELASTICSEARCH:
            raise mistake(
                "repository",
                f"'repository' means nothing on a {self.dbms} server",
                "a repository of snapshots where 'dbms' is 'elasticsearch'",
            )
        return self
