"""Storages drawn at random: where artefacts lie, how they are encrypted, who one is to them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as some

from envsync.places import (
    AgeKeys,
    Encryption,
    FileStorage,
    RsyncDaemon,
    RsyncShell,
    S3Storage,
    SnapshotRepository,
    Storage,
)
from tests.properties.words import (
    FOLDER,
    KEY,
    PUBLIC_KEY,
    SECRET,
    SEGMENT,
    TEXT,
    URL,
    Draw,
    optional,
)

_ENCRYPTION = some.just(Encryption("AES256")) | some.builds(Encryption, some.just("aws:kms"), TEXT)
_AGE = some.just(AgeKeys()) | some.builds(
    AgeKeys, some.lists(PUBLIC_KEY, max_size=2, unique=True).map(tuple), some.none() | SECRET
)


def s3(bucket: some.SearchStrategy[str], url: some.SearchStrategy[str | None]) -> Any:
    """Draw a bucket and who one is to it."""
    return some.builds(
        S3Storage,
        bucket=bucket,
        region=optional(TEXT),
        endpoint_url=url,
        encryption=some.none() | _ENCRYPTION,
        checksums=some.sampled_from(("when_supported", "when_required")),
        profile=optional(TEXT),
        role_arn=optional(TEXT),
        external_id=optional(TEXT),
        acl=some.sampled_from((None, "bucket-owner-full-control")),
        age=some.just(AgeKeys()),
    )


def storage(draw: Draw, number: int) -> Storage:
    """Draw where an environment's artefacts lie."""
    return _any_of(draw, f"raw-{number}")


def clean_storage(draw: Draw, number: int) -> Storage:
    """Draw where an environment's clean artefacts lie, apart from all others."""
    return _any_of(draw, f"clean-{number}")


def _any_of(draw: Draw, name: str) -> Storage:
    """Draw a storage that neither is, holds nor lies in one of another name."""
    ways: dict[str, Callable[[], Storage]] = {
        "a file": lambda: draw(some.builds(FileStorage, FOLDER.map(f"/{name}{{}}".format))),
        "s3": lambda: draw(s3(TEXT.map(lambda text: f"{text}-{name}"), optional(URL))),
        "daemon": lambda: _daemon(draw, name),
        "shell": lambda: _shell(draw, name),
    }
    way = draw(some.sampled_from((*sorted(ways), "repository")))
    if way == "repository":
        return SnapshotRepository(name)
    return replace(ways[way](), age=draw(_AGE))


def _daemon(draw: Draw, name: str) -> RsyncDaemon:
    user = draw(optional(KEY))
    return RsyncDaemon(
        draw(some.sampled_from(("backup.example.org", "::1"))),
        "/".join((name, *draw(some.lists(SEGMENT, max_size=1)))),
        draw(some.integers(1, 65535)),
        user,
        draw(some.none() | SECRET) if user else None,
    )


def _shell(draw: Draw, name: str) -> RsyncShell:
    return RsyncShell(
        draw(some.sampled_from(("backup.example.org", "::1"))),
        f"/{name}{draw(FOLDER)}",
        draw(some.none() | some.integers(1, 65535)),
        draw(optional(KEY)),
        draw(optional(FOLDER)),
        draw(optional(FOLDER)),
    )


def is_readable(storage: Storage | None) -> bool:
    """Tell whether what is encrypted in a storage can be read again."""
    return storage is None or not storage.age.encrypt_to or storage.age.decrypt_with is not None
