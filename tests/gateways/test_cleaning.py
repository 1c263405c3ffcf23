"""What is removed for a clean artefact, and what is never published as one."""

from pathlib import Path

import pytest

from envsync.artefacts import ArtefactKey, ScriptUsed
from envsync.commands import Location, Measured
from envsync.commands.artefacts import Publish, Supersede
from envsync.errors import CommandError
from envsync.gateways.cleaning import sanitised
from envsync.gateways.hands import session
from envsync.gateways.scope import SilentMeter
from envsync.gateways.storage.file import FileStore
from envsync.places import FileStorage
from tests.fleet import MANIFEST, NOW

KEY = ArtefactKey("postgresql", NOW, "publishing_api_production")
FORESEEN = ScriptUsed(name="clean.sql", sha256="a" * 64)
RUN = ScriptUsed(name="clean.sql", sha256="b" * 64)
CLEAN = MANIFEST.model_copy(update={"sanitised": (FORESEEN,), "sanitised_at": str(NOW)})


def test_what_no_script_has_been_run_on_is_never_published_as_clean(tmp_path: Path) -> None:
    publish = Publish(Location(FileStorage(str(tmp_path)), KEY), CLEAN)
    with (
        session(SilentMeter()) as hands,
        pytest.raises(CommandError, match="no script has been run on it; this is a bug"),
    ):
        hands.perform(publish)
    assert not list(tmp_path.rglob("*"))


def test_a_clean_artefact_says_which_script_has_in_fact_been_run() -> None:
    location = Location(FileStorage("/store/clean"), KEY)
    assert sanitised(location, CLEAN, Measured(scripts=(RUN,))).sanitised == (RUN,)


def test_what_was_sanitised_before_still_says_so() -> None:
    location = Location(FileStorage("/store/clean"), KEY)
    earlier = ScriptUsed(name="earlier.sql", sha256="c" * 64)
    chained = CLEAN.model_copy(update={"sanitised": (earlier, FORESEEN)})
    found = sanitised(location, chained, Measured(scripts=(RUN,))).sanitised
    assert found == (earlier, RUN)


def test_an_artefact_that_is_pushed_raw_needs_no_script() -> None:
    location = Location(FileStorage("/store/raw"), KEY)
    assert sanitised(location, MANIFEST, Measured()) == MANIFEST


def test_what_is_made_again_is_removed_and_nothing_else_that_is_whole(tmp_path: Path) -> None:
    storage = FileStorage(str(tmp_path))
    store = FileStore(storage)
    other = ArtefactKey("postgresql", NOW, "content_tagger_production")
    orphan, whole = (
        ArtefactKey("postgresql", type(NOW)(NOW.moment.replace(day=day)), KEY.database)
        for day in (1, 2)
    )
    for key in (KEY, orphan, whole, other):
        store.put(str(key), b"dump")
    for key in (KEY, whole):
        store.put(key.manifest, b"manifest")
    with session(SilentMeter()) as hands:
        hands.perform(Supersede(Location(storage, KEY)))
        hands.perform(Supersede(Location(storage, KEY)))
    assert {found.key for found in store.keys("")} == {str(whole), whole.manifest, str(other)}
