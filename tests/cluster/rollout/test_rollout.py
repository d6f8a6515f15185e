"""Rollouts under load on a real cluster: good versions arrive unnoticed, bad ones are taken back, whatever happens.

`make test-rollout` plays all cases; CI, which has less time, those that are marked
`quick` (`-m quick`). Reports and what callers saw are left in `build/rollout-proof`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.api import Api
from tests.cluster.conftest import not_here
from tests.cluster.gateways import address_of, open_gateway
from tests.cluster.namespaces import Namespaces
from tests.cluster.prometheus import Prometheus
from tests.cluster.rollout.cases import CASES, QUICK, Case
from tests.cluster.rollout.expected import objections
from tests.cluster.rollout.play import play
from tests.cluster.rollout.stage import Stage, stage

pytestmark = pytest.mark.timeout(600)

REPORTS = Path(os.environ.get("ROLLOUT_REPORTS", "build/rollout-proof"))
RATE = float(os.environ.get("ROLLOUT_RATE", "60"))
PROMETHEUS = os.environ.get("ECLUSE_PROMETHEUS_URL", "http://127.0.0.1:30090")


@pytest.fixture(scope="module")
def stage_for(
    cluster: Api, image: object, prometheus: Prometheus, namespaces: Namespaces, request: pytest.FixtureRequest
) -> Iterator[Stage]:
    gateway = open_gateway(cluster)
    if gateway is None:
        not_here("no gateway: the cluster has none that is programmed and open to every namespace", "gateway")
    assert gateway is not None
    asked = [item.callspec.params["case"] for item in request.session.items if hasattr(item, "callspec")]
    versions = list(dict.fromkeys(case.version.name for case in asked if isinstance(case, Case)))
    with namespaces.new("rollout") as namespace, stage(namespace, gateway, address_of(gateway), versions) as made:
        yield made


def marked(case: Case) -> object:
    """For `-m quick`, which is what CI has the time for."""
    return pytest.param(case, id=case.name, marks=[pytest.mark.quick] if case.name in QUICK else [])


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_a_rollout_ends_as_it_must_whatever_happens(case: Case, stage_for: Stage, prometheus: Prometheus) -> None:
    seen = play(stage_for, case, prometheus, PROMETHEUS, RATE, REPORTS / case.name)
    assert objections(seen) == []
