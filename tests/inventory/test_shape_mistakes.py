"""Each mistake within one file is told in a sentence, at its line."""

from pathlib import Path

import pytest

from tests.inventory.folders import STAGING, folder, with_storage, with_sync, with_top

PRIVILEGES = "'ALL', 'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES' or 'TRIGGER'"
SYNC_KEYS = (
    "'ensure', 'at', 'cron', 'deadline', 'temppath', 'exclude_table_data', 'exclude_tables', "
    "'title', 'after', 'from', 'database', 'sanitise', 'because', 'checks', 'columns' and 6 more"
)
CLEAN = "from: production, sanitise: clean.sql"
AN_AT = 'accepted: "HH:MM", from "00:00" to "23:59"'
A_CRON = 'accepted: a five-field cron expression such as "40 2 * * *"'
A_TIME = 'accepted: a time such as "90m", "2h", "1h30m" or "2d"'
A_SIZE = 'accepted: a size such as "500GiB" or "1.5TB"'
A_PUBLIC_KEY = (
    'accepted: a public key, "age1…" as age-keygen shows it, or "ssh-ed25519 …" or "ssh-rsa …"'
)
A_KEY_OF_AGE = "age1w9nkj9ntdeyvz6nfsmdn2yl9ngnjqnu55hj0cgrp6vkdjuj0w4vs8sqy64"
A_SECRET = "accepted: {env: NAME} or {file: PATH}"
A_KEY = 'accepted: letters, digits, "_", "-" and ".", at most 100'
A_MAPPING = "accepted: a mapping of keys to values"


def with_server(more: str) -> str:
    return STAGING.replace("machine: admin", f"machine: admin, {more}")


def with_database(more: str) -> str:
    return STAGING.replace("app_staging, path: postgresql", f"app_staging, {more}")


