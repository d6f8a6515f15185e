"""Bins, bounds and moments of numbers over the baseline's rows.

Conventions are those of `monitoring.baseline`, whose file this fills. Pure
functions of arrays; what the numbers stand for is not known here.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from model.errors import NoBaseline
from monitoring.baseline import MOST_BINS
from monitoring.contract.values import PROBABILITIES

Floats = npt.NDArray[np.float64]
Json = dict[str, Any]

CHI2_ALPHA = 1e-4
"""How often chance alone may cross the noise floor."""
BOUND_QUANTILE = 0.001
"""A value beyond this quantile on either side is out of range."""


def describe_feature(name: str, values: Floats) -> Json:
    """Bins, bounds and moments of one feature; NaN is counted, and left out."""
    present = values[~np.isnan(values)]
    finite = present[np.isfinite(present)]
    if len(finite) == 0:
        raise NoBaseline(f"feature {name!r} has no finite value in {len(values):,} rows: leave it out with --features")
    edges = quantile_edges(finite)
    lower, upper = (float(bound) for bound in np.quantile(finite, [BOUND_QUANTILE, 1 - BOUND_QUANTILE]))
    # The server cannot sum what is infinite, so it sums what lies within the bounds, and so must this.
    within = np.clip(present, lower, upper)
    return {
        "edges": edges.tolist(),
        "counts": bin_counts(present, edges).tolist(),
        "observations": len(present),
        "missing": len(values) - len(present),
        "lower_bound": lower,
        "upper_bound": upper,
        "mean": float(within.mean()),
        "stddev": float(within.std()),
        "chi2_critical": chi2_critical(len(edges) + 1),
    }


def quantile_edges(values: Floats, most_bins: int = MOST_BINS) -> Floats:
    """Inner edges that cut the values into at most `most_bins` bins of about equal counts.

    An edge lies halfway between two values that occur, never on one: otherwise
    the last digit of a float would move whole bins of a feature with few values,
    and a server that sums in another order would see drift. Quantiles that fall
    on the same heap of equal values share one edge. A feature with a single
    value gets a narrow bin around it, so that any other value shows.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) == 1:
        around = 1e-6 * max(1.0, abs(float(distinct[0])))
        return np.array([distinct[0] - around, distinct[0] + around])
    rows_below = np.cumsum(counts)[:-1]
    wanted = len(values) * np.arange(1, most_bins) / most_bins
    gaps = np.unique(np.abs(rows_below[None, :] - wanted[:, None]).argmin(axis=1))
    low, high = distinct[gaps], distinct[gaps + 1]
    middle = low / 2 + high / 2
    # Between two neighbouring floats there is no middle; the upper one then opens the upper bin.
    return np.asarray(np.where((low < middle) & (middle < high), middle, high), dtype=np.float64)


def bin_counts(values: Floats, edges: Floats) -> npt.NDArray[np.int64]:
    """Rows per bin; a value on an edge belongs to the bin above."""
    which = np.searchsorted(edges, values, side="right")
    return np.bincount(which, minlength=len(edges) + 1)


def chi2_critical(bins: int) -> float:
    """What chi-squared exceeds by chance once in 1/alpha windows, for a histogram of so many bins."""
    return float(chi2.isf(CHI2_ALPHA, bins - 1))


def describe_probability(values: Floats) -> Json:
    """Histogram, mean and standard deviation of a number between 0 and 1."""
    which = np.searchsorted(PROBABILITIES, values, side="left")
    return {
        "bounds": list(PROBABILITIES),
        "counts": np.bincount(which, minlength=len(PROBABILITIES)).tolist(),
        "mean": float(values.mean()),
        "stddev": float(values.std()),
    }
