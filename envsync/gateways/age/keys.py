"""Whether an artefact can be read with a storage's key: known before anything is touched."""

from collections.abc import Sequence

import pyrage

from envsync.errors import MissingSecretError, RefusedError
from envsync.gateways.age.program import Identity, identities, recipient
from envsync.gateways.secrets import reveal
from envsync.places import AgeKeys, Secret


def verify_readable(keys: AgeKeys, encrypted_to: Sequence[str], what: str) -> None:
    """Raise RefusedError unless what is encrypted to some public keys can be read with ours."""
    if keys.decrypt_with is None:
        raise RefusedError(
            f"{what} is encrypted and its storage does not say with what it is read; add "
            "'decrypt_with: {file: PATH}' to that storage, with the identity of one of "
            f"{', '.join(encrypted_to)}"
        )
    held = held_by(keys.decrypt_with)
    if not any(_opens(held, each) for each in encrypted_to):
        raise RefusedError(
            f"{what} cannot be read with the identity at {keys.decrypt_with}: it is encrypted to "
            f"{', '.join(encrypted_to)}; put the identity of one of these there"
        )


def held_by(secret: Secret) -> list[Identity]:
    """Return the identities a secret holds; raises MissingSecretError where it holds none."""
    try:
        found = identities(reveal(secret, "key"))
    except pyrage.IdentityError:
        # Its own message may hold a part of the key.
        found = []
    if not found:
        raise MissingSecretError(
            f"the secret at {secret} is no identity of age; it must hold AGE-SECRET-KEY-1…, as "
            "age-keygen writes it, or a private key of OpenSSH without a passphrase"
        )
    return found


def _opens(held: list[Identity], public_key: str) -> bool:
    """Tell whether what is encrypted to a public key can be read: by doing both."""
    try:
        pyrage.decrypt(pyrage.encrypt(b"", [recipient(public_key)]), held)
    except (pyrage.RecipientError, pyrage.DecryptError):
        return False
    return True
