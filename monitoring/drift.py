"""The formulas of drift, on counts: what the recording rules compute, in numpy.

The rules are PromQL and run in Prometheus; this is what they are held against.
A test feeds both with the same traffic, and the study of docs/drift.md judges
the alerts by these numbers. The last axis of every histogram is that of its
bins; all axes before it are windows. Pure functions; which lines are alerted on
is not known here.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.floating[Any]] | npt.NDArray[np.integer[Any]]

SHRINK_ROWS = 10
"""So many rows of the baseline's shape are added to every window: no rows are no drift, and no bin is empty."""
SMOOTHING_ROWS = 0.5
"""So many rows are added to every bin of the baseline."""


def baseline_ratio(counts: Numbers) -> Floats:
    """Share of the baseline in each bin, none of them zero."""
    smoothed = np.asarray(counts, dtype=np.float64) + SMOOTHING_ROWS
    return np.asarray(smoothed / smoothed.sum(axis=-1, keepdims=True), dtype=np.float64)


def live_ratio(counts: Numbers, baseline: Floats) -> Floats:
    """Share of a window's rows in each bin, drawn a little towards the baseline."""
    live = np.asarray(counts, dtype=np.float64)
    return np.asarray((live + SHRINK_ROWS * baseline) / (live.sum(axis=-1, keepdims=True) + SHRINK_ROWS))


def psi(live: Floats, baseline: Floats) -> Floats:
    """Population stability index of two histograms of shares: 0 is the same, 0.1 is a change, 0.2 a large one."""
    return np.asarray(((live - baseline) * np.log(live / baseline)).sum(axis=-1))


def jensen_shannon(live: Floats, baseline: Floats) -> Floats:
    """Jensen-Shannon distance with logarithms to the base two: 0 is the same, 1 has nothing in common."""
    both = live + baseline
    divergence = 0.5 * (live * np.log2(2 * live / both) + baseline * np.log2(2 * baseline / both)).sum(axis=-1)
    return np.asarray(np.sqrt(np.maximum(divergence, 0.0)))


def largest_difference(live: Floats, baseline: Floats) -> Floats:
    """The bin whose share has changed most, by how much."""
    return np.asarray(np.abs(live - baseline).max(axis=-1))


def noise(chi2_critical: float, rows: Numbers | float, baseline_rows: float, rows_alike: float = 1) -> Floats:
    """The PSI that chance alone does not reach: that of a chi-squared which is exceeded once in 10,000 windows.

    Rows that follow each other may be alike: where each independent one brings so
    many in all, a window tells as much as one of so many times fewer rows.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(chi2_critical * (rows_alike / np.asarray(rows, dtype=np.float64) + 1 / baseline_rows))


def moments(values: Numbers, lower: float, upper: float) -> tuple[float, float]:
    """Mean and standard deviation, each value first brought into the bounds."""
    within = np.clip(np.asarray(values, dtype=np.float64), lower, upper)
    return float(within.mean()), float(within.std())
