"""What the S3 client raises, told as sentences for operators."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import botocore.exceptions
from botocore.exceptions import BotoCoreError, ClientError

from envsync.errors import CommandError, UnavailableError

_UNREACHABLE = (
    botocore.exceptions.HTTPClientError,
    botocore.exceptions.ConnectionError,
    botocore.exceptions.IncompleteReadError,
)
_BUSY = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ServiceUnavailable"})


@contextmanager
def told(what: str, needed: Callable[[], str] | None = None) -> Iterator[None]:
    """Tell whatever the client raises as what could not be done, and why.

    `needed` says what would be accepted where the server refuses access.
    """
    try:
        yield
    except ClientError as error:
        kind = UnavailableError if _is_passing(error) else CommandError
        raise kind(f"cannot {what}: {sentence(error)}{_advice(error, needed)}") from error
    except _UNREACHABLE as error:
        raise UnavailableError(f"cannot {what}: {sentence(error)}") from error
    except BotoCoreError as error:
        raise CommandError(f"cannot {what}: {sentence(error)}") from error


def sentence(error: ClientError | BotoCoreError | ValueError) -> str:
    """Say on one line what the client or the server said; neither repeats a secret."""
    if not isinstance(error, ClientError):
        return " ".join(str(error).split()).rstrip(".")
    answer = error.response.get("Error", {})
    # Some servers send neither a message nor a code.
    message = " ".join((answer.get("Message") or "no reason given").split()).rstrip(".")
    return f"{message} ({answer.get('Code') or status(error)})"


def status(error: ClientError) -> int:
    """Return the HTTP status of an error the server answered with."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def _advice(error: ClientError, needed: Callable[[], str] | None) -> str:
    """Say what is needed where a server knows who asks, and does not allow it."""
    code = error.response.get("Error", {}).get("Code") or str(status(error))
    # To a HEAD a server answers by the status alone.
    if code not in ("AccessDenied", str(HTTPStatus.FORBIDDEN.value)):
        return ""
    if error.operation_name == "AssumeRole":
        return (
            "; the role's trust policy must allow it to who asks, with the external_id it expects"
        )
    return f"; {needed()}" if needed else ""


def _is_passing(error: ClientError) -> bool:
    answer = error.response.get("Error", {})
    return (
        answer.get("Code") in _BUSY
        or HTTPStatus.INTERNAL_SERVER_ERROR <= status(error) != HTTPStatus.NOT_IMPLEMENTED
    )
