"""What an inventory says of search clusters, and what it may not."""

from pathlib import Path

import pytest

from envsync.places import SnapshotRepository
from tests.inventory.folders import PRODUCTION, STAGING, folder

SEARCH = "dbms: elasticsearch, host: search.{}, machine: search"
DATABASE = "  find: {server: search, name: find, path: elasticsearch, indices: [people]}\n"


def _with_search(text: str, server: str, database: str, sync: str = "") -> str:
    environment = text.splitlines()[0].split(": ")[1]
    found = text.replace(
        "databases:\n",
        f"  search: {{{SEARCH.format(environment)}{server}}}\ndatabases:\n{database}",
    )
    return found + sync


PULL = "  find: {from: production, sanitise: find.elasticsearch.yaml}\n"


def _problems(
    where: Path, production: str = "", database: str = DATABASE, sync: str = PULL
) -> list[str]:
    made = folder(
        where,
        production=_with_search(PRODUCTION, production or ", repository: govuk", DATABASE),
        staging=_with_search(STAGING, "", database, sync),
    )
    (made.scripts / "find.elasticsearch.yaml").write_text("")
    (made.scripts / "find.columns.yaml").write_text("{}")
    return made.problems()


def test_a_server_s_repository_is_where_its_databases_are_kept(tmp_path: Path) -> None:
    made = folder(
        tmp_path,
        production=_with_search(PRODUCTION, ", repository: govuk", DATABASE),
        staging=_with_search(STAGING, "", DATABASE, PULL),
    )
    (made.scripts / "find.elasticsearch.yaml").write_text("")
    (made.scripts / "find.columns.yaml").write_text("{}")
    (found,) = (d for d in made.load().databases if d.key == "find" and d.environment.protected)
    assert found.storage == SnapshotRepository("govuk", found.server.endpoint)
    assert found.server.endpoint.port == 9200


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"production": ", max_parallel: 1"},
            (
                "'databases.find' is pushed or verified, and its server 'search' has no repository of "
                "snapshots; accepted: 'repository: NAME' on that server"
            ),
        ),
        (
            {"database": DATABASE.replace(", indices: [people]", "")},
            (
                "'databases.find' does not say which indices belong to it; accepted: 'indices' "
                "with names or patterns of indices and aliases"
            ),
        ),
        (
            {"database": DATABASE.replace("name: find", "name: Find it")},
            (
                "'databases.find' has the name 'Find it', which no index can have in its own; "
                "accepted: lower-case letters, digits, '_', '-' and '.'"
            ),
        ),
        (
            {"database": DATABASE.replace("indices:", "owner: find, indices:")},
            (
                "'databases.find' has 'owner', which elasticsearch knows nothing of; accepted: "
                "roles of the cluster, which stay as they are"
            ),
        ),
        (
            {"sync": PULL.replace("find.elasticsearch.yaml", "clean.sql")},
            (
                "'syncs.find.sanitise' is 'clean.sql', and the target is of elasticsearch; "
                "accepted: a file whose name ends in '.elasticsearch.yaml'"
            ),
        ),
    ],
)
def test_what_does_not_fit_a_search_cluster_is_told(
    tmp_path: Path, change: dict[str, str], problem: str
) -> None:
    assert any(told.endswith(problem) for told in _problems(tmp_path, **change))


def test_what_only_a_search_cluster_has_is_told_of_others(tmp_path: Path) -> None:
    spoilt = PRODUCTION.replace("path: postgresql}", "path: postgresql, indices: [people]}", 1)
    assert folder(tmp_path, production=spoilt).problems() == [
        (
            "production.yaml:7: 'databases.app' has 'indices', which means nothing on a postgresql "
            "server; accepted: no 'indices' here"
        )
    ]


@pytest.mark.parametrize("key", ["encrypt_to", "decrypt_with"])
def test_a_repository_s_snapshots_are_not_encrypted_by_envsync(tmp_path: Path, key: str) -> None:
    storage = f"backend: elasticsearch, repository: govuk, {key}: x"
    production = PRODUCTION.replace("backend: file, directory: /backups/production", storage)
    assert (
        f"production.yaml:3: {key!r} means nothing here in 'storage'; accepted: no {key!r}: the "
        "cluster writes snapshots by itself; encrypt the place where the repository keeps them"
    ) in folder(tmp_path, production=production).problems()
