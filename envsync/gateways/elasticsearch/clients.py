"""The two client libraries behind one function: a request in, a status and an answer out.

The official client for Elasticsearch 8 and 9, which refuses all others; opensearch-py for
OpenSearch and older Elasticsearch. Neither retries: what may be asked again is known only above.
"""

import base64
import logging
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import elastic_transport
from elasticsearch import ApiError, Elasticsearch, ElasticsearchWarning
from opensearchpy import ConnectionError as OpenSearchConnectionError
from opensearchpy import OpenSearch, OpenSearchDeprecationWarning, OpenSearchWarning
from opensearchpy import SerializationError as OpenSearchSerializationError
from opensearchpy import TransportError as OpenSearchTransportError

from envsync.commands.elasticsearch_requests import Call, address
from envsync.errors import UnavailableError
from envsync.gateways.secrets import reveal
from envsync.places import Endpoint

REQUEST_SECONDS = 20
"""How long one answer may take: whatever lasts is started, then asked about."""
SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
FIRST_OF_OFFICIAL_CLIENT = 8

Ask = Callable[[Call], tuple[int, Any]]
"""Sends a request; raises UnavailableError where no answer comes, or none that is whole."""

# Servers say by warning what they deprecate; operators of envsync cannot act on it.
for _category in (ElasticsearchWarning, OpenSearchWarning, OpenSearchDeprecationWarning):
    warnings.simplefilter("ignore", _category)
# They log requests that fail with their bodies; envsync tells of them itself.
for _name in ("opensearch", "elastic_transport", "elasticsearch"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def opensearch(endpoint: Endpoint) -> Ask:
    """Return the way to OpenSearch and older Elasticsearch; both answer GET / to it."""
    client = OpenSearch(
        hosts=[{"host": endpoint.host, "port": endpoint.port}],
        headers=_headers(endpoint),
        timeout=REQUEST_SECONDS,
        max_retries=0,
        retry_on_timeout=False,
        use_ssl=endpoint.tls != "disable",
        **_tls(endpoint),
    )

    def ask(call: Call) -> tuple[int, Any]:
        try:
            return 200, client.transport.perform_request(call.method, call.path, body=call.body)
        except (OpenSearchConnectionError, OpenSearchSerializationError) as error:
            raise UnavailableError(_unreached(endpoint, error)) from None
        except OpenSearchTransportError as error:
            return int(error.status_code), error.info

    return ask


def elasticsearch(endpoint: Endpoint) -> Ask:
    """Return the way to Elasticsearch 8 and 9."""
    client = Elasticsearch(
        address(endpoint),
        headers=_headers(endpoint),
        request_timeout=REQUEST_SECONDS,
        max_retries=0,
        retry_on_timeout=False,
        **(_tls(endpoint) if endpoint.tls != "disable" else {}),
    )
    headers = {"accept": "application/json", "content-type": "application/json"}

    def ask(call: Call) -> tuple[int, Any]:
        try:
            answer = client.perform_request(call.method, call.path, headers=headers, body=call.body)
        except ApiError as error:
            return error.status_code, error.body
        except elastic_transport.TransportError as error:
            raise UnavailableError(_unreached(endpoint, error)) from None
        return 200, answer.body

    return ask


def client_version(*, official: bool) -> str:
    """Return the version of a client library, and which it is."""
    name = "elasticsearch" if official else "opensearch-py"
    return f"{version(name)} ({name})"


def _headers(endpoint: Endpoint) -> dict[str, str]:
    """Return who asks; in UTF-8, which the libraries' own ways do not all speak."""
    if endpoint.user is None:
        return {}
    password = reveal(endpoint.password) if endpoint.password else ""
    token = base64.b64encode(f"{endpoint.user}:{password}".encode()).decode()
    return {"authorization": f"Basic {token}"}


def _tls(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.tls in {"disable", "require"}:
        return {"verify_certs": False, "ssl_show_warn": False}
    options = {"verify_certs": True, "ca_certs": endpoint.tls_ca or SYSTEM_CERTIFICATES}
    return options if endpoint.tls == "verify-full" else {**options, "ssl_assert_hostname": False}


def _unreached(endpoint: Endpoint, error: Exception) -> str:
    """Say why there is no answer; never what was asked, for it may hold personal data."""
    cause = getattr(error, "info", None) or next(iter(getattr(error, "errors", ())), None) or error
    said = str(cause).splitlines()[0].rpartition(": ")[2] if str(cause) else ""
    return f"cannot reach {endpoint}: {type(cause).__name__}: {said}"
