"""A service that runs into trouble raises the alerts of that trouble, and one that fares well raises none.

Each incident befalls the last hour of three, in a namespace of its own, before one
Prometheus that holds all of them; the shipped rules are evaluated over it.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.monitoring.history import Clock, Incident, simulate
from tests.monitoring.past import Past, Series
from tests.monitoring.prometheus import Prometheus
from tests.monitoring.recorded import read, record

RULES = Path(__file__).parents[2] / "monitoring/generated/rules"
READ = frozenset(re.findall(r"[a-z0-9_]+", "".join(file.read_text() for file in sorted(RULES.glob("*.yaml")))))
STEP = 120
"""Seconds between evaluations."""

HEALTHY = "healthy"

EXPECTED = {
    HEALTHY: set(),
    Incident.RESTART: set(),
    Incident.SILENCE: set(),
    Incident.BAD_REVISION: {"EcluseErrorBudgetBurn", "EcluseRolloutErrors", "EcluseRolloutStuck"},
    Incident.SLOW: {"EcluseLatencyBudgetBurn"},
    Incident.OVERLOAD: {"EcluseRejectingRequests", "EcluseQueueNearFull", "EcluseErrorBudgetBurn"},
    Incident.DRIFT: {"EcluseInputDrift", "EcluseInputDriftWidespread", "EcluseInputOutliers"},
    Incident.COLLAPSE: {"EclusePredictionCollapsed", "EclusePredictionDrift"},
    Incident.WRONG_LABELS: {"EcluseAccuracyDegraded", "EcluseConceptDrift"},
    Incident.UNAVAILABLE: {"EcluseModelUnavailable", "EcluseVersionUnavailable", "EcluseErrorBudgetBurn"},
    Incident.DOWN: {"EcluseDown"},
    Incident.BLOCKED_LOOP: {"EcluseEventLoopBlocked"},
}


def told(incident: str) -> Past:
    past = simulate(*([] if incident == HEALTHY else [Incident(incident)]), clock=Clock(hours=3.0, step=120))
    # What no rule reads need not be held.
    series = tuple(
        replace(one, labels={**one.labels, "namespace": str(incident)}) for one in past.series if one.name in READ
    )
    return replace(past, series=series)


@pytest.fixture(scope="module")
def fired() -> dict[str, set[str]]:
    """Which alerts fire at any time, by the namespace of the incident."""
    pasts = [told(incident) for incident in EXPECTED]
    together = replace(pasts[0], series=tuple(series for past in pasts for series in past.series))
    with Prometheus() as prometheus:
        prometheus.take_in(together)
        written = record(prometheus, together, read(sorted(RULES.glob("*.yaml"))), step=STEP)
    return {str(incident): set(_firing(written, str(incident))) for incident in EXPECTED}


def _firing(series: list[Series], namespace: str) -> list[str]:
    return [
        one.labels["alertname"]
        for one in series
        if one.name == "ALERTS"
        and one.labels["alertstate"] == "firing"
        and one.labels.get("namespace") == namespace
        and np.isfinite(one.values).any()
    ]


@pytest.mark.timeout(300)
@pytest.mark.needs("prometheus")
@pytest.mark.parametrize("incident", EXPECTED)
def test_an_incident_raises_its_alerts(fired: dict[str, set[str]], incident: str) -> None:
    assert EXPECTED[incident] <= fired[str(incident)]


@pytest.mark.timeout(300)
@pytest.mark.needs("prometheus")
@pytest.mark.parametrize("incident", [HEALTHY, Incident.RESTART, Incident.SILENCE])
def test_a_service_that_fares_well_raises_none(fired: dict[str, set[str]], incident: str) -> None:
    assert fired[str(incident)] == set()
