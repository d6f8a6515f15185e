"""Classes and confidence, against a baseline of 10,000 rows or the week before."""

from tests.monitoring.alerts.case import HALF_HOURS, Case, Phase, Series, counter, fires, gauge, quiet
from tests.monitoring.alerts.inputs_cases import rows
from tests.monitoring.alerts.requests_cases import MODEL


def predicted(name: str, *phases: float | Phase) -> Series:
    return counter(f'ecluse_predictions_total{{{MODEL},class="{name}"}}', *phases)


def baseline(critical: float = 15.1, **shares: float) -> tuple[Series, ...]:
    return (
        *(gauge(f'ecluse_baseline_class_ratio{{{MODEL},class="{name}"}}', share) for name, share in shares.items()),
        gauge(f"ecluse_baseline_predictions{{{MODEL}}}", 10000),
        gauge(f"ecluse_baseline_class_chi2_critical{{{MODEL}}}", critical),
    )


EVEN = baseline(a=0.5, b=0.5)
DIGITS = baseline(**{"8": 0.1, "1": 0.9})
MANY_EIGHTS = baseline(**{"8": 0.6, "1": 0.4})
MEAN = (
    gauge(f"ecluse_baseline_confidence_mean{{{MODEL}}}", 0.9),
    gauge(f"ecluse_baseline_confidence_stddev{{{MODEL}}}", 0.1),
)


def confident(mean: float, *, each: float = 100) -> tuple[Series, ...]:
    return (
        predicted("a", each),
        counter(f"ecluse_prediction_confidence_sum{{{MODEL}}}", mean * each),
        counter(f"ecluse_prediction_confidence_count{{{MODEL}}}", each),
    )


def week_of_confidence(before: float, now: float) -> tuple[Series, ...]:
    return (
        predicted("a", 500),
        counter(f"ecluse_prediction_confidence_sum{{{MODEL}}}", (before * 500, 426), now * 500),
        counter(f"ecluse_prediction_confidence_count{{{MODEL}}}", 500),
    )


def broken(per_minute: float) -> Series:
    return counter(f"ecluse_nonfinite_outputs_total{{{MODEL}}}", per_minute)


DRIFT, COLLAPSED, UNSURE = "EclusePredictionDrift", "EclusePredictionCollapsed", "EcluseConfidenceDropped"
NOT_FINITE = "EcluseNonFiniteOutputs"
WEEK = 9 * 24 * 60
"""Minutes: a reference week, the day between, and a day to be told of."""

CASES: tuple[Case, ...] = (
    fires(DRIFT, "a PSI of 0.106", predicted("a", 66), predicted("b", 34), EVEN),
    quiet(DRIFT, "a PSI of 0.08", predicted("a", 64), predicted("b", 36), EVEN),
    quiet(DRIFT, "few rows", predicted("a", 3), predicted("b", 1), EVEN),
    quiet(DRIFT, "it may be chance", predicted("a", 66), predicted("b", 34), baseline(critical=900, a=0.5, b=0.5)),
    quiet(DRIFT, "nobody asks", predicted("a", 0), predicted("b", 0), EVEN),
    quiet(DRIFT, "there is nothing to compare with", predicted("a", 66), predicted("b", 34)),
    fires(DRIFT, "other than last week without a baseline", predicted("a", (500, 426), 800),
          predicted("b", (500, 426), 200), at=WEEK, scene=HALF_HOURS),
    quiet(DRIFT, "as last week without a baseline", predicted("a", 500), predicted("b", 500), at=WEEK,
          scene=HALF_HOURS),
    fires(COLLAPSED, "91 of 100 are eights", predicted("8", 91), predicted("1", 9), DIGITS),
    quiet(COLLAPSED, "89 of 100 are eights", predicted("8", 89), predicted("1", 11), DIGITS),
    quiet(COLLAPSED, "most were eights before", predicted("8", 91), predicted("1", 9), MANY_EIGHTS),
    quiet(COLLAPSED, "few rows", predicted("8", 1), predicted("1", 0), DIGITS),
    quiet(COLLAPSED, "nobody asks", predicted("8", 0), predicted("1", 0), DIGITS),
    fires(COLLAPSED, "for half an hour after a good one", predicted("8", (10, 50), 95), predicted("1", (90, 50), 5),
          DIGITS, at=80),
    quiet(COLLAPSED, "servers start again", predicted("8", (10, 40), ("reset", 1), 10),
          predicted("1", (90, 40), ("reset", 1), 90), DIGITS, at=50),
    fires(COLLAPSED, "other than last week without a baseline", predicted("8", (100, 426), 980),
          predicted("1", (900, 426), 20), at=WEEK, scene=HALF_HOURS),
    fires(UNSURE, "a mean of 0.84", confident(0.84), MEAN),
    quiet(UNSURE, "a mean of 0.86", confident(0.86), MEAN),
    quiet(UNSURE, "few rows", confident(0.5, each=4), MEAN),
    quiet(UNSURE, "nobody asks", confident(0, each=0), MEAN),
    quiet(UNSURE, "there is nothing to compare with", confident(0.1)),
    fires(UNSURE, "less than last week without a baseline", week_of_confidence(0.9, 0.5), at=WEEK, scene=HALF_HOURS),
    quiet(UNSURE, "as last week without a baseline", week_of_confidence(0.9, 0.9), at=WEEK, scene=HALF_HOURS),
    fires(NOT_FINITE, "eleven in a thousand", rows(1000), broken(11)),
    quiet(NOT_FINITE, "nine in a thousand", rows(1000), broken(9)),
    quiet(NOT_FINITE, "one of few", rows(2), broken(0.5)),
    quiet(NOT_FINITE, "nobody asks", rows(0), broken(0)),
)  # fmt: skip