CASES = {
    "a misspelt key": (
        with_top("databse: {}"),
        "11: unknown key 'databse'; did you mean 'databases'?",
    ),
    "a misspelt key of a sync": (
        with_sync("from: production, sanitize: clean.sql"),
        "10: unknown key 'sanitize' in 'syncs.app'; did you mean 'sanitise'?",
    ),
    "a key like no other": (
        with_sync(f"{CLEAN}, zzzzz: 1"),
        f"10: unknown key 'zzzzz' in 'syncs.app'; accepted: {SYNC_KEYS}",
    ),
    "a rewrite of no column": (
        with_sync(f"{CLEAN}, rewrite: {{people: {{a: b}}}}"),
        (
            "10: 'syncs.app.rewrite.people' is not a name; accepted: a column as "
            '"table.column" or "schema.table.column", a field as "collection.field"'
        ),
    ),
    "a program with a quote that never ends": (
        with_sync(f'{CLEAN}, after_promote: ["echo \'"]'),
        (
            "10: 'syncs.app.after_promote.0' is \"echo '\"; accepted: a program and its "
            "arguments, quoted as a shell would have them, without a shell"
        ),
    ),
    "a title for everything": (
        with_top("defaults: {title: x}"),
        (
            "11: unknown key 'title' in 'defaults'; accepted: 'ensure', 'at', 'cron', 'deadline', "
            "'temppath', 'exclude_table_data', 'exclude_tables', 'max_age', 'restore_jobs', "
            "'row_counts', 'keep_previous' or 'max_shrink'"
        ),
    ),
    "a retention that keeps nothing": (
        with_top("retention: {keep_younger: 2d}"),
        (
            "11: it keeps no day, week or month in 'retention'; accepted: one of keep_daily, "
            "keep_weekly and keep_monthly, or no retention at all"
        ),
    ),
    "a retention of no days": (
        with_top("retention: {keep_daily: 0}"),
        "11: 'retention.keep_daily' is 0; accepted: 1 or more",
    ),
    "a share of more than all": (
        STAGING.replace("name: app_staging,", "name: app_staging, max_shrink: 130%,"),
        (
            "7: 'databases.app.max_shrink' is '130%'; accepted: a share such as \"10%\", "
            'from "0%" to "100%"'
        ),
    ),
    "a missing key": (
        STAGING.replace("app: {server: main, ", "app: {"),
        (
            "7: the key 'server' is missing in 'databases.app'; "
            "accepted: the server it lies on, one of `servers`"
        ),
    ),
    "no environment": (
        STAGING.replace("environment: staging\n", ""),
        "1: the key 'environment' is missing; accepted: the name of the environment",
    ),
    "no protected": (
        STAGING.replace("protected: false\n", ""),
        (
            "1: the key 'protected' is missing; "
            "accepted: true or false; true: never the target of a nightly run, only by hand, by name"
        ),
    ),
    "no from": (
        with_sync("sanitise: clean.sql"),
        "10: the key 'from' is missing in 'syncs.app'; accepted: the environment it comes from",
    ),
    "an unknown ensure": (
        with_sync(f"{CLEAN}, ensure: on"),
        "10: 'syncs.app.ensure' is 'on'; accepted: 'present', 'disabled' or 'absent'",
    ),
    "an unknown dbms": (
        STAGING.replace("dbms: postgresql", "dbms: oracle"),
        "5: 'servers.main.dbms' is 'oracle'; accepted: 'postgresql', 'mysql', 'mongo' or 'elasticsearch'",
    ),
    "no instead of false": (
        STAGING.replace("protected: false", "protected: no"),
        "2: 'protected' is 'no'; accepted: true or false",
    ),
    "false in quotes": (
        STAGING.replace("protected: false", 'protected: "false"'),
        "2: 'protected' is 'false'; accepted: true or false, without quotes",
    ),
    "true instead of text": (
        STAGING.replace("host: db.staging", "host: true"),
        (
            "5: 'servers.main.host' is true; "
            "accepted: text, in quotes where it looks like a number, true or false"
        ),
    ),
    "a port out of range": (
        with_server("port: 65536"),
        "5: 'servers.main.port' is 65536; accepted: 65535 or less",
    ),
    "a port below all": (
        with_server("port: 0"),
        "5: 'servers.main.port' is 0; accepted: 1 or more",
    ),
    "a port as text": (
        with_server('port: "5432"'),
        "5: 'servers.main.port' is '5432'; accepted: a whole number, without quotes",
    ),
    "an unknown tls mode": (
        with_server("tls: on"),
        (
            "5: 'servers.main.tls' is 'on'; "
            "accepted: 'disable', 'require', 'verify-ca' or 'verify-full'"
        ),
    ),
    "a disk without a unit that is known": (
        with_server("disk: 5 XB"),
        f"5: 'servers.main.disk' is '5 XB'; {A_SIZE}",
    ),
    "an endless disk": (
        with_server(f"disk: {'9' * 400}TiB"),
        f"5: 'servers.main.disk' is '{'9' * 60}…'; {A_SIZE}",
    ),
    "a password itself": (
        with_server("password: hunter2"),
        f"5: 'servers.main.password' is not the place of a secret; {A_SECRET}",
    ),
    "a password in two places": (
        with_server("password: {env: A, file: /b}"),
        (
            f"5: 'env' and 'file' are both given or both missing in 'servers.main.password'; "
            f"{A_SECRET}"
        ),
    ),
    "a password that is a number": (
        with_server("password: {env: 12345}"),
        f"5: 'servers.main.password.env' is not the place of a secret; {A_SECRET}",
    ),
    "something that is no public key": (
        with_storage("backend: file, directory: /d, encrypt_to: [me]"),
        f"3: 'storage.encrypt_to.0' is not a public key; {A_PUBLIC_KEY}",
    ),
    "a public key that is mistyped": (
        with_storage("backend: s3, bucket: b, encrypt_to: [age1qqqqqq]"),
        f"3: 'storage.encrypt_to.0' is not a public key; {A_PUBLIC_KEY}",
    ),
    "a private key for a public one": (
        with_storage("backend: file, directory: /d, encrypt_to: [AGE-SECRET-KEY-1HUNTER2]"),
        f"3: 'storage.encrypt_to.0' is not a public key; {A_PUBLIC_KEY}",
    ),
    "a kind of key that age does not know": (
        with_storage("backend: file, directory: /d, encrypt_to: [ecdsa-sha2-nistp256 AAAA]"),
        f"3: 'storage.encrypt_to.0' is not a public key; {A_PUBLIC_KEY}",
    ),
    "a public key that is no list": (
        with_storage("backend: file, directory: /d, encrypt_to: age1qqqqqq"),
        "3: 'storage.encrypt_to' is 'age1qqqqqq'; accepted: a list",
    ),
    "encryption to nobody": (
        with_storage("backend: file, directory: /d, encrypt_to: []"),
        ("3: 'storage.encrypt_to' is empty; accepted: at least one public key, or no 'encrypt_to'"),
    ),
    "a private key itself": (
        with_storage("backend: rsync, directory: /d, decrypt_with: AGE-SECRET-KEY-1HUNTER2"),
        f"3: 'storage.decrypt_with' is not the place of a secret; {A_SECRET}",
    ),
    "a private key in two places": (
        with_storage("backend: file, directory: /d, decrypt_with: {env: A, file: /b}"),
        (
            "3: 'env' and 'file' are both given or both missing in 'storage.decrypt_with'; "
            f"{A_SECRET}"
        ),
    ),
    "an unknown storage": (
        with_storage("backend: ftp"),
        "3: 'storage.backend' is 'ftp'; accepted: 's3', 'file', 'rsync' or 'elasticsearch'",
    ),
    "a storage of no kind": (
        with_storage("bucket: b"),
        "3: the key 'backend' is missing in 'storage'; accepted: 's3', 'file', 'rsync' or 'elasticsearch'",
    ),
    "rsync to nowhere": (
        with_storage("backend: rsync, host: h"),
        (
            "3: 'module' and 'directory' are both given or both missing in 'storage'; "
            "accepted: module: of an rsync daemon, or directory: over SSH or on this machine"
        ),
    ),
    "a module of no host": (
        with_storage("backend: rsync, module: m"),
        "3: the key 'host' is missing in 'storage'; accepted: the host of the rsync daemon",
    ),
    "a password for a folder": (
        with_storage("backend: rsync, host: h, directory: /d, password: {env: P}"),
        (
            "3: 'password' means nothing here in 'storage'; "
            "accepted: directory: with host, identity, known_hosts, port, user"
        ),
    ),
    "a user of this machine's folder": (
        with_storage("backend: rsync, directory: /d, user: u"),
        (
            "3: 'user' means nothing here in 'storage'; "
            "accepted: directory: alone, where there is no host:"
        ),
    ),
    "a password of nobody": (
        with_storage("backend: rsync, host: h, module: m, password: {env: P}"),
        "3: the key 'user' is missing in 'storage'; accepted: whose password it is",
    ),
    "a password itself for rsync": (
        with_storage("backend: rsync, host: h, module: m, user: u, password: hunter2"),
        "3: 'storage.password' is not the place of a secret; accepted: {env: NAME} or {file: PATH}",
    ),
    "a host that is an option": (
        with_storage("backend: rsync, host: '-e sh', module: m"),
        "3: 'storage.host' is '-e sh'; accepted: a host name or an address",
    ),
    "a bucket without a name": (
        with_storage("backend: s3"),
        "3: the key 'bucket' is missing in 'storage'; accepted: the name of the bucket",
    ),
    "a folder from nowhere": (
        with_storage("backend: file, directory: backups"),
        (
            "3: 'storage.directory' is 'backups'; "
            'accepted: an absolute path, one that starts with "/"'
        ),
    ),
    "an unknown encryption": (
        with_storage("backend: s3, bucket: b, encryption: AES"),
        "3: 'storage.encryption' is 'AES'; accepted: 'AES256' or {kms: KEY-ID}",
    ),
    "an encryption without a key": (
        with_storage("backend: s3, bucket: b, encryption: {}"),
        "3: the key 'kms' is missing in 'storage.encryption'; accepted: the id or ARN of the key",
    ),
    "a server that is no S3": (
        with_storage("backend: s3, bucket: b, endpoint_url: ftp://b"),
        "3: 'storage.endpoint_url' is 'ftp://b'; accepted: an http:// or https:// address",
    ),
    "a monitoring of no kind": (
        with_top("icinga: {host: alert}"),
        "11: the key 'transport' is missing in 'icinga'; accepted: 'nsca' or 'api'",
    ),
    "a monitoring without encryption": (
        with_top("icinga: {transport: api, url: 'http://a', user: b, password: {env: C}}"),
        "11: 'icinga.url' is 'http://a'; accepted: an https:// address",
    ),
    "a password for monitoring itself": (
        with_top("icinga: {transport: api, url: 'https://a', user: b, password: hunter2}"),
        f"11: 'icinga.password' is not the place of a secret; {A_SECRET}",
    ),
    "a prefix that monitoring would cut": (
        with_top("icinga: {transport: nsca, host: a, service_prefix: 'b;c'}"),
        "11: 'icinga.service_prefix' is 'b;c'; accepted: one line of text without semicolons",
    ),
    "a lock with a path": (
        with_top("reboot_lock: {directory: /run, name: a/b}"),
        "11: 'reboot_lock.name' is 'a/b'; accepted: a file name without \"/\"",
    ),
    "one folder instead of a list": (
        with_top("clients: /usr/bin"),
        "11: 'clients' is '/usr/bin'; accepted: a list",
    ),
    "a list instead of a mapping": (
        STAGING.replace("  app: {server", "  - {server").replace("  other: {", "  - {"),
        f"6: 'databases' is a list; {A_MAPPING}",
    ),
    "a hostile key": (
        with_top("backups:\n  'a b': {}"),
        f"12: 'backups.a b' is not a name; {A_KEY}",
    ),
    "a path that leaves the storage": (
        with_database("path: a/../../b"),
        (
            "7: 'databases.app.path' is 'a/../../b'; "
            'accepted: a path such as "postgresql-backend", without "." or ".."'
        ),
    ),
    "a name too long for any database": (
        STAGING.replace("other_staging", "é" * 32),
        f"8: 'databases.other.name' is '{'é' * 32}'; accepted: a name of at most 63 bytes",
    ),
    "an unknown privilege": (
        with_database("path: a, grants: {reader: [SELCT]}"),
        f"7: 'databases.app.grants.reader.0' is 'SELCT'; accepted: {PRIVILEGES}",
    ),
    "no privilege": (
        with_database("path: a, grants: {reader: []}"),
        "7: 'databases.app.grants.reader' is empty; accepted: at least one privilege",
    ),
    "no jobs": (
        with_database("path: a, restore_jobs: 0"),
        "7: 'databases.app.restore_jobs' is 0; accepted: 1 or more",
    ),
    "an unknown way to count": (
        with_database("path: a, row_counts: guess"),
        "7: 'databases.app.row_counts' is 'guess'; accepted: 'exact' or 'estimate'",
    ),
    "an hour after midnight": (
        with_sync(f"{CLEAN}, at: 24:00"),
        f"10: 'syncs.app.at' is '24:00'; {AN_AT}",
    ),
    "an hour without minutes": (
        with_sync(f"{CLEAN}, at: 2"),
        (
            "10: 'syncs.app.at' is 2; "
            "accepted: text, in quotes where it looks like a number, true or false"
        ),
    ),
    "two times": (
        with_sync(f"{CLEAN}, at: 02:00, cron: '0 2 * * *'"),
        "10: 'at' and 'cron' are both given in 'syncs.app'; accepted: one of them",
    ),
    "four fields": (
        with_sync(f"{CLEAN}, cron: '0 2 * *'"),
        f"10: 'syncs.app.cron' is '0 2 * *'; {A_CRON}",
    ),
    "a field for seconds": (
        with_sync(f"{CLEAN}, cron: '0 0 2 * * *'"),
        f"10: 'syncs.app.cron' is '0 0 2 * * *'; {A_CRON}",
    ),
    "a day that never comes": (
        with_sync(f"{CLEAN}, cron: '0 2 30 2 *'"),
        f"10: 'syncs.app.cron' is '0 2 30 2 *'; {A_CRON}",
    ),
    "a deadline in words": (
        with_sync(f"{CLEAN}, deadline: two hours"),
        f"10: 'syncs.app.deadline' is 'two hours'; {A_TIME}",
    ),
    "a deadline at once": (
        with_sync(f"{CLEAN}, deadline: 0m"),
        f"10: 'syncs.app.deadline' is '0m'; {A_TIME}",
    ),
    "an age without a unit": (
        with_sync(f"{CLEAN}, max_age: 36"),
        f"10: 'syncs.app.max_age' is 36; {A_TIME}",
    ),
    "never without a reason": (
        with_sync("from: production, sanitise: never"),
        "10: 'sanitise: never' gives no reason in 'syncs.app'; accepted: 'because: WHY' as well",
    ),
    "a reason of nothing": (
        with_sync("from: production, sanitise: never, because: ' '"),
        "10: 'syncs.app.because' is ' '; accepted: a reason in words",
    ),
    "a reason for nothing": (
        with_sync(f"{CLEAN}, because: it is public"),
        (
            "10: 'because' has nothing to explain in 'syncs.app'; "
            "accepted: it beside 'sanitise: never' only"
        ),
    ),
    "a title that monitoring would cut": (
        with_sync(f"{CLEAN}, title: 'a;b'"),
        "10: 'syncs.app.title' is 'a;b'; accepted: one line of text without semicolons",
    ),
    "a key without a value": (
        with_sync(f"{CLEAN}, deadline: "),
        "10: 'syncs.app.deadline' has no value; accepted: a value, or no such key",
    ),
    "a section without entries": (
        with_top("backups:"),
        "11: 'backups' has no value; accepted: a value, or no such key",
    ),
}


@pytest.mark.parametrize(("content", "problem"), CASES.values(), ids=CASES.keys())
def test_a_mistake_in_a_file_is_told_at_its_line(
    tmp_path: Path, content: str, problem: str
) -> None:
    assert folder(tmp_path, staging=content).problems() == [f"staging.yaml:{problem}"]


def test_the_line_of_a_mistake_is_that_of_its_own_key(tmp_path: Path) -> None:
    spread = with_sync("CLEAN").replace(
        "{CLEAN}", "\n    from: production\n    sanitise: clean.sql\n\n    at: noon"
    )
    assert folder(tmp_path, staging=spread).problems() == [
        f"staging.yaml:14: 'syncs.app.at' is 'noon'; {AN_AT}"
    ]


def test_a_password_in_an_inventory_is_not_repeated(tmp_path: Path) -> None:
    spoilt = folder(tmp_path, staging=with_server("password: hunter2"))
    assert "hunter2" not in "".join(spoilt.problems())
