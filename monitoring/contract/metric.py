"""What is written down of a metric."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family as it is exported."""

    name: str
    kind: Kind
    help: str
    reader: str
    """Who reads it; a metric that nobody reads is not exported."""
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
