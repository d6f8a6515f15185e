"""What is installed answers callers outside the cluster, and says how it is reached."""

import pytest

from tests.cluster.callers import SEVEN_SEEN, ask, triton
from tests.cluster.releases import Release


def test_clients_that_are_not_ours_are_answered_over_rest_and_grpc(standing: Release) -> None:
    assert triton(standing.addresses) == SEVEN_SEEN


def test_metrics_are_read_at_the_port_of_rest(standing: Release) -> None:
    metrics = ask(standing.addresses.rest, "/metrics")
    assert metrics.status == 200
    assert b"\necluse_" in metrics.body


@pytest.mark.parametrize("helm_major", [3, 4])
def test_helm_test_asks_the_server_and_is_content(helm_major: int, standing: Release) -> None:
    told = standing.by_helm(helm_major).test("--logs")
    assert told.count("Succeeded") == 1
    assert "Failed" not in told
