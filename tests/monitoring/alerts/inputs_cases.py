"""Rows against a baseline of 10,000: effect, chance, number."""

from collections.abc import Sequence

from tests.monitoring.alerts.case import Case, Phase, Series, clears, counter, fires, gauge, histogram, quiet
from tests.monitoring.alerts.requests_cases import MODEL

EVEN = (25, 25, 25, 25)
MOVED = (40, 30, 20, 10)
"""PSI 0.228 against the even baseline."""
NEARLY = (38, 30, 21, 11)
"""PSI 0.186."""


def feature(
    live: Sequence[float],
    *,
    name: str = "contrast",
    critical: float = 21.1,
    until: int | None = None,
    again_at: int = 0,
) -> tuple[Series, ...]:
    """A feature of four even bins, and the rows that fall into each from scrape to scrape."""
    labels = f'{MODEL},feature="{name}"'
    phases: list[tuple[float | Phase, ...]] = [(rate,) if until is None else ((rate, until), 0) for rate in live]
    if again_at:
        phases = [((rate, again_at), ("reset", 1), rate) for rate in live]
    return (
        *(
            counter(f'ecluse_drift_observations_total{{{labels},bin="0{number}"}}', *each)
            for number, each in enumerate(phases)
        ),
        *(gauge(f'ecluse_drift_baseline_ratio{{{labels},bin="0{number}"}}', 0.25) for number in range(4)),
        gauge(f"ecluse_drift_baseline_observations{{{labels}}}", 10000),
        gauge(f"ecluse_drift_chi2_critical{{{labels}}}", critical),
    )


def features(*live: Sequence[float]) -> tuple[Series, ...]:
    return tuple(series for number, each in enumerate(live) for series in feature(each, name=f"f{number}"))


def few(live: Sequence[float]) -> list[float]:
    """Three rows in a minute."""
    return [share * 3 / 100 for share in live]


def outliers(per_hundred: float, *, baseline: float = 0.01, each: float = 1) -> tuple[Series, ...]:
    return (
        counter(f"ecluse_input_rows_total{{{MODEL}}}", 100 * each),
        counter(f"ecluse_input_outlier_rows_total{{{MODEL}}}", per_hundred * each),
        gauge(f"ecluse_baseline_outlier_ratio{{{MODEL}}}", baseline),
    )


def missing(per_thousand: float, *, each: float = 1) -> tuple[Series, ...]:
    return (
        counter(f"ecluse_input_rows_total{{{MODEL}}}", 1000 * each),
        counter(f'ecluse_input_missing_values_total{{{MODEL},feature="age"}}', per_thousand * each),
    )


def expected_missing(share: float) -> Series:
    return gauge(f'ecluse_baseline_missing_ratio{{{MODEL},feature="age"}}', share)


def rows(per_minute: float) -> tuple[Series, ...]:
    return histogram("ecluse_request_rows", MODEL, {"1.0": per_minute, "+Inf": per_minute}, total=per_minute)


def described(baseline: str) -> Series:
    return gauge(f'ecluse_model_info{{{MODEL},signature="serving_default",baseline="{baseline}"}}', 1)


def dropped(*phases: float | Phase) -> Series:
    return counter(f'ecluse_monitor_dropped_rows_total{{{MODEL},part="inputs"}}', *phases)


DRIFT, WIDESPREAD = "EcluseInputDrift", "EcluseInputDriftWidespread"

CASES: tuple[Case, ...] = (
    fires(DRIFT, "a PSI of 0.23", feature(MOVED)),
    quiet(DRIFT, "a PSI of 0.19", feature(NEARLY)),
    quiet(DRIFT, "few rows", feature(few(MOVED))),
    quiet(DRIFT, "it may be chance", feature(MOVED, critical=900)),
    quiet(DRIFT, "nobody asks", feature((0, 0, 0, 0))),
    quiet(DRIFT, "there is no baseline", feature(MOVED)[:4]),
    quiet(DRIFT, "servers start again", feature(EVEN, again_at=30)),
    fires(DRIFT, "servers start again while inputs have drifted", feature(MOVED, again_at=30)),
    fires(DRIFT, "traffic has stopped but the hour is not over", feature(MOVED, until=30)),
    fires(WIDESPREAD, "two of four features", features(MOVED, MOVED, EVEN, EVEN)),
    quiet(WIDESPREAD, "one of four features", features(MOVED, EVEN, EVEN, EVEN)),
    quiet(WIDESPREAD, "nobody asks", feature((0, 0, 0, 0))),
    fires("EcluseInputOutliers", "six in a hundred", outliers(6)),
    quiet("EcluseInputOutliers", "four in a hundred", outliers(4)),
    quiet("EcluseInputOutliers", "less than three times the baseline", outliers(8, baseline=0.03)),
    quiet("EcluseInputOutliers", "few rows", outliers(6, each=0.03)),
    quiet("EcluseInputOutliers", "nobody asks", outliers(0, each=0)),
    quiet("EcluseInputOutliers", "there is no baseline", outliers(60)[:2]),
    fires("EcluseInputMissingValues", "eleven in a thousand", missing(11), expected_missing(0)),
    quiet("EcluseInputMissingValues", "nine in a thousand", missing(9), expected_missing(0)),
    quiet("EcluseInputMissingValues", "as many as in the baseline", missing(30), expected_missing(0.025)),
    fires("EcluseInputMissingValues", "there is no baseline", missing(11)),
    quiet("EcluseInputMissingValues", "few rows", missing(500, each=0.003), expected_missing(0)),
    quiet("EcluseInputMissingValues", "nobody asks", missing(0, each=0), expected_missing(0)),
    fires("EcluseBaselineMissing", "requests are answered", described(""), rows(10), at=85),
    quiet("EcluseBaselineMissing", "there is one", described("5f1c"), rows(10), at=85),
    quiet("EcluseBaselineMissing", "nobody asks", described(""), rows(0), at=85),
    fires("EcluseMonitoringDropping", "eleven in a thousand", rows(1000), dropped(11)),
    quiet("EcluseMonitoringDropping", "nine in a thousand", rows(1000), dropped(9)),
    quiet("EcluseMonitoringDropping", "nobody asks", rows(0), dropped(0)),
    clears("EcluseMonitoringDropping", "it keeps up again", rows(1000), dropped((50, 45), 0), at=40, again=75),
)  # fmt: skip
