"""Monitoring is told what happened, and OK only where a step has claimed it."""

from dataclasses import replace

import pytest

from envsync.artefacts import ScriptUsed
from envsync.commands import Measured
from envsync.commands.reports import CheckCode, Report
from envsync.execution.outcome import Outcome, State
from envsync.inventory.model import Database, Dbms, Environment, Icinga, Options, Server, Sync
from envsync.places import Endpoint, Nsca, S3Storage
from envsync.plan.model import Copy, Pull, Push, Step
from envsync.reporting.icinga import message, report
from tests.fleet import ASSETS, bucket_sync

ICINGA = Icinga(Nsca("alert.cluster"), "GOV.UK environment sync")
SERVER = Server(Dbms.POSTGRESQL, Endpoint("pg", "pg.internal", 5432), "db_admin")
PRODUCTION = Environment("production", protected=True, storage=S3Storage("bucket"), icinga=ICINGA)
STAGING = replace(PRODUCTION, name="staging", protected=False, storage=S3Storage("other"))
SOURCE = Database("publishing_api", PRODUCTION, SERVER, "publishing_api_production", "path")
TARGET = replace(SOURCE, environment=STAGING, name="publishing_api_staging")
OPTIONS = Options("push publishing_api")
PUSH = Step(1, Push(SOURCE), OPTIONS)
PULL = Step(2, Pull(Sync(SOURCE, TARGET, None, None, OPTIONS)), OPTIONS, needs=(1,))

COPY = Step(3, Copy(bucket_sync(ASSETS["production"], ASSETS["staging"])), OPTIONS)

PUSH_SUBJECT = "push publishing_api_production -> s3://bucket/path/"
PULL_SUBJECT = "pull s3://bucket/path/ -> publishing_api_staging"

PUSHED = Outcome(
    PUSH,
    State.DONE,
    healthy=True,
    seconds=192,
    measured=Measured(bytes=1395864371, rows=dict.fromkeys("abcde", 10)),
)
PULLED = Outcome(
    PULL,
    State.DONE,
    healthy=True,
    seconds=310,
    measured=Measured(
        rows={"public.events": 1234567, "public.users": 3},
        scripts=(ScriptUsed(name="publishing_api.sql", sha256="0" * 64),),
    ),
)
COPIED = Outcome(
    COPY,
    State.DONE,
    healthy=True,
    seconds=192,
    measured=Measured(bytes=1395864371, copied=1012, deleted=3),
)
KEEPING = Copy(replace(bucket_sync(ASSETS["production"], ASSETS["staging"]), delete=False))
COPY_SUBJECT = "copy assets s3://assets-production -> s3://assets-staging"
FAILED = Outcome(PUSH, State.FAILED, "pg_dump ended with 1", seconds=12.2)
SKIPPED = Outcome(PULL, State.SKIPPED, "needs push publishing_api, which failed")
STANDBY = Outcome(PUSH, State.SKIPPED, "pg is a standby", healthy=True)


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (PUSHED, f"OK: {PUSH_SUBJECT} in 3m12s, 1.3 GiB, 5 tables"),
        (
            PULLED,
            f"OK: {PULL_SUBJECT} in 5m10s, 1,234,570 rows, sanitised by publishing_api.sql",
        ),
        (COPIED, f"OK: {COPY_SUBJECT} in 3m12s, 1,012 copied, 1.3 GiB, 3 deleted"),
        (
            replace(COPIED, step=replace(COPY, action=KEEPING)),
            f"OK: {COPY_SUBJECT} in 3m12s, 1,012 copied, 1.3 GiB",
        ),
        (FAILED, f"CRITICAL: {PUSH_SUBJECT} failed after 12s: pg_dump ended with 1"),
        (SKIPPED, f"CRITICAL: {PULL_SUBJECT} skipped: needs push publishing_api, which failed"),
        (STANDBY, f"OK: {PUSH_SUBJECT} skipped: pg is a standby"),
        (
            replace(PUSHED, warnings=("slow", "disk is low")),
            f"WARNING: {PUSH_SUBJECT} done, but slow; disk is low (3m12s, 1.3 GiB, 5 tables)",
        ),
        (
            replace(PUSHED, healthy=False),
            f"CRITICAL: {PUSH_SUBJECT} done in 3m12s, but its health was never claimed: a bug",
        ),
        (
            replace(PULLED, measured=Measured(rows={"public.users": 1})),
            f"OK: {PULL_SUBJECT} in 5m10s, 1 row, not sanitised on the way",
        ),
    ],
)
def test_the_message_says_what_happened(outcome: Outcome, text: str) -> None:
    assert message(outcome) == text


@pytest.mark.parametrize("state", list(State))
def test_nothing_is_ok_that_did_not_claim_it(state: State) -> None:
    assert Outcome(PUSH, state).code is CheckCode.CRITICAL


def test_a_failure_is_never_ok_whatever_it_claims() -> None:
    assert replace(FAILED, healthy=True).code is CheckCode.CRITICAL


def test_a_report_goes_to_the_service_of_the_step() -> None:
    assert report(PUSHED, "db-admin-1") == Report(
        ICINGA.transport,
        "db-admin-1",
        "GOV.UK environment sync push publishing_api",
        CheckCode.OK,
        message(PUSHED),
    )


def test_a_report_goes_to_the_host_the_inventory_names() -> None:
    environment = replace(PRODUCTION, icinga=replace(ICINGA, report_as="db-admin"))
    step = Step(1, Push(replace(SOURCE, environment=environment)), OPTIONS)
    told = report(replace(PUSHED, step=step), "db-admin-1")
    assert told is not None
    assert told.host == "db-admin"


def test_an_environment_without_monitoring_is_not_reported() -> None:
    step = Step(1, Push(replace(SOURCE, environment=replace(PRODUCTION, icinga=None))), OPTIONS)
    assert report(replace(PUSHED, step=step), "db-admin-1") is None


def test_an_artefact_at_the_top_of_its_storage_has_a_plain_address() -> None:
    step = Step(1, Push(replace(SOURCE, path="")), OPTIONS)
    assert "-> s3://bucket/ in" in message(replace(PUSHED, step=step))
