"""A claim on a search cluster shows signs of life whatever the network does, or ends its step."""

import pytest

from envsync.gateways.elasticsearch.claims import Lease
from envsync.gateways.elasticsearch.cluster import connect
from envsync.gateways.scope import Scope
from envsync.places import Endpoint
from tests.servers.opensearch import SearchClusters
from tests.servers.proxy import proxying
from tests.servers.waiting import until

pytestmark = pytest.mark.live


def endpoint(port: int) -> Endpoint:
    return Endpoint("search", "127.0.0.1", port, tls="disable")


def test_a_claim_is_kept_alive_though_its_next_connection_is_cut(
    opensearch: SearchClusters,
) -> None:
    there = opensearch.integration
    there.clear()
    with proxying(there.port) as proxy:
        scope = Scope()
        lease = Lease(connect(endpoint(proxy.port), scope), "pull-app", {})
        onlooker = Lease(connect(endpoint(there.port), scope), "pull-app", {})
        assert lease.take() is None
        taken = onlooker.read()
        proxy.cut("answers", 100)
        with lease.kept(scope):
            until(lambda: onlooker.read() != taken, "a sign of life", 20)
            assert proxy.faults == 1
            scope.check()
        assert onlooker.read() is None
