"""Secrets, read at the moment they are needed from where the inventory says they can be found."""

import logging
import os
import stat
from pathlib import Path

from envsync.errors import MissingSecretError
from envsync.places import Secret

_LOGGER = logging.getLogger(__name__)


def reveal(secret: Secret) -> str:
    """Return a secret; raises MissingSecretError, naming only where, for one not there or empty."""
    text = _variable(secret.name) if secret.source == "env" else _file(secret.name)
    if not text:
        raise MissingSecretError(f"the secret at {secret} is empty; put the password there")
    return text


def _variable(name: str) -> str:
    try:
        text = os.environ[name]
        text.encode()
    except UnicodeEncodeError:
        # Told here, without the secret: whoever encodes it later would quote it.
        raise MissingSecretError(
            f"the environment variable {name!r} is not text; it must hold the password as UTF-8"
        ) from None
    except KeyError:
        raise MissingSecretError(
            f"the environment variable {name!r} is not set; set it to the password the inventory "
            "expects there"
        ) from None
    return text


def _file(path: str) -> str:
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            _warn_of_readers(path, os.fstat(file.fileno()).st_mode)
            return file.read().removesuffix("\n")
    except OSError as error:
        raise MissingSecretError(
            f"the secret file {path!r} cannot be read: {error.strerror}; it must hold the password "
            "and be readable by the user that runs envsync"
        ) from error
    except UnicodeDecodeError:
        # The decoder's own message shows bytes of the secret.
        raise MissingSecretError(
            f"the secret file {path!r} is not text; it must hold the password as UTF-8"
        ) from None


def _warn_of_readers(path: str, mode: int) -> None:
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        _LOGGER.warning(
            "the secret file %r can be read by others (mode %04o); chmod 600 keeps it to its owner",
            path,
            stat.S_IMODE(mode),
        )
