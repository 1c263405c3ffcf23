"""Each rule between files is told in a sentence, at its line, wherever it is broken."""

from pathlib import Path

import pytest

from tests.inventory.folders import (
    PRODUCTION,
    STAGING,
    folder,
    integration,
    with_sync,
    with_top,
)
from tests.inventory.test_shape_mistakes import A_KEY_OF_AGE

BY_HAND = "accepted: 'ensure: disabled', to be run by hand"
FULL_NAMES = "with hosts by their full names"
A_KEY_OF_SSH = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFgc8i4MTMfj2lOTv6RT+egzYKU5B0R5JkcZJZxBxu3Y me@here"
)
OTHER = "  other: {from: production, sanitise: clean.sql}"

CASES: dict[str, tuple[dict[str, str], str]] = {
    "an unknown source": (
        {"staging": with_sync("from: prodction, sanitise: clean.sql")},
        (
            "staging.yaml:10: 'syncs.app' is from 'prodction', which is not an environment; "
            "did you mean 'production'?"
        ),
    ),
    "a source unlike any": (
        {"staging": with_sync("from: mars, sanitise: clean.sql")},
        (
            "staging.yaml:10: 'syncs.app' is from 'mars', which is not an environment; "
            "accepted: 'production' or 'staging'"
        ),
    ),
    "an unknown database of the source": (
        {"staging": with_sync("from: production, database: ap, sanitise: clean.sql")},
        (
            "staging.yaml:10: 'syncs.app' is from 'ap' of 'production', which has no such "
            "database; did you mean 'app'?"
        ),
    ),
    "a sync of what nobody here can read": (
        {
            "production": PRODUCTION.replace(
                "directory: /backups/production",
                f"directory: /backups/production, encrypt_to: [{A_KEY_OF_AGE}]",
            )
        },
        (
            "staging.yaml:10: 'syncs.app' pulls what the storage of 'production' encrypts, and "
            "nothing says with what it is read; accepted: 'decrypt_with: {file: PATH}' beside its "
            "'encrypt_to'"
        ),
    ),
    "a drill of what nobody here can read": (
        {
            "production": PRODUCTION.replace(
                "directory: /backups/production",
                f"directory: /backups/production, encrypt_to: [{A_KEY_OF_AGE}]",
            ).replace("name: app_production", "name: app_production, verify: {}"),
            "staging": STAGING.partition("syncs:")[0],
        },
        (
            "production.yaml:7: 'databases.app.verify' restores what the storage of 'production' "
            "encrypts, and nothing says with what it is read; accepted: 'decrypt_with: {file: "
            "PATH}' beside its 'encrypt_to'"
        ),
    ),
    "an unknown target": (
        {"production": PRODUCTION.replace("backups:\n  app", "backups:\n  appp")},
        (
            "production.yaml:10: 'backups.appp' is about 'appp', which is not one of 'databases'; "
            "did you mean 'app'?"
        ),
    ),
    "an unknown server": (
        {"staging": STAGING.replace("other: {server: main", "other: {server: mian")},
        (
            "staging.yaml:8: 'databases.other' is on 'mian', which is not one of 'servers'; "
            "did you mean 'main'?"
        ),
    ),
    "a sync into a protected environment": (
        {"production": PRODUCTION + "syncs:\n  other: {from: staging}\n"},
        (
            "production.yaml:12: 'syncs.other' goes into 'production', which is protected; "
            f"{BY_HAND}"
        ),
    ),
    "a protected environment that refreshes itself": (
        {"production": PRODUCTION + "syncs:\n  app: {from: production, ensure: present}\n"},
        f"production.yaml:12: 'syncs.app' goes into 'production', which is protected; {BY_HAND}",
    ),
    "an environment that refreshes itself": (
        {"staging": with_top("  other: {from: staging}")},
        (f"staging.yaml:11: 'syncs.other' would restore its own backups every night; {BY_HAND}"),
    ),
    "a sync that says nothing of sanitising": (
        {"staging": with_sync("from: production")},
        (
            "staging.yaml:10: 'syncs.app' takes data out of 'production', which is protected, and "
            "does not say how it is made safe; accepted: 'sanitise: SCRIPT', or "
            "'sanitise: never' with 'because: WHY'"
        ),
    ),
    "a disabled sync that says nothing of sanitising": (
        {"staging": with_sync("from: production, ensure: disabled")},
        (
            "staging.yaml:10: 'syncs.app' takes data out of 'production', which is protected, and "
            "does not say how it is made safe; accepted: 'sanitise: SCRIPT', or "
            "'sanitise: never' with 'because: WHY'"
        ),
    ),
    "a loop": (
        {
            "staging": with_sync("from: integration"),
            "integration": integration("  app: {from: staging}"),
        },
        (
            "integration.yaml:10: 'syncs.app' is part of a loop, app (integration) from app "
            "(staging) from app (integration); accepted: syncs that begin where nothing comes in"
        ),
    ),
    "a loop that something hangs on": (
        {
            "staging": with_sync("from: integration, database: other"),
            "integration": integration(
                "  app: {from: staging}\n  other: {from: staging, database: app}"
            ),
        },
        (
            "integration.yaml:11: 'syncs.other' is part of a loop, other (integration) from app "
            "(staging) from other (integration); accepted: syncs that begin where nothing comes in"
        ),
    ),
    "one database at both ends": (
        {
            "staging": STAGING.replace("db.staging", "DB.production.").replace(
                "app_staging", "app_production"
            )
        },
        (
            "staging.yaml:10: 'syncs.app' has the same database at both ends, 'app_production' on "
            f"DB.production.:5432; accepted: two databases, {FULL_NAMES}"
        ),
    ),
    "two syncs into one database": (
        {
            "staging": with_top(OTHER).replace(
                "other_staging, path: postgresql", "app_staging, path: two"
            )
        },
        (
            "staging.yaml:11: 'syncs.other' goes into 'app_staging' on db.staging:5432, as does "
            f"'syncs.app' in staging.yaml:10; accepted: one sync into a database, {FULL_NAMES}"
        ),
    ),
    "two environments on one database": (
        {
            "integration": integration("  app: {from: staging}")
            .replace("integration,", "staging,")
            .replace("db.integration", "db.staging")
            .replace("app_integration", "app_staging")
            .replace("from: staging", "from: production, sanitise: clean.sql")
        },
        (
            "staging.yaml:10: 'syncs.app' goes into 'app_staging' on db.staging:5432, as does "
            "'syncs.app' in integration.yaml:10; accepted: one sync into a database, "
            f"{FULL_NAMES}"
        ),
    ),
    "two files about one environment": (
        {"staging": STAGING.replace("environment: staging", "environment: production")},
        (
            "staging.yaml:1: the environment 'production' has a file already, production.yaml; "
            "accepted: one file for each environment"
        ),
    ),
    "two steps with one title": (
        {"staging": with_top(f"{OTHER}\nbackups:\n  app: {{title: pull other into staging}}")},
        (
            "staging.yaml:13: 'backups.app' has the title 'pull other into staging', as has a "
            "step of 'syncs.other' in staging.yaml:11; "
            "accepted: titles that differ within an environment"
        ),
    ),
    "the title of a push that a sync brings": (
        {
            "production": PRODUCTION.replace(
                '"02:00"', '"02:00", title: push other from production'
            ),
            "staging": with_top(OTHER),
        },
        (
            "production.yaml:10: 'backups.app' has the title 'push other from production', as has "
            "a step of 'syncs.other' in staging.yaml:11; "
            "accepted: titles that differ within an environment"
        ),
    ),
    "artefacts of one name": (
        {"staging": STAGING.replace("other_staging", "app_staging")},
        (
            "staging.yaml:8: 'databases.other' has the path 'postgresql' and the name "
            "'app_staging', as has 'databases.app' in staging.yaml:7; "
            "accepted: a path of its own, for their artefacts to differ"
        ),
    ),
    "two environments that push to one place": (
        {
            "staging": with_top("backups:\n  app: {}")
            .replace("/backups/staging", "/backups/production")
            .replace("app_staging", "app_production")
        },
        (
            "staging.yaml:7: 'databases.app' is pushed to the same place in "
            "file:///backups/production as 'databases.app' in production.yaml:7; "
            "accepted: a path or a storage of its own"
        ),
    ),
    "a reserved name": (
        {"staging": STAGING.replace("other_staging", "app_staging__incoming")},
        (
            "staging.yaml:8: 'databases.other' has the name 'app_staging__incoming', which is "
            "reserved for what a pull leaves; accepted: a name that does not end in "
            "'__incoming', '__previous', '__verify' or '__discarded'"
        ),
    ),
    "a target without room for its successor": (
        {"staging": STAGING.replace("app_staging", "é" * 26 + "a")},
        (
            "staging.yaml:7: 'databases.app' has a name of 53 bytes, too long to be a sync's "
            "target; accepted: 52 bytes, for '__discarded' to fit behind them"
        ),
    ),
    "a target that is always in use": (
        {"staging": STAGING.replace("app_staging", "postgres")},
        (
            "staging.yaml:7: 'databases.app' has the name 'postgres', which cannot be replaced "
            "while the server is in use; accepted: a database other than the templates and "
            "'maintenance_database'"
        ),
    ),
    "a misspelt script": (
        {"staging": with_sync("from: production, sanitise: claen.sql")},
        (
            "staging.yaml:10: 'syncs.app.sanitise' is 'claen.sql', which is not in SCRIPTS; "
            "did you mean 'clean.sql'?"
        ),
    ),
    "a missing script": (
        {"staging": with_sync("from: production, sanitise: zzz")},
        (
            "staging.yaml:10: 'syncs.app.sanitise' is 'zzz', which is not in SCRIPTS; "
            "accepted: 'clean.sql'"
        ),
    ),
    "missing checks": (
        {"staging": with_sync("from: production, sanitise: clean.sql, checks: zzz")},
        (
            "staging.yaml:10: 'syncs.app.checks' is 'zzz', which is not in SCRIPTS; "
            "accepted: 'clean.checks.sql'"
        ),
    ),
    "a script of an absent sync": (
        {"staging": with_sync("from: production, sanitise: zzz, ensure: absent")},
        (
            "staging.yaml:10: 'syncs.app.sanitise' is 'zzz', which is not in SCRIPTS; "
            "accepted: 'clean.sql'"
        ),
    ),
    "checks instead of a script": (
        {"staging": with_sync("from: production, sanitise: clean.checks.sql")},
        (
            "staging.yaml:10: 'syncs.app.sanitise' is 'clean.checks.sql', which checks and does "
            "not sanitise; did you mean 'clean.sql'?"
        ),
    ),
    "a script above its folder": (
        {"staging": with_sync("from: production, sanitise: ../scripts/clean.sql")},
        (
            "staging.yaml:10: 'syncs.app.sanitise' is '../scripts/clean.sql', outside SCRIPTS; "
            "accepted: a path in that folder"
        ),
    ),
    "a script from anywhere": (
        {"staging": with_sync("from: production, sanitise: /etc/passwd")},
        (
            "staging.yaml:10: 'syncs.app.sanitise' is '/etc/passwd', outside SCRIPTS; "
            "accepted: a path in that folder"
        ),
    ),
}

