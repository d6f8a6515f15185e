"""Prometheuses that hold the hours of a simulated service, started once for all tests that only ask."""

from collections.abc import Iterator

import pytest

from tests.monitoring.history import simulate
from tests.monitoring.past import Past
from tests.monitoring.prometheus import Prometheus


@pytest.fixture(scope="session")
def healthy() -> Past:
    """Six hours in which nothing is amiss."""
    return simulate()


@pytest.fixture(scope="session")
def prometheus(healthy: Past) -> Iterator[Prometheus]:
    """A Prometheus that holds them; its now is `healthy.end`."""
    with Prometheus() as started:
        started.take_in(healthy)
        yield started
