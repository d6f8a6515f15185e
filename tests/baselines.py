"""Baselines for tests, made from rows by the definitions that stand in the file's own form.

Counts by hand, so that what is tested is not what made it.
"""

import json
from collections.abc import Mapping, Sequence
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