SOUND = {
    "a restore of a protected environment's own backups by hand": {
        "production": PRODUCTION + "syncs:\n  app: {from: production, ensure: disabled}\n"
    },
    "a restore of an environment's own backups by hand": {
        "staging": with_top("  other: {from: staging, ensure: disabled}")
    },
    "a restore into a protected environment by hand": {
        "production": PRODUCTION + "syncs:\n  app: {from: staging, ensure: disabled}\n"
    },
    "defaults that disable": {
        "production": PRODUCTION
        + "defaults: {ensure: disabled}\nsyncs:\n  app: {from: production}\n"
    },
    "an absent sync that would break rules": {
        "staging": with_sync("from: production, ensure: absent")
    },
    "a reason instead of a script": {
        "staging": with_sync("from: production, sanitise: never, because: it is public")
    },
    "a chain": {"integration": integration("  app: {from: staging}")},
    "a long name that is only a source": {
        "production": PRODUCTION.replace("app_production", "a" * 63)
    },
    "an encrypted storage that can be read": {
        "production": PRODUCTION.replace(
            "directory: /backups/production",
            f"directory: /backups/production, encrypt_to: [{A_KEY_OF_AGE}, {A_KEY_OF_SSH!r}], "
            "decrypt_with: {env: KEY}",
        )
    },
    "an encrypted storage that is only written": {
        "production": PRODUCTION.replace(
            "directory: /backups/production",
            f"directory: /backups/production, encrypt_to: [{A_KEY_OF_AGE}]",
        ),
        "staging": with_sync("from: production, sanitise: clean.sql, ensure: absent"),
    },
    "a shared storage with pushes from one environment only": {
        "staging": STAGING.replace("/backups/staging", "/backups/production").replace(
            "app_staging", "app_production"
        )
    },
}


@pytest.mark.parametrize(("files", "problem"), CASES.values(), ids=CASES.keys())
def test_a_broken_rule_is_told_at_its_line(
    tmp_path: Path, files: dict[str, str], problem: str
) -> None:
    assert folder(tmp_path, **files).problems() == [problem]


@pytest.mark.parametrize("files", SOUND.values(), ids=SOUND.keys())
def test_what_breaks_no_rule_is_loaded(tmp_path: Path, files: dict[str, str]) -> None:
    assert folder(tmp_path, **files).load().environments


def test_each_of_two_loops_is_told_once(tmp_path: Path) -> None:
    loops = folder(
        tmp_path,
        staging=with_sync("from: integration").rstrip() + "\n  other: {from: integration}\n",
        integration=integration("  app: {from: staging}\n  other: {from: staging}"),
    )
    assert [problem.split(",")[0] for problem in loops.problems()] == [
        "integration.yaml:10: 'syncs.app' is part of a loop",
        "integration.yaml:11: 'syncs.other' is part of a loop",
    ]
