"""Check results reach the real NSCA and Icinga 2, or the failure is bounded and clear."""

import re
import time
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from envsync.commands.reports import CheckCode, Report
from envsync.errors import CommandError, RefusedError, UnavailableError
from envsync.gateways.icinga import Patience, one_line, send
from envsync.places import IcingaApi, Secret, Transport
from tests.servers.flaky import dropping, silent
from tests.servers.icinga import PASSWORD, IcingaServer
from tests.servers.nsca import NscaServer
from tests.servers.ports import free_port

pytestmark = pytest.mark.live

SERVICE = "GOV.UK environment sync publishing_api"
HOSTILE = "OK: tab\tnew\nline \x17\x00\x1b[31m ; 'q' \"d\" $(id) `id` %s ü\u202e"
CLEANED = "OK: tab new line [31m ; 'q' \"d\" $(id) `id` %s ü"
HURRY = Patience(first_wait=0.01, timeout=0.3)
"""For servers that never answer; what answers may take its time on a busy machine."""
UNHURRIED = replace(HURRY, timeout=30)


def report(transport: Transport, service: str = SERVICE, message: str = "OK: done") -> Report:
    return Report(transport, "db1", service, CheckCode.WARNING, message)


def failure(sent: Report, patience: Patience = UNHURRIED) -> CommandError:
    with pytest.raises(CommandError) as caught:
        send(sent, patience)
    return caught.value


def test_a_result_arrives_at_nsca_whatever_its_text(nsca: NscaServer) -> None:
    send(report(nsca.place, "hostile", HOSTILE))
    assert nsca.received("hostile") == f"1;{CLEANED}"


def test_a_long_text_arrives_at_nsca_cut_at_a_whole_character(nsca: NscaServer) -> None:
    send(report(nsca.place, "long", "x" + "ü" * 5000))
    assert nsca.received("long") == "1;x" + "ü" * 1999


def test_an_empty_text_is_still_the_result_of_a_service(nsca: NscaServer) -> None:
    send(report(nsca.place, "empty", "\n"))
    assert nsca.received("empty") == "1;no message"


@pytest.mark.parametrize("service", ["", "a;b", "a\tb", "a\nb", "ü" * 64])
def test_a_name_that_nsca_would_garble_is_refused(nsca: NscaServer, service: str) -> None:
    assert "through nsca" in str(failure(report(nsca.place, service)))


def test_a_result_arrives_at_icinga_whatever_its_text(icinga: IcingaServer) -> None:
    icinga.define("db1", SERVICE)
    send(report(icinga.place, message=HOSTILE))
    assert icinga.result("db1", SERVICE) == (1, CLEANED)


def test_a_hostile_name_reaches_its_own_service_and_no_other(icinga: IcingaServer) -> None:
    hostile = '"|| true || \\" ü ; {{{'
    icinga.define("db1", hostile, "bystander")
    send(report(icinga.place, hostile))
    assert icinga.result("db1", hostile) == (1, "OK: done")
    assert icinga.result("db1", "bystander") is None


def test_a_service_that_does_not_exist_is_named(icinga: IcingaServer) -> None:
    assert "no service 'db1!nobody defined this'" in str(
        failure(report(icinga.place, "nobody defined this"))
    )


def test_a_service_that_takes_no_results_is_named_with_the_reason(icinga: IcingaServer) -> None:
    icinga.define("db1", "deaf", passive=False)
    assert "'db1!deaf': Passive checks are disabled" in str(failure(report(icinga.place, "deaf")))


def test_a_user_without_the_permission_is_refused(icinga: IcingaServer) -> None:
    icinga.define("db1", SERVICE)
    assert "refused" in str(failure(report(replace(icinga.place, user="reader"))))


