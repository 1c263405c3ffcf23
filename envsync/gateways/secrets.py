"""Secrets, read at the moment they are needed from where the inventory says they can be found."""

import logging
import os
import stat
from pathlib import Path

from envsync.errors import MissingSecretError
from envsync.places import Secret

_LOGGER = logging.getLogger(__name__)


def reveal(secret: Secret, kind: str = "password") -> str:
    """Return a secret of a kind, such as a key.

    Raises MissingSecretError, naming only where it should be, for one not there or empty.
    """
    read = _variable if secret.source == "env" else _file
    text = read(secret.name, kind)
    if not text:
        raise MissingSecretError(f"the secret at {secret} is empty; put the {kind} there")
    return text


def _variable(name: str, kind: str) -> str:
    try:
        text = os.environ[name]
        text.encode()
    except UnicodeEncodeError:
        # Told here, without the secret: whoever encodes it later would quote it.
        raise MissingSecretError(
            f"the environment variable {name!r} is not text; it must hold the {kind} as UTF-8"
        ) from None
    except KeyError:
        raise MissingSecretError(
            f"the environment variable {name!r} is not set; set it to the {kind} the inventory "
            "expects there"
        ) from None
    return text


def _file(path: str, kind: str) -> str:
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            _warn_of_readers(path, os.fstat(file.fileno()).st_mode)
            return file.read().removesuffix("\n")
    except OSError as error:
        raise MissingSecretError(
            f"the secret file {path!r} cannot be read: {error.strerror}; it must hold the {kind} "
            "and be readable by the user that runs envsync"
        ) from error
    except UnicodeDecodeError:
        # The decoder's own message shows bytes of the secret.
        raise MissingSecretError(
            f"the secret file {path!r} is not text; it must hold the {kind} as UTF-8"
        ) from None


def _warn_of_readers(path: str, mode: int) -> None:
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        _LOGGER.warning(
            "the secret file %r can be read by others (mode %04o); chmod 600 keeps it to its owner",
            path,
            stat.S_IMODE(mode),
        )
