"""Bucket syncs on a real S3 server, through the command line."""

import json
import re
import signal
from pathlib import Path

import pytest

from tests.live.bucket_site import BucketSite, make_bucket_site
from tests.servers.nsca import NscaServer
from tests.servers.proxy import proxying
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

pytestmark = pytest.mark.live

HOSTILE = (
    "/leading/slash",
    "a b/c+d&e=f?g#h%20i",
    "bücher/schön €/日本語/🎉",
    'don\'t "quote" <me> & `you`',
    "return\rhere",
    "tab\there",
    "..//dots//.",
    "trailing ",
    "back\\slash",
)


@pytest.fixture
def buckets(tmp_path: Path, moto_server: S3Server) -> BucketSite:
    return make_bucket_site(tmp_path, moto_server)


def mirrored(site: BucketSite, **edge: object) -> None:
    """Have integration's bucket mirror production's: what is not there is deleted."""
    site.write(integration={"from": "production", "delete": True, **edge})


def test_the_first_sync_copies_all_and_the_second_nothing(buckets: BucketSite) -> None:
    buckets.put("production", a="1", b="2")
    first, second = buckets.run("sync", "assets"), buckets.run("sync", "assets")
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert buckets.objects("integration") == {"a": "1", "b": "2"}
    source, target = buckets.buckets["production"], buckets.buckets["integration"]
    copy = f"OK: copy assets s3://{source} -> s3://{target} in"
    assert re.search(rf"{copy} \d+s, 2 copied, 2 B\n", first.err), first.err
    assert re.search(rf"{copy} \d+s, 0 copied, 0 B\n", second.err), second.err


def test_only_what_changed_is_copied(buckets: BucketSite) -> None:
    buckets.put("production", same="1", changed="2", grown="3")
    buckets.run("sync", "assets")
    buckets.put("production", changed="x", grown="longer")
    ran = buckets.run("sync", "assets")
    assert "2 copied, 7 B" in ran.err
    assert buckets.objects("integration") == {"same": "1", "changed": "x", "grown": "longer"}


def test_what_was_changed_in_the_target_becomes_what_the_source_has(buckets: BucketSite) -> None:
    buckets.put("production", a="source")
    buckets.run("sync", "assets")
    buckets.put("integration", a="target")
    assert "1 copied" in buckets.run("sync", "assets").err
    assert buckets.objects("integration") == {"a": "source"}


def test_copies_keep_content_type_and_metadata(buckets: BucketSite) -> None:
    buckets.client.put_object(
        Bucket=buckets.buckets["production"],
        Key="logo",
        Body=b"<svg/>",
        ContentType="image/svg+xml",
        CacheControl="max-age=60",
        Metadata={"uploader": "whitehall"},
    )
    buckets.run("sync", "assets")
    copied = buckets.client.head_object(Bucket=buckets.buckets["integration"], Key="logo")
    assert (copied["ContentType"], copied["CacheControl"], copied["Metadata"]) == (
        "image/svg+xml",
        "max-age=60",
        {"uploader": "whitehall"},
    )


def test_copies_are_encrypted_as_their_new_place_says(buckets: BucketSite) -> None:
    buckets.put("production", a="1")
    buckets.write(integration={"from": "production"})
    file = buckets.folder / "inventories" / "integration.yaml"
    file.write_text(file.read_text().replace("    region:", "    encryption: AES256\n    region:"))
    ran = buckets.run("sync", "assets")
    assert ran.code == 0, ran.err
    copied = buckets.client.head_object(Bucket=buckets.buckets["integration"], Key="a")
    assert copied["ServerSideEncryption"] == "AES256"


def test_nothing_is_deleted_unless_the_edge_says_so(buckets: BucketSite) -> None:
    buckets.put("production", a="1")
    buckets.put("integration", own="1")
    buckets.run("sync", "assets")
    assert buckets.objects("integration") == {"a": "1", "own": "1"}


def test_a_mirror_loses_what_its_source_does_not_have(buckets: BucketSite) -> None:
    mirrored(buckets)
    buckets.put_keys("production", {f"k{number:02}": "1" for number in range(20)})
    buckets.run("sync", "assets")
    buckets.put("integration", own="1", other="1")
    ran = buckets.run("sync", "assets")
    assert "0 copied, 0 B, 2 deleted" in ran.err
    assert buckets.objects("integration").keys() == buckets.objects("production").keys()


def test_a_mass_delete_is_refused_with_nothing_touched_and_then_allowed(
    buckets: BucketSite,
) -> None:
    mirrored(buckets, max_delete="30%")
    buckets.put("production", new="1", a="2")
    buckets.put("integration", a="1", b="1", c="1")
    refused = buckets.run("sync", "assets")
    assert refused.code == 2, refused.err
    assert (
        "2 of the 3 objects of s3://{integration} are not in s3://{production} and would be "
        "deleted, more than 'max_delete: 30%' allows; look at both buckets, and if that is right, "
        "add --allow-mass-delete".format(**buckets.buckets)
    ) in refused.err
    assert buckets.objects("integration") == {"a": "1", "b": "1", "c": "1"}
    allowed = buckets.run("sync", "assets", "--allow-mass-delete")
    assert (allowed.code, buckets.objects("integration")) == (0, {"a": "2", "new": "1"})


