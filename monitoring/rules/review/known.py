"""Which series there are: what servers export, what others export, and what rules record of both.

Every series that is scraped has besides the labels of its target, as Prometheus and the chart's monitors set them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitoring.contract import CONTRACT
from monitoring.contract.labels import closed
from monitoring.contract.metric import Kind, Metric
from monitoring.rules.review.foreign import FOREIGN

TARGET = frozenset({"namespace", "job", "instance", "pod", "container", "service", "endpoint", "variant", "revision"})


@dataclass(frozen=True, slots=True)
class Series:
    """What can be said of the series of one name."""

    labels: frozenset[str]
    is_counter: bool = False
    """Only ever rises, but for resets; the parts of a histogram do too."""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What labels can hold, where that is known."""


Known = Mapping[str, Series]


def exported() -> dict[str, Series]:
    """What servers and others export, by name."""
    foreign = {
        name: Series(TARGET | frozenset(labels), is_counter=kind is Kind.COUNTER)
        for name, (kind, labels) in FOREIGN.items()
    }
    return foreign | {name: series for metric in CONTRACT for name, series in _of(metric).items()}


def _of(metric: Metric) -> dict[str, Series]:
    labels = TARGET | frozenset(metric.labels)
    values = {label: known for label in metric.labels if (known := closed(metric, label)) is not None}
    if metric.kind is not Kind.HISTOGRAM:
        return {metric.name: Series(labels, metric.kind is Kind.COUNTER, values)}
    bounds = (*(str(float(bound)) for bound in metric.buckets), "+Inf")
    return {
        f"{metric.name}_bucket": Series(labels | {"le"}, is_counter=True, values=values | {"le": bounds}),
        f"{metric.name}_count": Series(labels, is_counter=True, values=values),
        f"{metric.name}_sum": Series(labels, is_counter=True, values=values),
    }
