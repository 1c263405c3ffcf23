"""The program that encrypts or decrypts from stdin to stdout, run by its path.

It is a program of its own because pyrage holds Python's lock for as long as it works, and because
a program can be ended at any moment, which a thread cannot. It imports nothing of envsync.
"""

import sys
from pathlib import Path

import pyrage
from pyrage import ssh, x25519

Recipient = x25519.Recipient | ssh.Recipient
Identity = x25519.Identity | ssh.Identity

_SSH_KEY = "PRIVATE KEY-----"


def recipient(text: str) -> Recipient:
    """Read a public key; raises pyrage.RecipientError for what is none."""
    kind = ssh.Recipient if text.startswith("ssh-") else x25519.Recipient
    return kind.from_str(text)


def identities(text: str) -> list[Identity]:
    """Read what age-keygen or ssh-keygen wrote; raises pyrage.IdentityError for anything else."""
    if _SSH_KEY in text:
        return [ssh.Identity.from_buffer(f"{text.strip()}\n".encode())]
    lines = (line.strip() for line in text.splitlines())
    return [x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]


def main(action: str, *keys: str) -> None:
    """Encrypt to public keys, or decrypt with the identities in a file."""
    if action == "encrypt":
        pyrage.encrypt_file("/dev/stdin", "/dev/stdout", [recipient(key) for key in keys])
    else:
        found = [each for file in keys for each in identities(Path(file).read_text("utf-8"))]
        pyrage.decrypt_file("/dev/stdin", "/dev/stdout", found)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (pyrage.DecryptError, pyrage.EncryptError, OSError) as error:
        sys.exit(str(error))
