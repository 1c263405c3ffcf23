"""Check results through the REST API of Icinga 2."""

import ssl
from fnmatch import fnmatchcase

import httpx
from pydantic import BaseModel, ValidationError

from envsync.commands.reports import Report
from envsync.errors import CommandError, UnavailableError
from envsync.gateways.secrets import reveal
from envsync.places import IcingaApi

_ACTION = "v1/actions/process-check-result"
_PERMISSION = "actions/process-check-result"
_JSON = {"Accept": "application/json"}
_REASON_LENGTH = 200


class _Result(BaseModel):
    code: int
    status: str = ""


class _Answer(BaseModel):
    results: tuple[_Result, ...] | None = None
    status: str = ""


class _Login(BaseModel):
    user: str
    version: str = ""
    permissions: tuple[str, ...] = ()


class _Logins(BaseModel):
    results: tuple[_Login, ...]


def examine(api: IcingaApi, timeout: float) -> str:
    """Log in and look whether results may be reported (Icinga 2 API, Permissions)."""
    where = _address(api)
    with _client(api, timeout) as client:
        try:
            response = client.get(f"{api.url.rstrip('/')}/v1", headers=_JSON)
        except httpx.RequestError as error:
            raise _unreachable(api, where, error) from error
    _refuse_stranger(response, api, where)
    try:
        (login,) = _Logins.model_validate_json(response.content).results
    except ValueError as error:
        raise CommandError(
            f"{where} gave no answer of an icinga api, http status {response.status_code}"
        ) from error
    if not any(fnmatchcase(_PERMISSION, pattern) for pattern in login.permissions):
        raise CommandError(
            f"user {login.user!r} of {where} may not report results; give it the permission "
            f"{_PERMISSION!r}"
        )
    return f"{where}, {login.version or 'version unknown'}, as {login.user}, who may report"


def deliver(api: IcingaApi, report: Report, timeout: float) -> None:
    """Post a result; raises UnavailableError when trying again may help, else CommandError.

    `timeout` bounds the connecting and each wait for an answer, in seconds.
    """
    where = _address(api)
    with _client(api, timeout) as client:
        try:
            response = client.post(
                f"{api.url.rstrip('/')}/{_ACTION}", json=_body(report), headers=_JSON
            )
        except httpx.RequestError as error:
            raise _unreachable(api, where, error) from error
    _judge(response, api, report, where)


def _client(api: IcingaApi, timeout: float) -> httpx.Client:
    password = reveal(api.password)
    return httpx.Client(
        verify=_trust(api), auth=(api.user, password), timeout=timeout, trust_env=False
    )


def _address(api: IcingaApi) -> str:
    """Name the server without whatever else the URL may hold."""
    try:
        url = httpx.URL(api.url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme != "https" or not url.host or url.userinfo:
        raise CommandError(
            "cannot report to icinga: its url in the inventory must read 'https://HOST:5665', "
            "with the password in a key of its own"
        )
    return f"icinga at {url.host}:{url.port or 443}"


def _trust(api: IcingaApi) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=api.tls_ca)
    except OSError as error:
        raise CommandError(
            f"cannot report to icinga: tls_ca {api.tls_ca!r} cannot be used: {error.strerror}; "
            "it must be a file of PEM certificates"
        ) from error
    # Icinga's own CA makes certificates without the key identifiers that Python 3.13 insists on.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _body(report: Report) -> dict[str, object]:
    return {
        "type": "Service",
        "filter": "host.name == report_host && service.name == report_service",
        "filter_vars": {"report_host": report.host, "report_service": report.service},
        "exit_status": int(report.code),
        "plugin_output": report.message,
    }


def _unreachable(api: IcingaApi, where: str, error: httpx.RequestError) -> CommandError:
    if _is_untrusted(error):
        return CommandError(
            f"cannot report to {where}: its certificate is not trusted ({error}); "
            f"tls_ca must name the CA that signed it, and is {api.tls_ca or 'the system'!r}"
        )
    return UnavailableError(f"cannot report to {where}: {str(error) or type(error).__name__}")


def _is_untrusted(error: BaseException | None) -> bool:
    if error is None or isinstance(error, ssl.SSLCertVerificationError):
        return error is not None
    return _is_untrusted(error.__cause__ or error.__context__)


def _refuse_stranger(response: httpx.Response, api: IcingaApi, where: str) -> None:
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise CommandError(
            f"{where} does not accept user {api.user!r} with the password from {api.password}"
        )


def _judge(response: httpx.Response, api: IcingaApi, report: Report, where: str) -> None:
    """Accept an answer that says the result was taken, whatever else the status code claims."""
    _refuse_stranger(response, api, where)
    answer = _read(response)
    target = f"{report.host}!{report.service}"
    if answer.results is None:
        raise _refusal(response.status_code, f"{where} refused {target!r}", answer.status)
    # Icinga 2.13 answers 500 with an empty list, other versions 200 or 404.
    if not answer.results:
        raise CommandError(
            f"{where} has no service {target!r} that user {api.user!r} may report; "
            "define it, or correct title, service_prefix or report_as"
        )
    for result in answer.results:
        if not httpx.codes.is_success(result.code):
            raise _refusal(result.code, f"{where} refused {target!r}", result.status)


def _read(response: httpx.Response) -> _Answer:
    try:
        return _Answer.model_validate_json(response.content)
    except ValidationError:
        return _Answer(status=f"no answer of an icinga api, http status {response.status_code}")


def _refusal(code: int, what: str, status: str) -> CommandError:
    reason = " ".join(status.split())[:_REASON_LENGTH] or f"code {code}"
    error = UnavailableError if httpx.codes.is_server_error(code) else CommandError
    return error(f"{what}: {reason}")
