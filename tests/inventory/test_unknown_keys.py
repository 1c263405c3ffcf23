"""A key that nobody knows is told in a sentence, in whatever mapping of a file it is."""

from collections.abc import Iterator

import pytest

from envsync.inventory import shape
from envsync.inventory.file import read_file
from envsync.inventory.shape_base import Shape

STORAGES = {
    "backend: s3, %": "S3Shape",
    "backend: s3, encryption: {%}": "KmsShape",
    "backend: s3, decrypt_with: {%}": "SecretShape",
    "backend: file, %": "FileShape",
    "backend: file, decrypt_with: {%}": "SecretShape",
    "backend: rsync, %": "RsyncShape",
    "backend: rsync, password: {%}": "SecretShape",
    "backend: rsync, decrypt_with: {%}": "SecretShape",
    "backend: elasticsearch, %": "RepositoryShape",
}
PLACES = {
    "%": "EnvironmentShape",
    **{f"storage: {{{within}}}": name for within, name in STORAGES.items()},
    **{f"clean_storage: {{{within}}}": name for within, name in STORAGES.items()},
    "reboot_lock: {%}": "RebootLockShape",
    "icinga: {transport: nsca, %}": "NscaShape",
    "icinga: {transport: api, %}": "IcingaApiShape",
    "icinga: {transport: api, password: {%}}": "SecretShape",
    "defaults: {%}": "DefaultsShape",
    "retention: {%}": "RetentionShape",
    "servers: {main: {%}}": "ServerShape",
    "servers: {main: {password: {%}}}": "SecretShape",
    "databases: {app: {%}}": "DatabaseShape",
    "databases: {app: {verify: {%}}}": "VerifyShape",
    "databases: {app: {retention: {%}}}": "RetentionShape",
    "syncs: {app: {%}}": "SyncShape",
    "backups: {app: {%}}": "BackupShape",
    "buckets: {files: {%}}": "BucketShape",
    "buckets: {files: {encryption: {%}}}": "KmsShape",
    "bucket_syncs: {files: {%}}": "BucketSyncShape",
}
ABSTRACT = {"S3PlaceShape", "ArtefactsShape", "WhenShape", "StepShape", "_IcingaShape"}
"""What others are made from."""


@pytest.mark.parametrize("place", PLACES)
def test_it_is_told_at_its_line_with_what_would_be_accepted(place: str) -> None:
    text = "environment: staging\n" + place.replace("%", "zzzz: 1")
    told = [str(each) for each in read_file("staging.yaml", text.encode()).problems]
    (unknown,) = [each for each in told if "'zzzz'" in each]
    assert unknown.startswith("staging.yaml:2: unknown key 'zzzz'"), unknown
    assert "; accepted: '" in unknown, unknown


def test_no_mapping_of_a_file_is_forgotten_here() -> None:
    known = {each.__name__ for each in _all(Shape) if each.__module__.startswith(shape.__name__)}
    assert known - ABSTRACT == set(PLACES.values())


def _all(kind: type[Shape]) -> Iterator[type[Shape]]:
    for each in kind.__subclasses__():
        yield each
        yield from _all(each)
