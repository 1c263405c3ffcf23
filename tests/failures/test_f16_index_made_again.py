"""F16: writers make an index again while it is restored, and what was restored is whole."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.failures.aftermath import assert_nothing_left
from tests.failures.search_scene import SearchScene
from tests.live.search_site import ORDERS

pytestmark = pytest.mark.live

AGAIN = ("sync", "search")


@contextmanager
def writing(scene: SearchScene, *, deleting: bool) -> Iterator[list[int]]:
    """Write to an index by its name all the time, as applications do; perhaps delete it as well.

    Yields the numbers of the documents whose writing was acknowledged.
    """
    ended = threading.Event()
    acknowledged: list[int] = []

    def write() -> None:
        number = 9000
        while not ended.wait(0.02):
            number += 1
            if deleting and number % 5 == 0:
                scene.site.integration.answer("DELETE", "/orders")
            path = f"/orders/_doc/{number}"
            status, _ = scene.site.integration.answer("PUT", path, {"number": number})
            if status == 201:
                acknowledged.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield acknowledged
    finally:
        ended.set()
        writer.join()


@pytest.mark.parametrize("deleting", [False, True])
def test_an_index_that_writers_make_again_spoils_no_restore(
    search_scene: SearchScene, *, deleting: bool
) -> None:
    search_scene.site.integration.ask("DELETE", "/orders")
    with writing(search_scene, deleting=deleting) as acknowledged:
        ran = search_scene.run(*AGAIN)
    assert ran.code == 0, ran.err
    assert acknowledged
    (behind,) = search_scene.site.integration.ask("GET", "/orders/_alias")
    assert behind.startswith("envsync-search@")
    people, orders = search_scene.served()
    assert people == search_scene.fresh()[0]
    assert orders[: len(ORDERS)] == ORDERS
    search_scene.next_run()
    again = search_scene.run(*AGAIN)
    assert (again.code, search_scene.served()) == (0, search_scene.fresh()), again.err
    assert_nothing_left(search_scene)
