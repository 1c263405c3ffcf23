"""A source and a target bucket, each as its client reaches it, and what is said of their errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from botocore.exceptions import ClientError

from envsync.errors import CommandError
from envsync.gateways.storage.s3_bucket import Bucket
from envsync.gateways.storage.s3_client import s3_client
from envsync.gateways.storage.s3_errors import status, told
from envsync.places import BucketPlace

READING = "s3:ListBucket"
COPYING = (
    "s3:GetObject and s3:GetObjectTagging on the source, s3:PutObject and s3:PutObjectTagging on "
    "the target"
)
DELETING = "s3:DeleteObject"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the buckets; keys are told and compared without the prefix that all of them have."""

    bucket: Bucket
    place: BucketPlace

    def key(self, relative: str) -> str:
        return f"{self.place.prefix}{relative}"

    def url(self, relative: str) -> str:
        """Return an object's address, as it may be shown whatever its key holds."""
        shown = relative if relative.isprintable() else repr(relative)[1:-1]
        return f"{self.place.storage.url}/{self.place.prefix}{shown}"


@dataclass(frozen=True, slots=True)
class Sides:
    """Where objects come from and where they go."""

    source: Side
    target: Side


def sides(source: BucketPlace, target: BucketPlace) -> Sides:
    """Return both buckets; raises RefusedError for a profile, role or endpoint that cannot be."""
    return Sides(_side(source), _side(target))


def _side(place: BucketPlace) -> Side:
    return Side(Bucket(s3_client(place.storage), place.storage), place)


@contextmanager
def doing(what: str, needs: str) -> Iterator[None]:
    """Tell whatever the client raises as what could not be done, why, and what would help."""
    try:
        with told(what, lambda: f"who runs this as the target's profile or role needs {needs}"):
            yield
    except CommandError as error:
        cause = error.__cause__
        remedy = _remedy(cause) if isinstance(cause, ClientError) else None
        if remedy is None:
            raise
        raise CommandError(f"{error}; {remedy}") from cause


def code(error: ClientError) -> str:
    """Return what kind of error the server calls it; a question for headers has only a status."""
    return str(error.response.get("Error", {}).get("Code", status(error)))


def _remedy(error: ClientError) -> str | None:
    if code(error) == "NoSuchBucket":
        return "correct 'bucket' or 'endpoint_url' of the bucket in the inventory"
    if status(error) == HTTPStatus.MOVED_PERMANENTLY:
        return "correct 'region' of the bucket in the inventory"
    return None