def test_a_mass_delete_of_the_night_is_refused_and_then_allowed(buckets: BucketSite) -> None:
    mirrored(buckets)
    buckets.put("production", a="1")
    buckets.put("integration", a="1", b="1")
    refused = buckets.run("nightly", "--env", "integration")
    assert (refused.code, "b" in buckets.objects("integration")) == (2, True), refused.err
    allowed = buckets.run("nightly", "--env", "integration", "--allow-mass-delete")
    assert (allowed.code, buckets.objects("integration")) == (0, {"a": "1"}), allowed.err


def test_an_empty_source_is_refused_and_then_allowed(buckets: BucketSite) -> None:
    mirrored(buckets)
    buckets.put("integration", a="1")
    refused = buckets.run("sync", "assets")
    assert (refused.code, buckets.objects("integration")) == (2, {"a": "1"})
    assert "holds no objects; correct 'buckets.assets' of production" in refused.err
    allowed = buckets.run("sync", "assets", "--allow-mass-delete")
    assert (allowed.code, buckets.objects("integration")) == (0, {}), allowed.err


def test_hostile_keys_are_copied_and_deleted(buckets: BucketSite) -> None:
    mirrored(buckets, max_delete="100%")
    buckets.put_keys("production", {key: key for key in HOSTILE})
    buckets.put_keys("integration", {f"{key}~": key for key in HOSTILE})
    shown = buckets.run("sync", "assets", "--dry-run")
    ran = buckets.run("sync", "assets")
    assert (shown.code, ran.code) == (0, 0), shown.err + ran.err
    assert buckets.objects("integration") == {key: key for key in HOSTILE}
    assert "  copy 'back\\\\slash'" in shown.out


def test_prefixes_are_exchanged(buckets: BucketSite) -> None:
    mirrored(buckets, max_delete="50%")
    for name, prefix in (("production", "live/"), ("integration", "copies/of/live/")):
        file = buckets.folder / "inventories" / f"{name}.yaml"
        file.write_text(
            file.read_text().replace("    region:", f"    prefix: {prefix}\n    region:")
        )
    buckets.put_keys("production", {"live/": "", "live/a": "1", "live-not": "1"})
    buckets.put_keys("integration", {"copies/of/live/a": "0", "copies/of/live/b": "0", "own": "1"})
    ran = buckets.run("sync", "assets")
    assert ran.code == 0, ran.err
    assert buckets.objects("integration") == {"copies/of/live/a": "1", "own": "1"}


def test_a_dry_run_tells_what_it_sees_and_touches_nothing(buckets: BucketSite) -> None:
    mirrored(buckets, max_delete="50%")
    buckets.put_keys("production", {f"k{number}": "12" for number in range(7)})
    buckets.put("integration", k0="12", old="1")
    ran = buckets.run("sync", "assets", "--dry-run")
    source, target = buckets.buckets["production"], buckets.buckets["integration"]
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "# step 1: copy assets into integration",
        f"copy what changed, s3://{source} -> s3://{target}: 6 of 7 objects, 12 bytes",
        *(f"  copy 'k{number}'" for number in range(1, 6)),
        "  and 1 more",
        f"delete what s3://{source} does not have, at most 1, in s3://{target}: 1 of 2 objects",
        "  delete 'old'",
    ]
    assert buckets.objects("integration") == {"k0": "12", "old": "1"}


def test_staging_is_refreshed_before_integration_takes_from_it(buckets: BucketSite) -> None:
    buckets.write(staging={"from": "production"}, integration={"from": "staging"})
    buckets.put("production", a="1")
    shown = buckets.run("nightly", "--dry-run")
    assert shown.code == 0, shown.out
    ran = buckets.run("nightly", "--jobs", "4")
    assert (ran.code, buckets.objects("integration")) == (0, {"a": "1"}), ran.err
    plan = json.loads(buckets.run("plan", "--format", "json").out)["steps"]
    assert [(step["bucket"], step["to"], step["needs"]) for step in plan] == [
        ("assets", "staging", []),
        ("assets", "integration", [1]),
    ]


def test_by_hand_a_chain_is_copied_from_the_start_although_its_middle_is_empty(
    buckets: BucketSite,
) -> None:
    buckets.write(staging={"from": "production"}, integration={"from": "staging"})
    buckets.put("production", a="1")
    ran = buckets.run("sync", "assets")
    assert (ran.code, buckets.objects("integration")) == (0, {"a": "1"}), ran.err


def test_the_source_can_be_chosen_by_hand(buckets: BucketSite) -> None:
    buckets.put("staging", a="staging's")
    ran = buckets.run("sync", "assets", "--env", "integration", "--from", "staging")
    assert (ran.code, buckets.objects("integration")) == (0, {"a": "staging's"}), ran.err


