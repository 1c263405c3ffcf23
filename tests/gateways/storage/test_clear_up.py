"""What a dead writer has begun of one object: removed whatever its age, and nothing else."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from envsync.gateways.storage.file import FileStore
from envsync.gateways.storage.rsync import RsyncStore
from envsync.gateways.storage.s3 import S3Store
from envsync.gateways.storage.s3_segments import segment_key
from envsync.gateways.storage.store import Store
from envsync.places import FileStorage
from tests.gateways.storage.places import leftovers
from tests.servers.rsync import RsyncServer
from tests.servers.s3 import S3Server

KEY = "path/2026-11-20T02:40:00Z-shop.dump.zst"
OTHER = KEY.replace(":40:", ":41:")
NAME = KEY.rpartition("/")[2]


@pytest.mark.parametrize("kind", ["moto", "rclone"])
@pytest.mark.usefixtures("aws_environment")
@pytest.mark.live
def test_the_uploads_and_segments_of_an_object_go(
    kind: str, request: pytest.FixtureRequest
) -> None:
    server: S3Server = request.getfixturevalue(f"{kind}_server")
    bucket = server.make_bucket()
    client = server.client()
    for key in (KEY, OTHER):
        upload = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        client.put_object(Bucket=bucket, Key=segment_key(key, upload, 1), Body=b"a piece")
        client.create_multipart_upload(Bucket=bucket, Key=segment_key(key, upload, 2))
    S3Store(server.storage(bucket)).clear_up(KEY)
    left = leftovers(server, bucket)
    assert (len(left), [key for key in left if not key.startswith(OTHER)]) == (3, [])


@pytest.fixture(params=["file", "rsync"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(kind: str, tmp_path: Path, root: Path, request: pytest.FixtureRequest) -> Store:
    if kind == "file":
        return FileStore(FileStorage(str(root)))
    server: RsyncServer = request.getfixturevalue("rsync_server")
    storage = server.storage(f"locked/{root.name}", "envsync")
    return RsyncStore(replace(storage, spool=str(tmp_path)))


@pytest.fixture
def root(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    if kind == "file":
        return tmp_path
    server: RsyncServer = request.getfixturevalue("rsync_server")
    made = server.root("locked") / uuid4().hex
    made.mkdir()
    return made


@pytest.mark.live
def test_the_hidden_files_of_an_object_go(kind: str, store: Store, root: Path) -> None:
    folder = root / "path"
    folder.mkdir()
    begun = {"file": ".{}.partial-12-0123abcd", "rsync": ".{}.aB3dEf"}[kind]
    for key in (NAME, f"{NAME}.manifest.json", OTHER.rpartition("/")[2]):
        (folder / begun.format(key)).write_text("half")
    (folder / NAME).write_text("whole")
    store.clear_up(KEY)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [
            begun.format(OTHER.rpartition("/")[2]),
            begun.format(f"{NAME}.manifest.json"),
            NAME,
        ]
    )


@pytest.mark.parametrize("place", ["here", "nowhere"])
@pytest.mark.live
def test_where_nothing_was_begun_nothing_happens(place: str, store: Store) -> None:
    store.put(KEY, b"content")
    store.clear_up(KEY if place == "here" else f"else{KEY}")
    assert store.get(KEY) == b"content"
