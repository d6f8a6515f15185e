"""Baselines for tests, made from rows by the definitions that stand in the file's own form.

Counts by hand, so that what is tested is not what made it.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from monitoring import baseline
from monitoring.baseline import Baseline
from monitoring.contract.values import PROBABILITIES
from monitoring.features import ColumnsInput, ImageInput, features_of
from serving.prediction import Scores, predict

Json = dict[str, Any]


def described_features(inputs: Mapping[str, np.ndarray], described: ImageInput | ColumnsInput) -> Json:
    """The part of a baseline that is about its inputs."""
    values = features_of(inputs, described)
    features = [
        {"name": which.name, "unit": which.unit, "definition": which.definition, **_feature(column)}
        for which, column in zip(described.features, values.T, strict=True)
    ]
    return {
        "rows": len(values),
        "input": described.model_dump(mode="json"),
        "features": features,
        "outlier_ratio": 0.002,
    }


def described_answers(output: str, scores: np.ndarray, names: Sequence[str], kind: str = "probabilities") -> Json:
    """The part of a baseline that is about a model's answers, with a calibration that halves its confidence."""
    said = predict(scores, Scores(kind))
    counts = np.bincount(said.classes, minlength=len(names)).tolist()
    return {
        "rows": len(scores),
        "output": {"name": output, "kind": kind, "columns": scores.shape[1]},
        "classes": {"names": list(names), "predicted_counts": counts, "chi2_critical": 33.7},
        "confidence": _probability(said.confidence),
        "margin": _probability(said.margin),
        "quality": {
            "accuracy_ratio": 0.9,
            "macro_f1": 0.9,
            "expected_calibration_error": 0.01,
            "expected_calibration_error_bins": 15,
            "classes": [{"name": name, "precision": 0.9, "recall": 0.9, "f1": 0.9, "rows": 10} for name in names],
        },
        "calibration": {
            "definition": "half of the confidence",
            "fitted_on": "nothing",
            "rows": 10,
            "confidence": [0.0, 1.0],
            "probability_correct": [0.0, 0.5],
            "expected_accuracy_ratio": 0.5,
            "gap_ratio": -0.4,
        },
    }


def sealed(*parts: Json) -> Json:
    """A whole file of such parts."""
    whole: Json = {"tool": "tests", "rows_are": "made up"}
    for part in parts:
        whole |= part
    return baseline.seal(whole)


def opened(content: Json) -> Baseline:
    return baseline.read(json.dumps(content).encode())


def counted_by_hand(
    baseline: Baseline, described: ImageInput | ColumnsInput, inputs: Mapping[str, np.ndarray], scores: np.ndarray
) -> dict[tuple[str, ...], float]:
    """The counters of the contract for some rows: by name, and by the values of the labels beside the model's."""
    values = features_of(inputs, described)
    said = predict(scores, Scores.PROBABILITIES)
    kept = said.is_finite
    found: dict[tuple[str, ...], float] = {
        ("ecluse_input_rows_total",): len(values),
        ("ecluse_nonfinite_outputs_total",): int((~kept).sum()),
        ("ecluse_expected_correct_total",): said.confidence[kept].sum() / 2,
    }
    for index, name in enumerate(baseline.classes.names if baseline.classes is not None else ()):
        found["ecluse_predictions_total", name] = int((said.classes[kept] == index).sum())
    for name, numbers in (("confidence", said.confidence[kept]), ("margin", said.margin[kept])):
        found[f"ecluse_prediction_{name}_sum",] = numbers.sum()
        found[f"ecluse_prediction_{name}_count",] = len(numbers)
        found[f"ecluse_prediction_{name}_bucket", "0.9"] = int((numbers <= 0.9).sum())
    outside = np.zeros(len(values), dtype=np.bool_)
    for feature, column in zip(baseline.features, values.T, strict=True):
        for number, (low, high) in enumerate(pairwise((-np.inf, *feature.edges, np.inf))):
            count = int(((low <= column) & (column < high)).sum())
            found["ecluse_drift_observations_total", f"{number:02d}", feature.name] = count
        offsets = np.clip(column, feature.lower_bound, feature.upper_bound) - feature.lower_bound
        found["ecluse_feature_offset_sum_total", feature.name] = offsets.sum()
        found["ecluse_feature_offset_sumsq_total", feature.name] = (offsets**2).sum()
        found["ecluse_input_missing_values_total", feature.name] = 0
        is_low, is_high = column < feature.lower_bound, column > feature.upper_bound
        found["ecluse_input_out_of_range_values_total", feature.name, "low"] = int(is_low.sum())
        found["ecluse_input_out_of_range_values_total", feature.name, "high"] = int(is_high.sum())
        outside |= is_low | is_high
    found["ecluse_input_outlier_rows_total",] = int(outside.sum())
    return found


def _feature(column: np.ndarray) -> Json:
    present = column[~np.isnan(column)]
    lower, upper = np.quantile(present, [0.001, 0.999])
    inside = present.clip(lower, upper)
    edges = np.unique(np.quantile(present, np.arange(1, 10) / 10)) + 1e-7
    return {
        "edges": edges.tolist(),
        "counts": np.bincount(np.searchsorted(edges, present, side="right"), minlength=len(edges) + 1).tolist(),
        "observations": len(present),
        "missing": len(column) - len(present),
        "lower_bound": float(lower),
        "upper_bound": float(upper),
        "mean": float(inside.mean()),
        "stddev": float(inside.std()),
        "chi2_critical": 33.7,
    }


def _probability(values: np.ndarray) -> Json:
    return {
        "bounds": list(PROBABILITIES),
        "counts": np.bincount(np.searchsorted(PROBABILITIES, values), minlength=len(PROBABILITIES)).tolist(),
        "mean": float(values.mean()),
        "stddev": float(values.std()),
    }