def test_why_one_source_needs_no_sanitising_is_not_taken_for_another_s(
    buckets: BucketSite,
) -> None:
    buckets.put("production", a="production's")
    buckets.write(integration={"from": "staging", "because": "none of it is personal there"})
    ran = buckets.run("sync", "assets", "--env", "integration", "--from", "production")
    assert (ran.code, buckets.objects("integration")) == (2, {}), ran.err
    assert (
        "production is protected, and the sync of assets (integration) says because: of staging's "
        "objects alone; accepted: 'from: production' with a because: of its own in the inventory; "
        "envsync sync assets --env integration takes staging's objects"
    ) in ran.err


def test_a_protected_bucket_is_written_only_when_typed_out(buckets: BucketSite) -> None:
    buckets.write(production={"from": "staging", "ensure": "disabled"})
    buckets.put("staging", a="1")
    refused = buckets.run("sync", "assets", "--env", "production")
    assert (refused.code, buckets.objects("production")) == (2, {})
    assert "add --onto-protected production" in refused.err
    typed = buckets.run("sync", "assets", "--env", "production", "--onto-protected", "production")
    assert (typed.code, buckets.objects("production")) == (0, {"a": "1"}), typed.err


def test_it_is_remembered(buckets: BucketSite) -> None:
    buckets.put("production", a="1")
    buckets.run("sync", "assets")
    status, history = buckets.run("status").out, buckets.run("history", "assets").out
    assert re.search(r"integration +assets +copy +\d+s +done .* idle", status), status
    assert re.search(r"integration +copy +done +\d+s +1 B +1\b", history), history
    plan = json.loads(buckets.run("plan", "--format", "json").out)
    assert plan["steps"][0]["expected_seconds"] is not None


def test_a_log_for_machines_counts_objects(buckets: BucketSite) -> None:
    buckets.put("production", a="1")
    told = buckets.run("sync", "assets", "--log-format", "json").err.splitlines()
    ended = next(line for line in map(json.loads, told) if "outcome" in line)
    fields = ("bucket", "outcome", "bytes", "copied", "deleted")
    assert [ended[name] for name in fields] == ["assets", "done", 1, 1, 0]


def test_it_is_reported_through_nsca(buckets: BucketSite, nsca: NscaServer) -> None:
    prefix = f"buckets {buckets.buckets['production']}"
    buckets.top = {
        "icinga": {
            "transport": "nsca",
            "host": "127.0.0.1",
            "port": nsca.port,
            "config": str(nsca.folder / "send_nsca.cfg"),
            "service_prefix": prefix,
            "report_as": "db1",
        }
    }
    mirrored(buckets)
    buckets.put("production", a="1")
    buckets.run("nightly")
    told = nsca.received(f"{prefix} copy assets into integration")
    assert re.match(r"0;OK: copy assets s3://\S+ -> s3://\S+ in \d+s, 1 copied, 1 B, 0 del", told)


@pytest.mark.parametrize("arguments", [("push",), ("sync", "--pull-only")])
def test_a_bucket_is_not_pushed_or_pulled(buckets: BucketSite, arguments: tuple[str, ...]) -> None:
    task, *options = arguments
    refused = buckets.run(task, "assets", *options, "--env", "integration")
    assert refused.code == 2
    assert "'assets' is a bucket, which is copied in one step; envsync sync assets" in refused.err


def test_a_bucket_that_is_not_there_is_told_of(buckets: BucketSite) -> None:
    buckets.put("production", a="1")
    buckets.buckets["integration"] = "no-such-bucket"
    buckets.write(integration={"from": "production"})
    refused = buckets.run("sync", "assets")
    said = "cannot list s3://no-such-bucket: The specified bucket does not exist (NoSuchBucket)"
    remedy = "; correct 'bucket' or 'endpoint_url' of the bucket in the inventory"
    assert (refused.code, f"{said}{remedy}" in refused.err) == (2, True), refused.err


def test_while_one_runs_another_is_refused_and_a_hanging_server_does_not_keep_it_from_ending(
    tmp_path: Path, moto_server: S3Server
) -> None:
    keys = {f"k{number:03}": str(number) for number in range(150)}
    with proxying(moto_server.port) as proxy:
        site = make_bucket_site(tmp_path, moto_server.at(proxy.port))
        site.client = moto_server.client()
        site.put_keys("production", keys)
        name = site.buckets["integration"]
        # So slow that not all are copied by the time that it is seen that some are.
        proxy.delay(0.5)
        running = site.start("sync", "assets")
        until(lambda: site.client.list_objects_v2(Bucket=name)["KeyCount"] > 0, "a copy")
        proxy.fall_silent("answers")
        second = site.run("nightly")
        running.send_signal(signal.SIGTERM)
        _, told = running.communicate(timeout=60)
        assert (second.code, "is already running since" in second.err) == (2, True), second.err
        assert (running.returncode, "interrupted by SIGTERM" in told) == (1, True), told
        assert 0 < len(site.objects("integration")) < len(keys)
        proxy.heal()
        finished = site.run("sync", "assets")
    assert (finished.code, site.objects("integration")) == (0, keys), finished.err
