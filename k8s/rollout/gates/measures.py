"""All that a gate can measure: what it is called, what it says, what it is made of, and how many samples it takes.

The lists of docs/rollout-gates.md are generated from this table. How a kind is
judged is in the module of its name; the PromQL is in `questions.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitoring.slo import Promise


class Kind(StrEnum):
    """How a measure is judged."""

    SHARE = "share"
    """Bad ones of all, by exact binomial bounds."""
    QUANTILE = "quantile"
    """The share of a histogram's values above a limit, by the same."""
    WITHIN = "within"
    """The share under the promise's threshold, by the same."""
    LEVEL = "level"
    """A number as it is: it holds over a whole window."""
    CLASSES = "classes"
    """How far two distributions are apart, and whether that is more than chance."""
    MEAN = "mean"
    """The mean of a histogram's values, by how far they are spread."""
    GROWTH = "growth"
    """Whether something goes on growing over the parts of a window."""


def _once(promise: Promise) -> float:
    del promise
    return 1.0


def _bursts(promise: Promise) -> float:
    del promise
    return 4.0


def _rows(promise: Promise) -> float:
    return promise.drift.rows_alike


def _requests(promise: Promise) -> int:
    return promise.rollout.minimum_requests


def _drift_rows(promise: Promise) -> int:
    return promise.drift.minimum_rows


def _labels(promise: Promise) -> int:
    return promise.quality.minimum_labels


def _scrapes(promise: Promise) -> int:
    del promise
    return 4


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that can be measured of a version."""

    says: str
    kind: Kind
    asks: tuple[str, ...]
    """Questions; the first is what is missing where the measure has no data."""
    unit: str = "ratio"
    """ratio, seconds, bytes or nothing."""
    of: str = "requests"
    """What is counted as a sample."""
    more_is_worse: bool = True
    quantile: float = 0.0
    needs: str = ""
    """Which data it takes beside the server's own metrics, for people."""
    minimum: Callable[[Promise], int] = _requests
    """Samples below which it does not pass."""
    alike: Callable[[Promise], float] = _once
    """So many samples tell no more than one: slow answers come in bursts, rows of one request are alike."""


MEASURES: Mapping[str, Measure] = {
    "error_ratio": Measure(
        "The share of requests that are answered with an error of ours, as `availability` of the promise counts them.",
        Kind.SHARE,
        ("errors", "requests"),
    ),
    "p95": Measure(
        "How long the slowest twentieth of the successful requests take at least.",
        Kind.QUANTILE,
        ("durations",),
        unit="seconds",
        quantile=0.95,
        alike=_bursts,
    ),
    "p99": Measure(
        "How long the slowest hundredth of the successful requests take at least.",
        Kind.QUANTILE,
        ("durations",),
        unit="seconds",
        quantile=0.99,
        alike=_bursts,
    ),
    "within": Measure(
        "The share of successful requests that are answered within `latency.threshold_seconds` of the promise.",
        Kind.WITHIN,
        ("durations",),
        more_is_worse=False,
        alike=_bursts,
    ),
    "queue_fill": Measure(
        "How full the queue is, over all scrapes of the window.",
        Kind.LEVEL,
        ("queue_fill",),
        of="scrapes",
        minimum=_scrapes,
    ),
    "utilisation": Measure(
        "Which part of the time the devices run the model, over all pods.",
        Kind.LEVEL,
        ("utilisation",),
        of="scrapes",
        minimum=_scrapes,
    ),
    "restarts": Measure(
        "How often containers started again within the window.",
        Kind.LEVEL,
        ("restarts",),
        unit="",
        of="scrapes",
        minimum=_scrapes,
    ),
    "memory": Measure(
        "Resident bytes of a pod, the mean over pods and window.",
        Kind.LEVEL,
        ("memory",),
        unit="bytes",
        of="scrapes",
        minimum=_scrapes,
    ),
    "memory_share": Measure(
        "The largest part of its container's limit that any pod's memory has taken within the window.",
        Kind.LEVEL,
        ("memory_share",),
        of="scrapes",
        minimum=_scrapes,
        needs="kube-state-metrics, and a memory limit",
    ),
    "memory_growth": Measure(
        "By which part of itself a pod's memory would grow within an hour, if it goes on growing as it does.",
        Kind.GROWTH,
        ("memory_parts",),
        of="scrapes",
        minimum=_scrapes,
    ),
    "accuracy": Measure(
        "The share of labelled rows that the model had right.",
        Kind.SHARE,
        ("correct", "labels", "served"),
        of="labels",
        more_is_worse=False,
        needs="late labels, and two versions of the model under different numbers",
        minimum=_labels,
        alike=_rows,
    ),
    "prediction_shift": Measure(
        "How far the classes that are answered are from those that the stable version answers meanwhile, as PSI.",
        Kind.CLASSES,
        ("predictions",),
        unit="",
        of="rows",
        needs="a model that classifies",
        minimum=_drift_rows,
        alike=_rows,
    ),
    "confidence": Measure(
        "The mean of the largest probability of each row.",
        Kind.MEAN,
        ("confidences", "confidence"),
        of="rows",
        more_is_worse=False,
        needs="a model that classifies",
        minimum=_drift_rows,
        alike=_rows,
    ),
    "nonfinite": Measure(
        "The share of rows that are answered with a NaN or an infinity.",
        Kind.SHARE,
        ("nonfinite", "rows"),
        of="rows",
        needs="a model whose answers are looked at",
        alike=_rows,
    ),
    "query": Measure(
        "The value of PromQL of your own, which gives one number for a side.",
        Kind.LEVEL,
        (),
        unit="",
        of="scrapes",
        needs="what it asks for",
        minimum=_scrapes,
    ),
}
