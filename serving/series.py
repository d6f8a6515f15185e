"""Counters, gauges and histograms that cost next to nothing to count in.

A request is counted in some ten places, and prometheus_client takes a lock and
walks every bucket at each. Here a count is an addition, and a histogram's place
is found by bisection; what a scrape reads is made then (`exposition.py`).
Promises the same exposition. Each series is written by one thread: the event
loop's, or for what is counted of rows the monitor's; a scrape only reads.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from math import inf
from typing import Generic, Protocol, TypeVar

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from monitoring.contract.metric import Kind
from monitoring.contract.metric import Metric as Described
from serving.exposition import Lines, head, number, start

Part = tuple[str, dict[str, str]]
"""What a sample adds to the name and to the labels of its family."""

WHOLE: Part = ("", {})


class Series(Protocol):
    """The numbers of one set of label values."""

    def parts(self) -> Sequence[Part]:
        """One for each of the values, in their order."""
        ...

    def values(self) -> Sequence[float]: ...


class Count:
    """One series of a counter."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        self.value += amount

    def merge(self, other: "Count") -> None:
        self.value += other.value

    def parts(self) -> Sequence[Part]:
        return (("_total", {}),)

    def values(self) -> Sequence[float]:
        return (self.value,)


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

    def parts(self) -> Sequence[Part]:
        return (WHOLE,)

    def values(self) -> Sequence[float]:
        return (self._value if self._read is None else float(self._read()),)


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

    def add(self, counts: Sequence[int], amounts: float) -> None:
        """Observe many at once: how many lie in each bucket, the last beyond all bounds, and their sum."""
        for bucket, count in enumerate(counts):
            self._counts[bucket] += count
        self._sum += amounts

    def merge(self, other: "Distribution") -> None:
        self.add(other._counts, other._sum)  # noqa: SLF001 - another of its own kind

    @property
    def spent(self) -> tuple[int, float]:
        """How often something was observed, and the sum of it."""
        return sum(self._counts), self._sum

    def parts(self) -> Sequence[Part]:
        buckets = [("_bucket", {"le": number(bound)}) for bound in (*self._bounds, inf)]
        return (*buckets, ("_count", {}), ("_sum", {}))

    def values(self) -> Sequence[float]:
        counts = [*accumulate(self._counts, initial=0.0)]
        counts += (counts[-1], self._sum)
        return counts[1:]


S = TypeVar("S", bound=Series)


class Family(Collector, Generic[S]):
    """All series of one metric, by the values of their labels."""

    def __init__(self, described: Described, make: Callable[[], S]) -> None:
        self._described = described
        self._make = make
        self._series: dict[tuple[str, ...], S] = {}
        self._lines: dict[tuple[str, ...], Lines] = {}
        self._head = head(described.name, described.kind, described.help)
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
            self._lines[key] = Lines([start(*sample) for sample in self._samples(key, series)])
        return series

    def remove(self, *values: object) -> None:
        """Export no longer what has these values for its first labels."""
        first = tuple(map(str, values))
        for key in [key for key in self._series if key[: len(first)] == first]:
            del self._series[key], self._lines[key]

    def text(self) -> str:
        """Everything, as a scrape has it."""
        lines = self._lines
        return self._head + "".join([lines[key].text(series.values()) for key, series in self._series.items()])

    def describe(self) -> Iterator[Metric]:
        yield self._family()

    def collect(self) -> Iterator[Metric]:
        family = self._family()
        for key, series in self._series.items():
            for (name, labels), value in zip(self._samples(key, series), series.values(), strict=True):
                family.add_sample(name, labels, value)
        yield family

    def _samples(self, key: tuple[str, ...], series: Series) -> Iterator[tuple[str, dict[str, str]]]:
        name = self._family().name
        labels = dict(zip(self._described.labels, key, strict=True))
        for suffix, more in series.parts():
            yield name + suffix, labels | more

    def _family(self) -> Metric:
        kind = self._described.kind
        name = self._described.name.removesuffix("_total") if kind is Kind.COUNTER else self._described.name
        return Metric(name, self._described.help, kind)
