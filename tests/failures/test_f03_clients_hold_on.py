"""F3: clients hold on, and connect again at once; the copy gets in, and they are never shut out."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import psycopg
import pytest

from tests.failures.aftermath import Serves, assert_aftermath
from tests.failures.postgresql_scene import PostgresqlScene
from tests.servers.postgresql import PASSWORD

pytestmark = pytest.mark.live

CLIENTS = 8


@contextmanager
def postgresql_clients(scene: PostgresqlScene) -> Iterator[None]:
    """Keep clients in open transactions in the live database; each comes back when it is ended."""
    conninfo = scene.site.integration.conninfo(scene.site.target, scene.site.owner)

    def read_on() -> None:
        with psycopg.connect(conninfo, password=PASSWORD) as connection:
            while not done.is_set():
                connection.execute("SELECT count(*) FROM people")
                done.wait(0.01)

    done = threading.Event()
    with _again_and_again(read_on, psycopg.Error, done):
        yield


@contextmanager
def _again_and_again(
    work: Callable[[], None], ended: type[Exception], done: threading.Event
) -> Iterator[None]:
    def insist() -> None:
        while not done.is_set():
            with suppress(ended):
                work()

    with ExitStack() as ending:
        for _ in range(CLIENTS):
            thread = threading.Thread(target=insist)
            thread.start()
            ending.callback(thread.join)
        ending.callback(done.set)
        yield


def test_clients_that_come_back_at_once_do_not_keep_the_copy_out(scene: PostgresqlScene) -> None:
    with postgresql_clients(scene):
        ended = scene.run("sync", "app")
    assert_aftermath(scene, ended, None, Serves.FRESH)
