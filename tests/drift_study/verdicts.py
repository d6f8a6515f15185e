"""What each alert says of windows: the rules that ship, in numpy.

The lines come from monitoring/slo.yaml, the formulas from monitoring/drift.py,
which a test holds against Prometheus; another test lets Prometheus judge windows
of this study by the alerts themselves. How long an alert has to last is left
out, so that these alarms are more than there would be.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitoring import drift
from monitoring.baseline import Baseline
from monitoring.slo import Promise
from tests.drift_study.watched import Windows

Said = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

INPUT, WIDESPREAD, PREDICTION, COLLAPSED, CONFIDENCE, OUTLIERS = ALERTS = (
    "EcluseInputDrift",
    "EcluseInputDriftWidespread",
    "EclusePredictionDrift",
    "EclusePredictionCollapsed",
    "EcluseConfidenceDropped",
    "EcluseInputOutliers",
)
COLLAPSE_ROWS = 100
"""The collapse of all answers into one is told of fewer rows than anything else."""
OUTLIER_FACTOR = 3
DEVIATIONS = 4
"""A mean that lies so many of its deviations low is not low by chance."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Some windows, judged."""

    psi: Floats
    """[windows, features]"""
    over: Said
    """[windows, features]: whether a feature alone would alert."""
    alerts: dict[str, Said]

    @property
    def any(self) -> Said:
        return np.asarray(np.any(list(self.alerts.values()), axis=0))


def judge(baseline: Baseline, promise: Promise, seen: Windows) -> Judged:
    """Say which alerts' conditions hold in each window."""
    assert baseline.classes is not None
    assert baseline.confidence is not None
    lines, rows = promise.drift, seen.rows
    psi = np.empty((len(seen.classes), len(seen.features)))
    over = np.empty(psi.shape, dtype=np.bool_)
    is_enough = rows >= lines.minimum_rows
    for place, (feature, counts) in enumerate(zip(baseline.features, seen.features, strict=True)):
        psi[:, place] = _psi(counts, feature.counts)
        floor = drift.noise(feature.chi2_critical, rows, feature.observations, lines.rows_alike)
        over[:, place] = (psi[:, place] > lines.input_psi) & (psi[:, place] > floor) & is_enough
    classes = baseline.classes
    class_psi = _psi(seen.classes, classes.predicted_counts)
    class_floor = drift.noise(classes.chi2_critical, rows, sum(classes.predicted_counts), lines.rows_alike)
    share = seen.classes / rows
    usual = drift.baseline_ratio(np.array(classes.predicted_counts))
    mean, sure = seen.confidence_sum / rows, baseline.confidence
    outliers = seen.outliers / rows
    return Judged(
        psi,
        over,
        {
            INPUT: np.asarray(over.any(axis=1)),
            WIDESPREAD: over.mean(axis=1) >= lines.widespread_ratio,
            PREDICTION: (class_psi > lines.prediction_psi) & (class_psi > class_floor) & is_enough,
            COLLAPSED: np.asarray(((share > lines.collapsed_ratio) & (usual < 0.5)).any(axis=1))
            & (rows >= COLLAPSE_ROWS),
            CONFIDENCE: (mean < sure.mean - lines.confidence_drop)
            & (mean < sure.mean - DEVIATIONS * sure.stddev / np.sqrt(rows))
            & is_enough,
            OUTLIERS: (outliers > max(OUTLIER_FACTOR * baseline.outlier_ratio, lines.outlier_ratio)) & is_enough,
        },
    )


def _psi(counts: npt.NDArray[np.int64], baseline_counts: tuple[int, ...]) -> Floats:
    baseline = drift.baseline_ratio(np.array(baseline_counts))
    return drift.psi(drift.live_ratio(counts, baseline), baseline)
