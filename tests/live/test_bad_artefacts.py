"""Artefacts that are not what they should be: refused, or found out before anything is promoted."""

import pytest

from tests.live.site import Site
from tests.live.stored import only
from tests.live.untouched import assert_failed, assert_refused

pytestmark = pytest.mark.live

EARLIER, LATER = "2021-03-04T05:06:07Z", "2099-01-01T00:00:00Z"


def assert_pull_refused(site: Site, sentence: str, *options: str) -> None:
    """A pull is refused with a sentence, and leaves both the live data and the storage alone."""
    stored = site.artefacts()
    assert_refused(site, site.run("pull", "app", *options), sentence, stored)


def assert_pull_failed(site: Site, sentence: str) -> None:
    """A pull fails with a sentence, and leaves both the live data and the storage alone."""
    stored = site.artefacts()
    assert_failed(site, site.run("pull", "app"), sentence, stored)


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ({"environment": "staging"}, "app ({name!r}) of staging"),
        ({"database": "other"}, "other ({name!r}) of production"),
        ({"dbms": "mysql"}, "app ({name!r}) of production"),
    ],
    ids=["environment", "database", "dbms"],
)
def test_an_artefact_of_something_else_is_refused(
    pushed: Site, says: dict[str, str], found: str
) -> None:
    only(pushed).describe(**says)
    name = pushed.source
    assert_pull_refused(
        pushed,
        f"says it holds {found.format(name=name)}, not app ({name!r}) of production; "
        "correct path: or storage:",
    )


def test_an_artefact_of_another_real_name_is_refused(pushed: Site) -> None:
    stamp = only(pushed).stamp
    only(pushed).describe(name="accounts")
    assert_pull_refused(pushed, f"is of 'accounts' at {stamp}; it has been copied or renamed")


def test_a_copy_under_another_timestamp_is_refused(pushed: Site) -> None:
    stamp = only(pushed).stamp
    only(pushed).renamed(LATER)
    assert_pull_refused(
        pushed, f"is of {pushed.source!r} at {stamp}; it has been copied or renamed"
    )


def test_a_truncated_artefact_is_refused(pushed: Site) -> None:
    size = only(pushed).dump.stat().st_size
    with only(pushed).dump.open("r+b") as dump:
        dump.truncate(size - 1)
    assert_pull_refused(
        pushed,
        f"has {size - 1:,} bytes, not {size:,}, though its manifest is whole; push the database "
        "again, or choose an older artefact with --timestamp",
    )


@pytest.mark.parametrize("share", [0.5, 1], ids=["middle", "last"])
def test_one_altered_byte_is_found_out_before_anything_is_promoted(
    pushed: Site, share: float
) -> None:
    size = only(pushed).dump.stat().st_size
    only(pushed).alter(round((size - 1) * share))
    assert_pull_failed(pushed, "is not what its manifest describes: it does not decompress")


def test_an_artefact_is_compared_with_the_manifest_s_own_checksum(pushed: Site) -> None:
    only(pushed).describe(sha256="0" * 64)
    assert_pull_failed(pushed, f"as its sha256, not {'0' * 64}; push the database again")


@pytest.mark.parametrize(
    ("rows", "differing"),
    [
        ({"public.people": 501, "public.notes": 500}, "public.people 500 of 501"),
        ({"public.gone": 3}, "public.gone 0 of 3"),
        ({"people": 3}, "people 0 of 3"),
    ],
    ids=["fewer", "no_such_table", "no_schema"],
)
def test_rows_other_than_the_manifest_counted_are_never_promoted(
    pushed: Site, rows: dict[str, int], differing: str
) -> None:
    only(pushed).describe(rows=rows)
    assert_pull_failed(pushed, f"are not those of the manifest: {differing}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b'{"version": 1,', "the whole text: invalid json"),
        (b"\xff\xfe\x00", "it is not text"),
        (b'{"version": 2}', "version: input should be 1"),
    ],
    ids=["cut_off", "binary", "of_the_future"],
)
def test_a_manifest_that_cannot_be_read_is_refused(pushed: Site, text: bytes, problem: str) -> None:
    manifest = only(pushed).manifest
    manifest.write_bytes(text)
    assert_pull_refused(pushed, f"{manifest} cannot be trusted: {problem}")


def test_a_manifest_without_its_artefact_is_refused(pushed: Site) -> None:
    only(pushed).dump.rename(pushed.folder / "taken_away")
    assert_pull_refused(pushed, "is not there, though its manifest is whole")


def test_an_artefact_without_its_manifest_does_not_exist(pushed: Site) -> None:
    only(pushed).manifest.unlink()
    listed = pushed.run("backups", "app", "--env", "production")
    assert listed.out.startswith("app (production) has no artefacts in file://")
    assert_pull_refused(pushed, "there is no artefact of")


def test_an_artefact_without_its_manifest_is_never_the_latest(site: Site) -> None:
    site.run("push", "app", "--env", "production")
    only(site).renamed(LATER).manifest.unlink()
    assert LATER not in site.run("backups", "app", "--env", "production").out
    ran = site.run("pull", "app")
    assert (ran.code, len(site.people())) == (0, 500), ran.err


def test_an_artefact_older_than_max_age_is_refused(pushed: Site) -> None:
    artefact = only(pushed)
    artefact.taken_at(EARLIER)
    artefact.remove()
    assert_pull_refused(pushed, "and max_age is 36 h; push it again, or name it by --timestamp")


def test_an_old_artefact_is_pulled_where_a_timestamp_names_it(site: Site) -> None:
    site.run("push", "app", "--env", "production")
    only(site).taken_at(EARLIER)
    ran = site.run("pull", "app", "--timestamp", EARLIER)
    assert (ran.code, len(site.people())) == (0, 500), ran.err


def test_a_broken_manifest_is_got_over_by_an_older_artefact_and_by_a_new_push(site: Site) -> None:
    site.run("push", "app", "--env", "production")
    artefact = only(site)
    artefact.renamed(LATER).manifest.write_text("{")
    pull = site.run("pull", "app", "--timestamp", artefact.stamp)
    push = site.run("push", "app", "--env", "production")
    assert (pull.code, push.code, len(site.people())) == (0, 0, 500), pull.err + push.err