def test_a_wrong_password_is_told_by_its_place_and_never_shown(
    icinga: IcingaServer, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.touch(0o600)
    wrong.write_text("hunter2\n")
    error = failure(report(replace(icinga.place, password=Secret("file", str(wrong)))))
    assert f"user 'envsync' with the password from {{file: {wrong}}}" in str(error)
    assert "hunter2" not in "".join(traceback.format_exception(error))


def test_a_password_that_is_not_there_is_refused_by_its_place(icinga: IcingaServer) -> None:
    with pytest.raises(RefusedError, match="'ENVSYNC_NO_SUCH_PASSWORD' is not set"):
        send(report(replace(icinga.place, password=Secret("env", "ENVSYNC_NO_SUCH_PASSWORD"))))


def test_a_certificate_of_an_unknown_ca_is_not_trusted(icinga: IcingaServer) -> None:
    error = failure(report(replace(icinga.place, tls_ca=None)))
    assert "its certificate is not trusted" in str(error)
    assert PASSWORD not in "".join(traceback.format_exception(error))


def test_a_certificate_of_another_host_is_not_trusted(icinga: IcingaServer) -> None:
    elsewhere = replace(icinga.place, url=f"https://127.0.0.1:{icinga.port}")
    assert "its certificate is not trusted" in str(failure(report(elsewhere)))


def test_a_ca_that_cannot_be_read_is_named(icinga: IcingaServer) -> None:
    assert "tls_ca '/nowhere/ca.crt'" in str(
        failure(report(replace(icinga.place, tls_ca="/nowhere/ca.crt")))
    )


@pytest.mark.parametrize(
    "url", ["http://localhost:5665", "https://envsync:hunter2@localhost", "localhost", "https://:x"]
)
def test_a_password_is_only_sent_to_a_plain_https_url(icinga: IcingaServer, url: str) -> None:
    error = failure(report(replace(icinga.place, url=url)))
    assert "must read 'https://HOST:5665'" in str(error)
    assert "hunter2" not in str(error)


def test_a_configuration_that_send_nsca_cannot_read_is_named(nsca: NscaServer) -> None:
    assert "'/nowhere/send_nsca.cfg' cannot be read" in str(
        failure(report(replace(nsca.place, config="/nowhere/send_nsca.cfg")))
    )


def test_an_nsca_that_is_down_is_told(nsca: NscaServer) -> None:
    error = failure(report(replace(nsca.place, port=free_port())))
    assert isinstance(error, UnavailableError)
    assert "Connection refused" in str(error)


def test_an_icinga_that_is_down_is_told(icinga: IcingaServer) -> None:
    error = failure(report(replace(icinga.place, url=f"https://localhost:{free_port()}")))
    assert isinstance(error, UnavailableError)
    assert re.search(r"icinga at localhost:\d+: .*refused", str(error))


def test_a_silent_nsca_is_given_up(nsca: NscaServer) -> None:
    begun = time.monotonic()
    with silent() as port:
        error = failure(report(replace(nsca.place, port=port)), HURRY)
    assert isinstance(error, UnavailableError)
    assert 0.9 <= time.monotonic() - begun < 15


def test_a_silent_icinga_is_given_up(icinga: IcingaServer) -> None:
    begun = time.monotonic()
    with silent() as port:
        error = failure(report(replace(icinga.place, url=f"https://localhost:{port}")), HURRY)
    assert isinstance(error, UnavailableError)
    assert 0.9 <= time.monotonic() - begun < 15


def test_no_try_begins_once_the_total_is_spent(nsca: NscaServer) -> None:
    begun = time.monotonic()
    with silent() as port:
        failure(report(replace(nsca.place, port=port)), replace(HURRY, tries=100, total=0.5))
    assert time.monotonic() - begun < 15


def test_an_nsca_that_comes_back_at_the_third_try_gets_the_result(nsca: NscaServer) -> None:
    with dropping(nsca.port, connections=2) as port:
        send(report(replace(nsca.place, port=port), "late"), UNHURRIED)
    assert nsca.received("late") == "1;OK: done"


def test_an_icinga_that_comes_back_at_the_third_try_gets_the_result(icinga: IcingaServer) -> None:
    icinga.define("db1", "late")
    with dropping(icinga.port, connections=2) as port:
        place = replace(icinga.place, url=f"https://localhost:{port}")
        send(report(place, "late"), UNHURRIED)
    assert icinga.result("db1", "late") == (1, "OK: done")


def test_what_follows_a_bar_is_not_taken_for_performance_data() -> None:
    assert one_line("a | b") == "a / b"


def test_a_report_is_printed_without_its_password() -> None:
    api = IcingaApi("https://icinga:5665", "envsync", Secret("env", "ICINGA_PASSWORD"))
    assert list(report(api).lines()) == [
        "report https://icinga:5665: db1!GOV.UK environment sync publishing_api [1] OK: done"
    ]
