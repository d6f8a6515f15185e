"""Counters, gauges and histograms that cost next to nothing to count in.

A request is counted in some ten places, and prometheus_client takes a lock and
walks every bucket at each. Here a count is an addition, and a histogram's place
is found by bisection; the samples are made at each scrape, and written by
prometheus_client in its own words. Promises the same exposition. Is only
touched on the event loop's thread.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from prometheus_client import Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from monitoring.contract.metric import Kind
from monitoring.contract.metric import Metric as Described

Sample = tuple[str, dict[str, str], float]
"""What a sample adds to the name and to the labels of its family, and its value."""


class Series(Protocol):
    """The numbers of one set of label values."""

    def samples(self) -> Iterable[Sample]: ...


class Count:
    """One series of a counter."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        self.value += amount

    def samples(self) -> Iterable[Sample]:
        yield "_total", {}, self.value


class Level:
    """One series of a gauge: a number that was set, or one that is read at each scrape."""

    __slots__ = ("_read", "_value")

    def __init__(self) -> None:
        self._value = 0.0
        self._read: Callable[[], float] | None = None

    def set(self, value: float) -> None:
        self._value = float(value)

    def set_function(self, read: Callable[[], float]) -> None:
        self._read = read

    def samples(self) -> Iterable[Sample]:
        yield "", {}, self._value if self._read is None else float(self._read())


class Distribution:
    """One series of a histogram."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, amount: float) -> None:
        self._counts[bisect_left(self._bounds, amount)] += 1
        self._sum += amount

    @property
    def spent(self) -> tuple[int, float]:
        """How often something was observed, and the sum of it."""
        return sum(self._counts), self._sum

    def samples(self) -> Iterable[Sample]:
        total = 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            total += count
            yield "_bucket", {"le": floatToGoString(bound)}, float(total)  # type: ignore[no-untyped-call]
        yield "_count", {}, float(total)
        yield "_sum", {}, self._sum


S = TypeVar("S", bound=Series)


class Family(Collector, Generic[S]):
    """All series of one metric, by the values of their labels."""

    def __init__(self, described: Described, make: Callable[[], S]) -> None:
        self._described = described
        self._make = make
        self._series: dict[tuple[str, ...], S] = {}
        if not described.labels:
            self.labels()

    def labels(self, *values: object, **by_name: object) -> S:
        """Give the series of these values, in the order of the labels or by name; makes it where there is none."""
        names = self._described.labels
        key = tuple(map(str, values or [by_name[name] for name in names if name in by_name]))
        if len(key) != len(names) or not by_name.keys() <= set(names):
            raise ValueError(f"{self._described.name} has the labels {', '.join(names)}")
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = self._make()
        return series

    def remove(self, *values: object) -> None:
        """Export no longer what has these values for its first labels."""
        first = tuple(map(str, values))
        self._series = {key: series for key, series in self._series.items() if key[: len(first)] != first}

    def describe(self) -> Iterator[Metric]:
        yield self._family()

    def collect(self) -> Iterator[Metric]:
        family = self._family()
        for values, series in self._series.items():
            labels = dict(zip(self._described.labels, values, strict=True))
            for suffix, more, value in series.samples():
                family.add_sample(family.name + suffix, labels | more, value)
        yield family

    def _family(self) -> Metric:
        kind = self._described.kind
        name = self._described.name.removesuffix("_total") if kind is Kind.COUNTER else self._described.name
        return Metric(name, self._described.help, kind)


class Shared(Collector):
    """A histogram that another library keeps, to whose counts ours are added at each scrape."""

    def __init__(self, theirs: Histogram) -> None:
        self._theirs = theirs
        self._ours: dict[tuple[tuple[str, str], ...], tuple[dict[str, str], Distribution]] = {}

    def labels(self, **by_name: str) -> Distribution:
        """Give our share of a series, in their buckets."""
        self._theirs.labels(**by_name)  # theirs is exported at zero where nothing of theirs is counted
        key = tuple(sorted(by_name.items()))
        return self._ours.setdefault(key, (by_name, Distribution(self._bounds(by_name))))[1]

    def describe(self) -> Iterable[Metric]:
        return self._theirs.describe()

    def collect(self) -> Iterator[Metric]:
        for family in self._theirs.collect():
            added = {
                (family.name + suffix, tuple(sorted((labels | more).items()))): value
                for labels, ours in self._ours.values()
                for suffix, more, value in ours.samples()
            }
            family.samples = [
                sample._replace(value=sample.value + added.get((sample.name, tuple(sorted(sample.labels.items()))), 0))
                for sample in family.samples
            ]
            yield family

    def _bounds(self, by_name: dict[str, str]) -> list[float]:
        (family,) = self._theirs.collect()
        bounds = [
            float(sample.labels["le"])
            for sample in family.samples
            if "le" in sample.labels and by_name.items() <= sample.labels.items()
        ]
        return bounds[:-1]
