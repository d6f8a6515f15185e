"""Hours of a service that never ran: every metric of the contract, and what Kubernetes says beside it.

Made of chance with a seed, so that a history is the same each time, in about
a second. `simulate` gives it healthy or befallen by incidents; `tests` show
that no metric of the contract is missing and that labels and bounds are right.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from monitoring.contract import CONTRACT
from monitoring.contract.metric import Kind
from monitoring.contract.values import PROTOCOLS
from tests.monitoring.draws import counter, middles, split, spread
from tests.monitoring.history_observations import observations
from tests.monitoring.history_operations import operations
from tests.monitoring.history_platform import KINDS, platform
from tests.monitoring.past import Floats, Past, Series
from tests.monitoring.situation import JOB, NAMESPACE, VARIANT, Clock, Incident, Pod, pods

DESCRIBED = {metric.name: metric for metric in CONTRACT}
SEED = 20


class Scraped:
    """Collects the series of one pod under its target's labels."""

    def __init__(self, pod: Pod, clock: Clock, number: int, random: np.random.Generator) -> None:
        self.pod, self.clock, self.random = pod, clock, random
        self.series: list[Series] = []
        self.target = {
            "namespace": NAMESPACE,
            "pod": pod.name,
            "job": JOB,
            "instance": f"10.244.0.{10 + number}:8080",
            "container": "kserve-container",
            "endpoint": "http",
            "variant": VARIANT,
            "revision": pod.revision,
        }
        self.model = {"model_name": "mnist", "model_version": pod.version}
        self.requests = random.poisson(pod.rate * clock.step).astype(np.float64)
        """Requests that ended in each tick."""

    def gauge(self, name: str, values: Floats | float, **labels: str) -> None:
        shown = np.where(self.pod.alive, values, np.nan)
        self.series.append(Series(name, {**self.target, **labels}, shown))

    def counter(self, name: str, increments: Floats | float, **labels: str) -> None:
        grown = np.broadcast_to(np.asarray(increments, dtype=np.float64), self.pod.alive.shape)
        self.series.append(Series(name, {**self.target, **labels}, counter(grown, self.pod.alive, self.pod.born)))

    def counters(self, name: str, label: str, values: Iterable[object], increments: Floats, **labels: str) -> None:
        for column, value in enumerate(values):
            self.counter(name, increments[:, column], **labels, **{label: str(value)})

    def distribution(self, name: str, counts: Floats, shares: Floats, **labels: str) -> Floats:
        """A histogram of so many values, dealt to its buckets by shares; gives the sum of each tick."""
        bounds = DESCRIBED[name].buckets
        dealt = split(self.random, counts, shares)
        for bound, grown in zip((*bounds, float("inf")), np.cumsum(dealt, axis=1).T, strict=True):
            self.counter(f"{name}_bucket", grown, **labels, le=written(bound))
        sums = dealt @ middles(bounds)
        self.counter(f"{name}_count", counts, **labels)
        self.counter(f"{name}_sum", sums, **labels)
        return np.asarray(sums)

    def lognormal(
        self, name: str, counts: Floats, median: Floats | float, sigma: float = 0.55, /, **labels: str
    ) -> Floats:
        """The same about a median."""
        medians = np.broadcast_to(np.asarray(median, dtype=np.float64), counts.shape)
        return self.distribution(name, counts, spread(medians, DESCRIBED[name].buckets, sigma), **labels)


def written(bound: float) -> str:
    """A bound as prometheus-client writes it."""
    return "+Inf" if bound == float("inf") else repr(float(bound))


def simulate(*incidents: Incident, clock: Clock | None = None, hours: float = 1.0, seed: int = SEED) -> Past:
    """A service over the clock's hours, befallen by these incidents in the last so many."""
    clock = clock or Clock()
    series: list[Series] = []
    for number, pod in enumerate(pods(clock, frozenset(incidents), hours=hours)):
        if not pod.known.any():
            continue
        scraped = Scraped(pod, clock, number, np.random.default_rng((seed, number)))
        operations(scraped)
        observations(scraped)
        platform(scraped)
        series += scraped.series
    kinds = {metric.name: str(metric.kind) for metric in CONTRACT} | KINDS
    return Past(clock.times, tuple(series), kinds)


def expected_samples(name: str) -> Sequence[str]:
    """The names that a metric of the contract has in a query."""
    return (
        [f"{name}_{part}" for part in ("bucket", "count", "sum")] if DESCRIBED[name].kind is Kind.HISTOGRAM else [name]
    )


__all__ = ["PROTOCOLS", "Clock", "Incident", "Scraped", "expected_samples", "simulate"]
