"""The metrics of a run while it goes on, in the contract's names, as Prometheus reads them.

Fed with what workers report, each observation once. It listens nowhere: whoever
serves it asks for `render()`. Every series that is likely is there from the
beginning of its phase at zero, so that the first failure is seen as an increase.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from loadtests.measure.cell import Cell
from loadtests.measure.histogram import MICROSECONDS, Histogram, width
from loadtests.measure.outcome import Outcome
from loadtests.measure.timeline import Timeline
from loadtests.report.live import Moment
from loadtests.verdict.result import Status
from monitoring.contract.load_tests import LOAD_TESTS, MOST_CODES, OTHER_CODE

CONTENT_TYPE = CONTENT_TYPE_LATEST
RUNNING = "running"

_CONTRACT = {metric.name: metric for metric in LOAD_TESTS}
_LIKELY = (
    ("", "200"),
    (Outcome.SHED, "503"),
    (Outcome.DEADLINE, "504"),
    (Outcome.SERVER, "500"),
    (Outcome.CONNECTION, "reset"),
    (Outcome.TIMEOUT, "timeout"),
    (Outcome.WRONG, "200"),
    (Outcome.DROPPED, "dropped"),
)
"""Errors and the codes that they come with most."""


class Buckets:
    """A distribution in the contract's bounds, which only grows."""

    def __init__(self, name: str) -> None:
        self._bounds = [round(bound * MICROSECONDS) for bound in _CONTRACT[name].buckets]
        self._names = [*map(floatToGoString, _CONTRACT[name].buckets), "+Inf"]
        self._counts = [0] * len(self._names)
        self.seconds = 0.0

    def add(self, histogram: Histogram) -> None:
        for lowest, count in histogram.counts.items():
            self._counts[bisect_left(self._bounds, lowest)] += count
            self.seconds += (lowest + (width(lowest) - 1) / 2) * count / MICROSECONDS

    def cumulative(self) -> Iterator[tuple[str, float]]:
        passed = 0
        for name, count in zip(self._names, self._counts, strict=True):
            passed += count
            yield name, passed


class Exporter(Collector):
    """Made when the load begins; `add` and `update` as `Live` has them, `ended` when there is a verdict."""

    def __init__(self, profile: str, streams: Sequence[str]) -> None:
        self._profile = profile
        self._streams = tuple(streams)
        self._verdict = RUNNING
        self._now: Moment | None = None
        self._phases: list[tuple[int, str]] = []
        """When each began."""
        self._responses: defaultdict[tuple[str, str, Outcome], Buckets] = defaultdict(_response_buckets)
        self._lags = Buckets("loadtest_schedule_lag_seconds")
        self._requests: Counter[tuple[str, str, str]] = Counter()
        self._codes: set[str] = {code for _, code in _LIKELY}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def update(self, now: Moment) -> None:
        """Tell it where the run stands, once a second."""
        self._now = now
        if not self._phases or self._phases[-1][1] != now.phase:
            self._phases.append((now.second, now.phase))
            for stream in self._streams:
                self._responses.setdefault((now.phase, stream, Outcome.OK), _response_buckets())
            for error, code in _LIKELY:
                self._requests[now.phase, code, str(error)] += 0

    def add(self, reported: Timeline) -> None:
        """Take what a worker reports: each observation once."""
        for (second, stream), cell in reported.cells.items():
            phase = self._phase_of(second)
            for outcome, histogram in cell.responses.items():
                self._responses[phase, stream, outcome].add(histogram)
            self._lags.add(cell.lags)
            for code, error, count in _requests(cell):
                self._requests[phase, self._bounded(code), error] += count

    def ended(self, status: Status) -> None:
        self._verdict = status.name.lower()

    def render(self) -> bytes:
        """Give what a scrape gets, of the type CONTENT_TYPE."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Family]:
        responses = _histogram("loadtest_response_duration_seconds")
        for (phase, stream, outcome), buckets in self._responses.items():
            responses.add_metric([phase, stream, outcome.value], list(buckets.cumulative()), buckets.seconds)
        yield responses
        requests = _CONTRACT["loadtest_requests_total"]
        counted = CounterMetricFamily(requests.name, requests.help, labels=requests.labels)
        for labels, count in self._requests.items():
            counted.add_metric(labels, count)
        yield counted
        lags = _histogram("loadtest_schedule_lag_seconds")
        lags.add_metric([], list(self._lags.cumulative()), self._lags.seconds)
        yield lags
        yield _gauge("loadtest_target_rate", self._now.planned_rate if self._now else 0)
        yield _gauge("loadtest_users", self._now.in_flight if self._now else 0)
        info = _CONTRACT["loadtest_verdict_info"]
        verdict = GaugeMetricFamily(info.name, info.help, labels=info.labels)
        verdict.add_metric([self._profile, self._verdict], 1)
        yield verdict

    def _phase_of(self, second: int) -> str:
        begun = [name for began, name in self._phases if began <= second]
        return begun[-1] if begun else self._phases[0][1] if self._phases else ""

    def _bounded(self, code: str) -> str:
        if code not in self._codes and len(self._codes) >= MOST_CODES:
            return OTHER_CODE
        self._codes.add(code)
        return code


def _response_buckets() -> Buckets:
    return Buckets("loadtest_response_duration_seconds")


def _requests(cell: Cell) -> Iterator[tuple[str, str, int]]:
    """Give codes with their errors; what did not fail has none."""
    answered = Counter(cell.codes)
    for outcome, codes in cell.failed_codes.items():
        answered.subtract(codes)
        yield from ((code, outcome.value, count) for code, count in codes.items())
    yield from ((code, "", count) for code, count in answered.items() if count > 0)


def _histogram(name: str) -> HistogramMetricFamily:
    metric = _CONTRACT[name]
    return HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)


def _gauge(name: str, value: float) -> GaugeMetricFamily:
    metric = _CONTRACT[name]
    return GaugeMetricFamily(metric.name, metric.help, value=value)
