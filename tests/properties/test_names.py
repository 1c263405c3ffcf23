"""Whatever things are called, what envsync writes down about them parses back to what was meant."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from envsync.artefacts import MANIFEST_SUFFIX, ArtefactKey, Manifest, ScriptUsed, Stamp
from envsync.facts.elasticsearch import belongs, moment, original, snapshot_name
from envsync.gateways.elasticsearch.metadata import manifest_of, metadata
from envsync.provenance import Provenance
from tests.properties.words import KEY, SEGMENT, TEXT

unhurried = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))

MOMENTS = some.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30))  # noqa: DTZ001
ZONES = some.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))
STAMPS = MOMENTS.map(lambda each: Stamp.of(each.replace(tzinfo=UTC)))
FORMATS = some.sampled_from(("dump.zst", "archive.zst", "sql.zst", "snapshot"))
PATHS = some.lists(SEGMENT, max_size=3).map("/".join)
KEYS = some.builds(ArtefactKey, PATHS, STAMPS, TEXT, FORMATS)
SHA256 = some.text("0123456789abcdef", min_size=64, max_size=64)
USED = some.builds(ScriptUsed, name=TEXT, sha256=SHA256)
COUNTS = some.integers(0, 2**63 - 1)
VERSIONS = some.builds("{}.{} ({})".format, some.integers(0, 99), some.integers(0, 99), TEXT)
MANIFESTS = some.builds(
    Manifest,
    environment=KEY,
    database=KEY,
    name=TEXT,
    dbms=TEXT,
    stamp=STAMPS.map(str),
    format=FORMATS,
    bytes=COUNTS,
    bytes_uncompressed=COUNTS,
    sha256=some.just("") | SHA256,
    row_counts=some.sampled_from(("exact", "estimate")),
    rows=some.dictionaries(TEXT, COUNTS, max_size=3),
    without_rows=some.lists(TEXT, max_size=2).map(tuple),
    large_objects=some.booleans(),
    outside_snapshot=some.lists(TEXT, max_size=2).map(tuple),
    collations=some.lists(TEXT, max_size=2).map(tuple),
    lower_case_table_names=some.none() | some.integers(0, 2),
    database_bytes=COUNTS,
    encoding=TEXT,
    collate=TEXT,
    ctype=TEXT,
    server_version=VERSIONS,
    client_version=VERSIONS,
    envsync_version=TEXT,
    allow_shrink=some.just("") | TEXT,
    sanitised=some.lists(USED, max_size=2).map(tuple),
    aliases=some.dictionaries(TEXT, some.dictionaries(TEXT, TEXT, max_size=2), max_size=2),
)
STAMP_LIKE = some.from_regex(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:\d\d:\d\dZ", fullmatch=True)
SEARCH_NAMES = some.from_regex(r"[a-z0-9][a-z0-9_.-]{0,20}", fullmatch=True)
INDICES = some.from_regex(r"[a-z0-9][a-z0-9_.@-]{0,20}", fullmatch=True)


@unhurried
@given(MOMENTS, ZONES)
def test_a_stamp_parses_back_and_is_the_second_in_utc(moment_: datetime, zone: timezone) -> None:
    stamp = Stamp.of(moment_.replace(tzinfo=UTC))
    assert Stamp.parse(str(stamp)) == stamp
    if 2 < moment_.year < 9998:
        local = moment_.replace(tzinfo=UTC).astimezone(zone)
        assert Stamp.of(local) == stamp


@unhurried
@given(STAMPS, STAMPS)
def test_stamps_sort_as_their_texts_do(first: Stamp, second: Stamp) -> None:
    assert (first < second) == (str(first) < str(second))


@unhurried
@given(KEYS)
def test_an_artefact_s_key_and_its_manifest_s_parse_back(key: ArtefactKey) -> None:
    assert ArtefactKey.parse(str(key)) == key
    assert ArtefactKey.of_manifest(key.manifest) == key
    assert ArtefactKey.of_manifest(str(key)) is None
    assert ArtefactKey.parse(key.manifest) is None


@unhurried
@given(KEYS, STAMPS)
def test_the_key_of_a_verification_tells_artefact_and_moment(
    key: ArtefactKey, drill: Stamp
) -> None:
    assert ArtefactKey.of_verification(key.verification(drill)) == (key, drill)
    assert ArtefactKey.parse(key.verification(drill)) is None
    assert ArtefactKey.of_verification(key.manifest) is None


@unhurried
@given(KEYS, KEYS)
def test_two_artefacts_never_share_a_key(first: ArtefactKey, second: ArtefactKey) -> None:
    assert (first == second) == (str(first) == str(second))


@unhurried
@given(
    some.text()
    | some.builds("{}/{}-{}.{}".format, PATHS, STAMP_LIKE, TEXT, FORMATS)
    | some.builds("{}-{}.{}".format, STAMP_LIKE, TEXT, FORMATS)
)
def test_a_key_that_somebody_else_wrote_is_read_as_one_thing_or_not_at_all(text: str) -> None:
    for key in (ArtefactKey.parse(text), ArtefactKey.of_manifest(f"{text}{MANIFEST_SUFFIX}")):
        assert key is None or ArtefactKey.parse(str(key)) == key


@unhurried
@given(MANIFESTS)
def test_a_manifest_reads_back_as_it_was_written(manifest: Manifest) -> None:
    assert Manifest.read(manifest.write(), "here") == manifest


@unhurried
@given(some.builds(Provenance, KEY, KEY, STAMPS, some.none() | USED))
def test_a_provenance_parses_back(provenance: Provenance) -> None:
    assert Provenance.parse(str(provenance)) == provenance


@unhurried
@given(
    some.text()
    | some.builds(
        "envsync: {} from {} of {}{}".format,
        KEY,
        KEY,
        STAMP_LIKE,
        some.just("") | TEXT | some.builds(", sanitised by {} {}".format, TEXT, SHA256),
    )
)
def test_a_comment_that_somebody_else_wrote_is_read_as_one_thing_or_not_at_all(text: str) -> None:
    found = Provenance.parse(text)
    assert found is None or Provenance.parse(str(found)) == found


@unhurried
@given(SEARCH_NAMES, STAMPS, INDICES, SEARCH_NAMES)
def test_a_restored_index_tells_its_database_and_its_original_name(
    name: str, stamp: Stamp, index: str, other: str
) -> None:
    restored = f"{snapshot_name(name, stamp)}-{index}"
    assert original(restored) == index
    assert belongs(restored, name)
    assert belongs(restored, other) == (name == other)
    assert original(f"{snapshot_name(other, stamp)}-{original(restored)}") == index
    assert moment(stamp) in snapshot_name(name, stamp)


@unhurried
@given(PATHS, MANIFESTS, some.dictionaries(INDICES, COUNTS, min_size=1, max_size=2))
def test_a_snapshot_s_metadata_tells_the_manifest_it_was_made_with(
    path: str, manifest: Manifest, rows: dict[str, int]
) -> None:
    told = Manifest(
        environment=manifest.environment,
        database=manifest.database,
        name=manifest.name,
        dbms="elasticsearch",
        stamp=manifest.stamp,
        format="snapshot",
        bytes=manifest.bytes,
        bytes_uncompressed=manifest.bytes,
        database_bytes=manifest.bytes,
        row_counts="estimate",
        rows=rows,
        aliases={index: {f"{index}-alias": "{}"} for index in rows},
        server_version=manifest.server_version,
        client_version=manifest.client_version,
        envsync_version="1",
    )
    snapshot = {"metadata": metadata(path, told), "indices": [*rows]}
    key = ArtefactKey(path, Stamp.parse(told.stamp), told.name, "snapshot")
    assert manifest_of(snapshot) == (key, told)
