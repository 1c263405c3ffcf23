"""What keeps an object of a bucket: object lock, and the versions that a versioned bucket keeps.

In such a bucket a deletion always succeeds: it hides the object, locked or not, and what was there
stays as an old version. So whether an object may go must be asked before.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError

from envsync.facts.shelf import UNPROTECTED, Protection
from envsync.gateways.storage.s3_bucket import Bucket
from envsync.gateways.storage.s3_errors import status

_NO_VERSION = (None, "null")
# Said of an object that is not locked, and of one in a bucket where nothing can be.
_UNLOCKED = frozenset(
    {"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "InvalidRequest"}
)


def protection(bucket: Bucket, key: str) -> Protection:
    """Tell what keeps an object; one that is not there is kept by nothing."""
    with bucket.locking(f"see whether {bucket.url(key)} is locked"):
        try:
            version = bucket.client.head_object(Bucket=bucket.name, Key=key).get("VersionId")
        except ClientError as error:
            if status(error) == HTTPStatus.NOT_FOUND:
                return UNPROTECTED
            raise
        if version in _NO_VERSION:
            return UNPROTECTED
        return Protection(_legal_hold(bucket, key) or _retention(bucket, key), versioned=True)


def _legal_hold(bucket: Bucket, key: str) -> str:
    held = _asked(
        lambda: bucket.client.get_object_legal_hold(Bucket=bucket.name, Key=key)["LegalHold"]
    )
    return "locked by a legal hold" if held.get("Status") == "ON" else ""


def _retention(bucket: Bucket, key: str) -> str:
    found = _asked(
        lambda: bucket.client.get_object_retention(Bucket=bucket.name, Key=key)["Retention"]
    )
    until = found.get("RetainUntilDate")
    if until is None or until <= datetime.now(UTC):
        return ""
    return f"locked until {until:%Y-%m-%d %H:%M} UTC ({found.get('Mode', '').lower()})"


def _asked(ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return ask()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _UNLOCKED:
            return {}
        raise
