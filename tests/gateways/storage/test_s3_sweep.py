"""What killed runs leave in a bucket, and what of it is removed when."""

from datetime import timedelta

import pytest

from envsync.gateways.scope import Scope
from envsync.gateways.storage.s3 import S3Store
from envsync.gateways.storage.s3_segments import segment_key
from tests.gateways.storage.places import PART, leftovers, make_old
from tests.servers.s3 import S3Server

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("aws_environment")]

KEY = "path/2026-11-20T02:40:00Z-shop.dump.zst"


@pytest.fixture(params=["moto", "rclone"])
def server(request: pytest.FixtureRequest) -> S3Server:
    found: S3Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def bucket(server: S3Server) -> str:
    return server.make_bucket()


def begin_upload(server: S3Server, bucket: str, key: str) -> str:
    return server.client().create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]


def put(server: S3Server, bucket: str, key: str) -> None:
    server.client().put_object(Bucket=bucket, Key=key, Body=b"a piece")


def test_uploads_and_segments_of_a_killed_run_are_removed(server: S3Server, bucket: str) -> None:
    upload = begin_upload(server, bucket, KEY)
    segment = segment_key(KEY, upload, 1)
    begin_upload(server, bucket, segment_key(KEY, upload, 2))
    put(server, bucket, segment)
    swept = S3Store(server.storage(bucket)).sweep("path/", timedelta(seconds=-2))
    assert (sorted(swept), leftovers(server, bucket)) == (
        [KEY, segment, segment_key(KEY, upload, 2)],
        [],
    )


def test_whole_objects_and_the_uploads_of_others_are_left(server: S3Server, bucket: str) -> None:
    put(server, bucket, KEY)
    begin_upload(server, bucket, "path/somebody-elses.tar")
    begin_upload(server, bucket, KEY.replace("path/", "elsewhere/"))
    store = S3Store(server.storage(bucket))
    swept = store.sweep("path/", timedelta(seconds=-2))
    assert (swept, store.get(KEY), len(leftovers(server, bucket))) == ((), b"a piece", 2)


def test_what_is_young_may_still_be_worked_on(rclone_server: S3Server) -> None:
    bucket = rclone_server.make_bucket()
    upload = begin_upload(rclone_server, bucket, KEY)
    put(rclone_server, bucket, segment_key(KEY, upload, 1))
    swept = S3Store(rclone_server.storage(bucket)).sweep("path/", timedelta(hours=1))
    assert (swept, len(leftovers(rclone_server, bucket))) == ((), 2)


def test_an_old_segment_stays_while_its_upload_is_young(rclone_server: S3Server) -> None:
    bucket = rclone_server.make_bucket()
    upload = begin_upload(rclone_server, bucket, KEY)
    keys = [segment_key(KEY, one, 1) for one in (upload, "an upload of long ago")]
    for key in keys:
        put(rclone_server, bucket, key)
        make_old(rclone_server, bucket, key)
    store = S3Store(rclone_server.storage(bucket))
    assert store.sweep("path/", timedelta(hours=1)) == (keys[1],)


def test_an_interrupted_proof_that_one_may_write_is_removed(server: S3Server, bucket: str) -> None:
    begin_upload(server, bucket, "path/.envsync-probe-0123")
    swept = S3Store(server.storage(bucket)).sweep("path/", timedelta(seconds=-2))
    assert (len(swept), leftovers(server, bucket)) == (1, [])


def test_a_bucket_that_never_had_an_upload_is_swept(server: S3Server, bucket: str) -> None:
    store = S3Store(server.storage(bucket))
    with store.writer(KEY, PART, Scope()) as writer:
        writer.write(b"content")
    assert store.sweep("", timedelta(seconds=-2)) == ()
