"""What the shipped files decide is decided of every column of the shipped schemas, and no other."""

from pathlib import Path

from psycopg import Connection

from envsync.coverage import differences
from envsync.gateways.postgresql.columns import columns
from envsync.gateways.scope import Scope
from envsync.inventory.columns_file import read_columns
from tests.sanitisation_sql.scripts import SCRIPTS
from tests.servers.postgresql import Postgresql


def differing(name: str, connection: Connection, postgresql: Postgresql) -> list[str]:
    file = SCRIPTS / f"{name}.columns.yaml"
    decided = read_columns(Path(file).name, str(file), file.read_bytes())
    assert not decided.problems
    found = columns(postgresql.integration.target(connection.info.dbname), Scope())
    return [str(each) for each in differences(decided.classification, found)]


def test_all_of_publishing_api_is_decided_on(
    publishing_api: Connection, postgresql: Postgresql
) -> None:
    assert not differing("sanitise_publishing_api_production", publishing_api, postgresql)


def test_all_of_email_alert_api_is_decided_on(
    email_alert_api: Connection, postgresql: Postgresql
) -> None:
    assert not differing("anonymise_email_addresses", email_alert_api, postgresql)
