"""The study of drift: traffic is ordered as it says, windows are counted rightly, and alerts ask for all they must."""

import numpy as np
import pytest

from monitoring import drift, slo
from monitoring.baseline import Baseline
from tests.drift_study import traffic
from tests.drift_study.verdicts import COLLAPSED, CONFIDENCE, INPUT, OUTLIERS, PREDICTION, WIDESPREAD, judge
from tests.drift_study.watched import Windows

PROMISE = slo.read()
LABELS = np.repeat(np.arange(4), [100, 200, 300, 400])


def random() -> np.random.Generator:
    return np.random.default_rng(1)


def test_runs_are_as_long_as_asked_and_change_no_share() -> None:
    classes = LABELS[traffic.runs_of_a_class(LABELS, 50, 2_000, 5, random())]
    changes = (np.diff(classes, axis=1) != 0).mean()
    # A run may be followed by another of the same class.
    other = 1 - (np.bincount(LABELS) / len(LABELS)) @ (np.bincount(LABELS) / len(LABELS))
    assert changes == pytest.approx(other / 5, rel=0.05)
    assert np.bincount(classes.ravel()) / classes.size == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.02)


def test_copies_follow_each_other() -> None:
    rows = traffic.copies(1_000, 3, 10, 4, random())
    assert rows.shape == (3, 10)
    assert [len(set(window[:4])) for window in rows] == [len(set(window[4:8])) for window in rows] == [1, 1, 1]


def test_classes_that_swing_over_the_day_come_as_often_over_all_hours() -> None:
    classes = LABELS[traffic.by_the_hour(LABELS, 400, 500, 0.5, random())]
    assert np.bincount(classes.ravel()) / classes.size == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.02)
    assert (classes == 3).mean(axis=1).std() > 2 * np.sqrt(0.4 * 0.6 / 500)


def test_a_class_comes_so_many_times_as_often() -> None:
    classes = LABELS[traffic.with_more_of(LABELS, 50, 2_000, label=0, times=4, random=random())]
    assert (classes == 0).mean() == pytest.approx(0.4 / 1.3, abs=0.01)


def described(features: int = 4, rows: int = 5_000) -> Baseline:
    """A baseline of features with five bins, and four classes of which the model is sure."""
    counts = (rows // 5,) * 5
    feature = {
        "unit": "",
        "definition": "",
        "edges": (1.0, 2.0, 3.0, 4.0),
        "counts": counts,
        "observations": rows,
        "missing": 0,
        "lower_bound": 0.0,
        "upper_bound": 5.0,
        "mean": 2.5,
        "stddev": 1.4,
        "chi2_critical": 23.5,
    }
    names = [f"f{number}" for number in range(features)]
    bounds = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
    sure = {"bounds": bounds, "counts": (0,) * 11 + (rows,), "mean": 0.95, "stddev": 0.1}
    return Baseline.model_validate(
        {
            "digest": "",
            "schema_version": 2,
            "tool": "",
            "rows": rows,
            "rows_are": "",
            "input": {"kind": "columns", "columns": tuple({"feature": name, "input": name} for name in names)},
            "features": tuple(feature | {"name": name} for name in names),
            "outlier_ratio": 0.01,
            "output": {"name": "p", "kind": "probabilities", "columns": 4},
            "classes": {
                "names": ("a", "b", "c", "d"),
                "predicted_counts": (rows // 4,) * 4,
                "chi2_critical": 21.1,
            },
            "confidence": sure,
            "margin": sure,
        }
    )


def window(
    rows: int, drifted: int = 0, share: float = 1.0, classes: tuple[float, ...] = (0.25,) * 4, **more: float
) -> Windows:
    """One window; in `drifted` features that share of rows lies in the last bin, the others as ever."""
    usual = np.full(5, rows // 5)
    moved = np.array([*usual[:4] * (1 - share), usual[4] + usual[:4].sum() * share]).astype(np.int64)
    return Windows(
        rows=rows,
        features=tuple((moved if number < drifted else usual)[np.newaxis] for number in range(4)),
        classes=np.array([[round(rows * each) for each in classes]]),
        confidence_sum=np.array([rows * more.get("confidence", 0.95)]),
        outliers=np.array([round(rows * more.get("outliers", 0.01))]),
    )


def said(seen: Windows) -> set[str]:
    return {name for name, holds in judge(described(), PROMISE, seen).alerts.items() if holds[0]}


def test_a_window_like_the_baseline_says_nothing() -> None:
    assert said(window(1_000)) == set()


@pytest.mark.parametrize(
    ("seen", "alerts"),
    [
        (window(1_000, drifted=1, share=0.4), {INPUT}),
        (window(1_000, drifted=2, share=0.4), {INPUT, WIDESPREAD}),
        (window(1_000, classes=(0.5, 0.2, 0.2, 0.1)), {PREDICTION}),
        (window(1_000, classes=(0.94, 0.02, 0.02, 0.02)), {PREDICTION, COLLAPSED}),
        (window(1_000, confidence=0.89), {CONFIDENCE}),
        (window(1_000, outliers=0.06), {OUTLIERS}),
    ],
)
def test_each_alert_is_raised_by_what_it_watches_and_no_other(seen: Windows, alerts: set[str]) -> None:
    assert said(seen) == alerts


def test_with_few_rows_only_a_collapse_is_told() -> None:
    broken = window(290, drifted=4, classes=(0.94, 0.02, 0.02, 0.02), confidence=0.2, outliers=0.9)
    assert said(broken) == {COLLAPSED}


def test_what_chance_may_do_is_no_drift_however_large_it_looks() -> None:
    seen = window(300, classes=(0.42, 0.2, 0.2, 0.18))
    usual = drift.baseline_ratio(np.array(described().classes.predicted_counts))  # type: ignore[union-attr]
    psi = drift.psi(drift.live_ratio(seen.classes, usual), usual)[0]
    assert PROMISE.drift.prediction_psi < psi < drift.noise(21.1, 300, 5_000, PROMISE.drift.rows_alike)
    assert said(seen) == set()
