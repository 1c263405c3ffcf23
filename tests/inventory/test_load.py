"""What an inventory says becomes values; what it leaves out has a default."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from envsync.columns import Classification, Decided, Decision
from envsync.errors import InventoryError
from envsync.inventory.load import load
from envsync.inventory.model import (
    Backup,
    Database,
    Dbms,
    Ensure,
    Environment,
    Icinga,
    Inventory,
    NeverSanitise,
    Options,
    RebootLock,
    Retention,
    Sanitise,
    Schedule,
    Script,
    Server,
    Sync,
)
from envsync.places import (
    Encryption,
    Endpoint,
    FileStorage,
    IcingaApi,
    Nsca,
    S3Storage,
    Secret,
)
from tests.inventory.folders import (
    PRODUCTION,
    STAGING,
    folder,
    large,
    with_storage,
    with_sync,
    with_top,
)


def test_a_small_inventory_becomes_its_values(tmp_path: Path) -> None:
    made = folder(tmp_path)
    production = Environment(
        "production", protected=True, storage=FileStorage("/backups/production")
    )
    staging = Environment("staging", protected=False, storage=FileStorage("/backups/staging"))
    app, other, target, unused = (
        Database(
            key,
            home,
            Server(Dbms.POSTGRESQL, Endpoint("main", f"db.{home.name}", 5432), "admin"),
            f"{key}_{home.name}",
            "postgresql",
            unlisted_push=Options(f"push {key} from {home.name}"),
        )
        for home in (production, staging)
        for key in ("app", "other")
    )
    clean, checks = (
        Script(name, made.scripts / name) for name in ("clean.sql", "clean.checks.sql")
    )
    assert made.load() == Inventory(
        environments=(production, staging),
        databases=(app, other, target, unused),
        syncs=(
            Sync(
                source=app,
                target=target,
                sanitise=Sanitise(clean),
                checks=checks,
                options=Options("pull app into staging", schedule=Schedule("0 3 * * *")),
                columns_file="clean.columns.yaml",
                columns=Classification(
                    "clean.columns.yaml", {"people": {"id": Decided(Decision.KEEP, ("integer",))}}
                ),
            ),
        ),
        backups=(Backup(app, Options("push app from production", schedule=Schedule("0 2 * * *"))),),
    )


def test_a_server_is_all_that_is_said_of_it(tmp_path: Path) -> None:
    spelt = STAGING.replace(
        "host: db.staging, machine: admin",
        "host: /run/postgresql, port: 5433, user: me, password: {file: /etc/secret}, "
        "tls: verify-ca, tls_ca: /etc/ca.pem, maintenance_database: admin, machine: m, "
        "max_parallel: 3, disk: 500GiB",
    )
    endpoint = Endpoint(
        name="main",
        host="/run/postgresql",
        port=5433,
        user="me",
        password=Secret("file", "/etc/secret"),
        tls="verify-ca",
        tls_ca="/etc/ca.pem",
        maintenance="admin",
    )
    server = folder(tmp_path, staging=spelt).load().databases[2].server
    assert server == Server(Dbms.POSTGRESQL, endpoint, "m", 3, 500 * 1024**3)


def test_a_bucket_is_all_that_is_said_of_it(tmp_path: Path) -> None:
    spelt = with_storage(
        "backend: s3, bucket: b, region: r, endpoint_url: 'http://s3:9000', "
        "encryption: {kms: k}, checksums: when_required, profile: p, role_arn: a, external_id: e"
    )
    storage = folder(tmp_path, staging=spelt).load().environments[1].storage
    assert storage == S3Storage(
        bucket="b",
        region="r",
        endpoint_url="http://s3:9000",
        encryption=Encryption("aws:kms", "k"),
        checksums="when_required",
        profile="p",
        role_arn="a",
        external_id="e",
    )


def test_an_environment_is_all_that_is_said_of_it(tmp_path: Path) -> None:
    spelt = with_top(
        "reboot_lock: {directory: /run/locks, name: me}\n"
        "icinga: {transport: nsca, host: alert, service_prefix: sync, report_as: db-1}\n"
        "clients: [/opt/postgresql/bin]"
    )
    assert folder(tmp_path, staging=spelt).load().environments[1] == Environment(
        name="staging",
        protected=False,
        storage=FileStorage("/backups/staging"),
        reboot_lock=RebootLock("/run/locks", "me"),
        icinga=Icinga(Nsca("alert"), "sync", "db-1"),
        clients=("/opt/postgresql/bin",),
    )


def test_icinga_is_reached_through_its_api_as_well(tmp_path: Path) -> None:
    spelt = with_top("icinga: {transport: api, url: 'https://i', user: u, password: {env: P}}")
    assert folder(tmp_path, staging=spelt).load().environments[1].icinga == Icinga(
        IcingaApi("https://i", "u", Secret("env", "P")), "envsync"
    )


def test_a_step_is_told_what_its_entry_says(tmp_path: Path) -> None:
    spelt = with_sync(
        "from: production, database: other, sanitise: never, because: all public, title: t, ensure: disabled, cron: '0 3 * * MON', temppath: /var/tmp, "
        "deadline: 1h30m, exclude_table_data: [logs], max_age: 2d, checks: clean.checks.sql"
    )
    made = folder(tmp_path, staging=spelt)
    loaded = made.load()
    assert loaded.syncs == (
        Sync(
            source=loaded.databases[1],
            target=loaded.databases[2],
            sanitise=NeverSanitise("all public"),
            checks=Script("clean.checks.sql", made.scripts / "clean.checks.sql"),
            options=Options(
                title="t",
                ensure=Ensure.DISABLED,
                schedule=Schedule("0 3 * * MON"),
                temppath="/var/tmp",
                deadline=timedelta(minutes=90),
                exclude_table_data=("logs",),
                own_lists=("exclude_table_data",),
            ),
            max_age=timedelta(days=2),
        ),
    )


def test_a_reason_over_several_lines_is_one_sentence(tmp_path: Path) -> None:
    spelt = with_sync("FOLDED").replace(
        "{FOLDED}",
        "\n    from: production\n    sanitise: never\n    because: |\n      all\n      public\n",
    )
    assert folder(tmp_path, staging=spelt).load().syncs[0].sanitise == NeverSanitise("all public")


def test_defaults_hold_where_a_step_does_not_say_otherwise(tmp_path: Path) -> None:
    defaults = (
        "defaults: {ensure: disabled, at: '01:00', deadline: 1h, temppath: /a, "
        "exclude_table_data: [a], max_age: 1h}\n"
    )
    spelt = defaults + with_sync("from: production, sanitise: clean.sql")
    sync = folder(tmp_path, staging=spelt).load().syncs[0]
    assert sync.max_age == timedelta(hours=1)
    assert sync.options == Options(
        title="pull app into staging",
        ensure=Ensure.DISABLED,
        schedule=Schedule("0 1 * * *"),
        temppath="/a",
        deadline=timedelta(hours=1),
        exclude_table_data=("a",),
    )


def test_a_step_overrides_all_defaults(tmp_path: Path) -> None:
    defaults = (
        "defaults: {ensure: disabled, at: '01:00', deadline: 1h, temppath: /a, "
        "exclude_table_data: [a]}\n"
    )
    spelt = defaults + with_sync(
        "from: production, sanitise: clean.sql, ensure: present, cron: '0 3 * * *', "
        "deadline: 2h, temppath: /b, exclude_table_data: []"
    )
    assert folder(tmp_path, staging=spelt).load().syncs[0].options == Options(
        title="pull app into staging",
        ensure=Ensure.PRESENT,
        schedule=Schedule("0 3 * * *"),
        temppath="/b",
        deadline=timedelta(hours=2),
    )


def test_a_database_overrides_the_defaults_of_its_file(tmp_path: Path) -> None:
    defaults = (
        "defaults: {restore_jobs: 4, row_counts: estimate, keep_previous: false, max_shrink: 50%}\n"
    )
    own = (
        "path: postgresql, owner: me, grants: {reader: [SELECT]}, restore_jobs: 1, "
        "row_counts: exact, keep_previous: true, max_shrink: 7.5%"
    )
    spelt = defaults + STAGING.replace("app_staging, path: postgresql", f"app_staging, {own}")
    first, second = folder(tmp_path, staging=spelt).load().databases[2:]
    assert (first.restore_jobs, first.row_counts, first.keep_previous) == (1, "exact", True)
    assert (second.restore_jobs, second.row_counts, second.keep_previous) == (4, "estimate", False)
    assert (first.max_shrink, second.max_shrink) == (Decimal("7.5"), Decimal(50))
    assert (first.owner, first.grants) == ("me", {"reader": ("SELECT",)})


def test_a_database_s_retention_replaces_its_environment_s_as_a_whole(tmp_path: Path) -> None:
    told = "retention: {keep_daily: 14, keep_weekly: 8, keep_younger: 36h}\n"
    own = "path: postgresql, retention: {keep_monthly: 12}"
    spelt = told + STAGING.replace("app_staging, path: postgresql", f"app_staging, {own}")
    databases = folder(tmp_path, staging=spelt).load().databases
    assert [each.retention for each in databases] == [
        None,
        None,
        Retention(keep_monthly=12, keep_younger=timedelta(days=2)),
        Retention(keep_daily=14, keep_weekly=8, keep_younger=timedelta(hours=36)),
    ]


def test_a_hostile_real_name_is_taken_as_it_is(tmp_path: Path) -> None:
    spelt = STAGING.replace("app_staging", "'a\"b''; DROP \\ — é %s'")
    assert folder(tmp_path, staging=spelt).load().databases[2].name == "a\"b'; DROP \\ — é %s"


def test_scripts_may_lie_in_folders_of_their_own(tmp_path: Path) -> None:
    made = folder(tmp_path, staging=with_sync("from: production, sanitise: ./apps/app.sql"))
    (made.scripts / "apps").mkdir()
    for name in ("app.sql", "app.checks.sql"):
        (made.scripts / "apps" / name).write_text("select 1;\n")
    (made.scripts / "apps/app.columns.yaml").write_text("{}\n")
    sync = made.load().syncs[0]
    assert sync.columns == Classification("apps/app.columns.yaml", {})
    assert sync.checks == Script("apps/app.checks.sql", made.scripts / "apps/app.checks.sql")
    assert sync.sanitise == Sanitise(Script("apps/app.sql", made.scripts / "apps/app.sql"))


def test_every_problem_of_every_file_is_told_at_once_in_order(tmp_path: Path) -> None:
    spoilt = folder(
        tmp_path,
        production=PRODUCTION.replace("protected: true", "protected: ja")
        .replace("backups:\n  app", "backups:\n  appp")
        .replace("machine: admin", "machine: admin, tsl: off"),
        staging=STAGING.replace("clean.sql", "zzz").replace("path: postgresql}", "paht: x}"),
    )
    assert [problem.split(" ")[0] for problem in spoilt.problems()] == [
        "production.yaml:2:",
        "production.yaml:5:",
        "production.yaml:10:",
        "staging.yaml:7:",
        "staging.yaml:7:",
        "staging.yaml:8:",
        "staging.yaml:8:",
    ]


def test_rules_are_checked_although_another_entry_is_wrong(tmp_path: Path) -> None:
    spoilt = folder(
        tmp_path,
        production=PRODUCTION.replace("machine: admin", "machine: admin, tsl: off"),
        staging=with_sync("from: production, sanitise: zzz").replace(
            "admin}", "admin, port: none}"
        ),
    )
    assert spoilt.problems() == [
        "production.yaml:5: unknown key 'tsl' in 'servers.main'; did you mean 'tls'?",
        "staging.yaml:5: 'servers.main.port' is 'none'; accepted: a whole number",
        (
            "staging.yaml:10: 'syncs.app.sanitise' is 'zzz', which is not in SCRIPTS; "
            "accepted: 'clean.sql'"
        ),
    ]


def test_names_in_a_file_that_is_wrong_are_not_unknown(tmp_path: Path) -> None:
    spoilt = folder(tmp_path, production=PRODUCTION.replace("backend: file", "backend: ftp"))
    assert spoilt.problems() == [
        "production.yaml:3: 'storage.backend' is 'ftp'; accepted: 's3', 'file', 'rsync' or 'elasticsearch'"
    ]


def test_three_files_of_eighty_databases_are_loaded_whole(tmp_path: Path) -> None:
    inventory = folder(
        tmp_path,
        production=large("production", 80),
        staging=large("staging", 80, "production"),
        integration=large("integration", 80, "staging"),
    ).load()
    sizes = [len(each) for each in (inventory.databases, inventory.syncs, inventory.backups)]
    assert sizes == [240, 160, 80]


def test_yml_is_read_and_hidden_and_other_files_are_not(tmp_path: Path) -> None:
    made = folder(tmp_path)
    (made.path / "staging.yaml").rename(made.path / "staging.yml")
    for name in (".#staging.yaml", "schema.json", "staging.yaml~"):
        (made.path / name).write_text("no inventory: [")
    assert [each.name for each in made.load().environments] == ["production", "staging"]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda _: None, "cannot be read, no such file or directory"),
        (Path.mkdir, "no inventory is here"),
        (Path.touch, "cannot be read, not a directory"),
    ],
    ids=["missing", "empty", "a file"],
)
def test_a_folder_without_inventories_is_refused(
    tmp_path: Path, make: Callable[[Path], None], problem: str
) -> None:
    make(tmp_path / "none")
    with pytest.raises(InventoryError) as caught:
        load(tmp_path / "none", tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'none'}: {problem}; accepted: a folder with a NAME.yaml per environment"
    )


def test_a_file_that_cannot_be_read_is_a_problem_of_its_own(tmp_path: Path) -> None:
    made = folder(tmp_path)
    (made.path / "integration.yaml").symlink_to("nowhere")
    assert made.problems() == [
        "integration.yaml:1: cannot be read, no such file or directory; accepted: a readable file"
    ]


def test_without_a_folder_of_scripts_every_script_is_missing(tmp_path: Path) -> None:
    made = folder(tmp_path)
    with pytest.raises(InventoryError, match=r"'clean.sql', which .* none exist$"):
        load(made.path, tmp_path / "nowhere")
