"""What Prometheus holds of a load test that ran in the last two hours of a service, beside its servers."""

import dataclasses

import numpy as np

from monitoring.contract.load_tests import LOAD_TESTS
from monitoring.contract.metric import Metric
from tests.monitoring.draws import counter, middles, spread
from tests.monitoring.past import Floats, Past, Series
from tests.monitoring.situation import NAMESPACE

DESCRIBED = {metric.name: metric for metric in LOAD_TESTS}
HOURS = 2.0
RATE = 50.0
TARGET = {
    "namespace": NAMESPACE,
    "pod": "mnist-loadtest-x7k2p",
    "job": "mnist-loadtest",
    "instance": "10.244.0.90:9646",
    "container": "loadtest",
    "endpoint": "metrics",
    "variant": "",
    "revision": "",
}


def with_load_test(past: Past) -> Past:
    """The same service, loaded: one answer of a thousand is a 503, and each caller waits a little longer than it."""
    step = float(past.times[1] - past.times[0]) / 1000
    runs = past.times >= past.times[-1] - HOURS * 3_600_000
    sent = np.where(runs, RATE * step, 0.0)
    shed = np.round(0.001 * sent * (np.arange(len(runs)) % 7 == 0) * 7)

    made: list[Series] = []

    def add(name: str, values: Floats, /, **labels: str) -> None:
        made.append(Series(name, {**TARGET, **labels}, np.where(runs, values, np.nan)))

    def grow(name: str, grown: Floats, /, **labels: str) -> None:
        born = runs & ~np.append(False, runs[:-1])
        add(name, counter(grown, runs, born), **labels)

    def spread_over(metric: Metric, counts: Floats, median: float, **labels: str) -> None:
        dealt = counts[:, None] * spread(np.full_like(counts, median), metric.buckets)
        for bound, passed in zip((*metric.buckets, float("inf")), np.cumsum(dealt, axis=1).T, strict=True):
            grow(f"{metric.name}_bucket", passed, **labels, le="+Inf" if bound == float("inf") else repr(bound))
        grow(f"{metric.name}_count", counts, **labels)
        grow(f"{metric.name}_sum", dealt @ middles(metric.buckets), **labels)

    responses, lags = DESCRIBED["loadtest_response_duration_seconds"], DESCRIBED["loadtest_schedule_lag_seconds"]
    for outcome, counts, median in (("ok", sent - shed, 0.012), ("shed", shed, 0.003)):
        spread_over(responses, counts, median, phase="steady", name="v2-binary", outcome=outcome)
    spread_over(lags, sent, 0.002)
    for code, error, grown in (("200", "", sent - shed), ("503", "shed", shed), ("500", "server", 0 * sent)):
        grow("loadtest_requests_total", grown, phase="steady", code=code, error=error)
    add("loadtest_target_rate", np.full_like(sent, RATE))
    add("loadtest_users", np.full_like(sent, 2.0))
    add("loadtest_verdict_info", np.ones_like(sent), profile="steady", verdict="running")
    kinds = {metric.name: str(metric.kind) for metric in LOAD_TESTS}
    return dataclasses.replace(past, series=(*past.series, *made), kinds={**past.kinds, **kinds})
