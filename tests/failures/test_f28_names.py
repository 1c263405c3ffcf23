"""F28: names with dashes, quotes, colons, spaces and other letters go the whole road as names."""

from pathlib import Path

import pytest

from envsync.commands.postgresql_text import quoted
from tests.failures.aftermath import Serves, assert_aftermath, assert_nothing_left
from tests.failures.mongo_scene import MongoScene
from tests.failures.postgresql_scene import PostgresqlScene
from tests.failures.search_scene import SearchScene
from tests.live.mysql_site import SANITISED, mysql_site
from tests.live.search_site import ORDERS
from tests.servers.mariadb import Mariadb

pytestmark = pytest.mark.live

NAMES = {
    "quotes": "a'b\"c`d''\"\"",
    "separators": "-x:b::c@d/e?f=g#h;--",
    "letters": " ü-日本 Ω\u00a0\U0001f600\u2003z",
    "formats": "%s {0} $1 ${x} \\n a_b*c \\",
}
"""What shells, SQL, URLs, formats and programs' options would take for more than a name."""


@pytest.mark.parametrize("kind", NAMES)
def test_on_postgresql(scene: PostgresqlScene, kind: str) -> None:
    """A database, a table, its column, its index, and the folder of the artefact bear the name."""
    site, old = scene.site, scene.served()
    name = f"{site.target}{NAMES[kind]}"
    for server in (site.production, site.integration):
        server.run(f"ALTER DATABASE {quoted(site.target)} RENAME TO {quoted(name)}")
    table = quoted(NAMES[kind])
    site.production.run(
        f"CREATE TABLE {table} AS SELECT 1 AS {table}; CREATE INDEX {quoted(name)} ON {table} "
        f"({table})",
        name,
    )
    site.source = site.target = name
    path = NAMES[kind].replace("\\", "").strip("/ ") or "path"
    both = {"databases.app.name": name, "databases.app.path": path}
    site.write(production=both, integration=both)
    ended = scene.run("sync", "app")
    assert_aftermath(scene, ended, old, Serves.FRESH)
    assert site.integration.run(f"TABLE {table}", name, site.owner) == [(1,)]


@pytest.mark.parametrize("kind", NAMES)
def test_on_mariadb(tmp_path: Path, mariadb: Mariadb, kind: str) -> None:
    """A table, its column and its index bear the name, of letters MariaDB has in names.

    The schema's is without quotes, on which mariadb-dump itself fails where there are views.
    """
    word = "".join(letter for letter in NAMES[kind].strip() if ord(letter) < 0x10000)
    schema = f"f28{tmp_path.name[-5:-2]}" + word.translate(str.maketrans("", "", "'\"\\")).strip()
    with mysql_site(tmp_path, mariadb, schema) as site:
        for server, account in zip(
            (site.production, site.integration), site.accounts.values(), strict=True
        ):
            # The name of a schema is a pattern where privileges on it are granted.
            server.run(f"GRANT ALL ON *.* TO `{account}`@`127.0.0.1`")
        table = "`" + word.replace("`", "``") + "`"
        site.production.run(
            f"CREATE TABLE {table} ({table} int, KEY {table} ({table}))", site.source
        )
        site.production.run(f"INSERT INTO {table} VALUES (1)", site.source)
        ran = site.run("sync", "app")
        assert (ran.code, site.people()) == (0, SANITISED), ran.err
        assert site.integration.run(f"SELECT * FROM {table}", site.target) == [(1,)]
        again = site.run("sync", "app")
        assert (again.code, site.schemas()) == (0, {"live", "__previous"}), again.err


def test_on_mongodb(mongo_scene: MongoScene) -> None:
    """Collections, their fields and indexes bear the names; a dollar is refused by the server."""
    site = mongo_scene.site
    words = {kind: name.replace("$", "") for kind, name in NAMES.items()}
    with site.production.client() as client:
        for word in words.values():
            collection = client[site.source][word]
            collection.insert_one({"_id": word, word.replace(".", ""): word})
            collection.create_index(word, name=f"index {word}")
    ended = mongo_scene.run("sync", "app")
    assert ended.code == 0, ended.err
    with site.integration.client() as client:
        database = client[site.target]
        assert [database[word].find_one() for word in words.values()] == [
            {"_id": word, word: word} for word in words.values()
        ]
    with site.production.client() as client:
        for word in words.values():
            client[site.source].drop_collection(word)
    again = mongo_scene.run("sync", "app")
    assert (again.code, mongo_scene.served()) == (0, mongo_scene.fresh()), again.err
    assert_nothing_left(mongo_scene)


def test_on_a_search_cluster(search_scene: SearchScene) -> None:
    """Indices and aliases bear the names, as far as the server lets them."""
    site, old = search_scene.site, search_scene.served()
    forbidden = str.maketrans("", "", ' "*\\<|,>/?#:')
    words = {
        kind: name.lower().translate(forbidden).strip("-_+. \u00a0\u2003")
        for kind, name in NAMES.items()
    }
    for number, word in enumerate(sorted(set(words.values()))):
        site.production.fill(f"{word}.{number}", ORDERS)
        site.production.alias(f"{word}.{number}", f"{word}-alias")
    patterns = ["people", "orders", *(f"{word}-alias" for word in sorted(set(words.values())))]
    indices = {"databases.search.indices": patterns}
    site.write(production=indices, integration=indices)
    search_scene.next_run(keep=["*"])
    ended = search_scene.run("sync", "search")
    assert ended.code == 0, ended.err
    for word in sorted(set(words.values())):
        assert site.integration.documents(f"{word}-alias") == ORDERS
    assert_aftermath(search_scene, ended, old, Serves.FRESH, ("sync", "search"))
