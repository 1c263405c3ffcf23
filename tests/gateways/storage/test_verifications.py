"""Results of restore drills in every kind of storage, found beside the artefacts they are about."""

from datetime import UTC, datetime

import pytest

from envsync.artefacts import ArtefactKey, Stamp
from envsync.gateways.manifests import listed, newest, verifications
from tests.fleet import NOW
from tests.gateways.storage.places import Place
from tests.test_verification import GOOD

pytestmark = pytest.mark.live

LATER = Stamp(datetime(2026, 11, 21, 5, 0, tzinfo=UTC))
KEY = ArtefactKey("postgresql", NOW, "app")
OTHER = ArtefactKey("postgresql", NOW, "app2")


def test_results_are_found_newest_first_and_those_of_other_databases_are_not(place: Place) -> None:
    red = GOOD.model_copy(update={"at": str(LATER), "healthy": False, "reason": "altered"})
    place.store.put(KEY.verification(NOW), GOOD.write().encode())
    place.store.put(KEY.verification(LATER), red.write().encode())
    place.store.put(OTHER.verification(NOW), GOOD.write().encode())
    found = list(verifications(place.store, "postgresql", "app"))
    assert found == [(KEY, LATER, red), (KEY, NOW, GOOD)]


def test_a_damaged_result_is_told_as_one_of_which_nothing_is_known(place: Place) -> None:
    place.store.put(KEY.verification(NOW), b"\xff{")
    place.store.put(KEY.verification(LATER), GOOD.write().encode())
    found = list(verifications(place.store, "postgresql", "app"))
    assert found == [(KEY, LATER, None), (KEY, NOW, None)]


def test_results_are_no_artefacts(place: Place) -> None:
    place.store.put(KEY.verification(NOW), GOOD.write().encode())
    assert listed(place.store, "postgresql", "app") == []
    assert newest(place.store, "postgresql", "app") == (None, None)
