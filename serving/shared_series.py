"""A histogram that another library keeps, and to whose counts ours are added.

KServe's own dashboards read what KServe's call observes. Requests that do not
go through it are observed here, at our price, and both are exported as one.
Is only touched on the event loop's thread.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from serving.exposition import Lines, head, start
from serving.series import Distribution


class Shared(Collector):
    """All series of one histogram of theirs."""

    def __init__(self, theirs: Histogram) -> None:
        self._theirs = theirs
        self._ours: dict[tuple[tuple[str, str], ...], tuple[dict[str, str], Distribution]] = {}
        self._places: list[tuple[Distribution, list[int]]] = []
        """Where among their samples the values of ours are."""
        self._known = -1
        """How many samples of theirs there were when that was found out; none ever goes."""
        self._head = ""
        self._lines = Lines(())

    def labels(self, **by_name: str) -> Distribution:
        """Give our share of a series, in their buckets."""
        self._theirs.labels(**by_name)  # theirs is exported at zero where nothing of theirs is counted
        key = tuple(sorted(by_name.items()))
        if key not in self._ours:
            self._ours[key] = by_name, Distribution(self._bounds(by_name))
            self._known = -1
        return self._ours[key][1]

    def text(self) -> str:
        """Everything, as a scrape has it."""
        values = [sample.value for sample in self._added().samples]
        return self._head + self._lines.text(values)

    def describe(self) -> Iterable[Metric]:
        return self._theirs.describe()

    def collect(self) -> Iterator[Metric]:
        yield self._added()

    def _added(self) -> Metric:
        (family,) = self._theirs.collect()
        if len(family.samples) != self._known:
            self._find_places(family)
        samples = family.samples
        for ours, places in self._places:
            for place, value in zip(places, ours.values(), strict=True):
                if value:
                    sample = samples[place]
                    samples[place] = sample._replace(value=sample.value + value)
        return family

    def _find_places(self, family: Metric) -> None:
        places = {(sample.name, frozenset(sample.labels.items())): place for place, sample in enumerate(family.samples)}
        self._places = [
            (ours, [places[family.name + suffix, frozenset((labels | more).items())] for suffix, more in ours.parts()])
            for labels, ours in self._ours.values()
        ]
        self._known = len(family.samples)
        self._head = head(family.name, family.type, family.documentation)
        self._lines = Lines([start(sample.name, sample.labels) for sample in family.samples])

    def _bounds(self, by_name: dict[str, str]) -> list[float]:
        (family,) = self._theirs.collect()
        bounds = [
            float(sample.labels["le"])
            for sample in family.samples
            if "le" in sample.labels and by_name.items() <= sample.labels.items()
        ]
        return bounds[:-1]
