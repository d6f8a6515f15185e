"""The file of the reference model agrees with the answers it describes, and is one that a server reads."""

import json

import numpy as np
import numpy.typing as npt
import pytest

from model.baseline.reference import Answered, ask, describe_reference
from model.data import Rows
from monitoring import baseline


def answered(rows: int, seed: int) -> Answered:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, rows).astype(np.uint8)
    logits = random.normal(size=(rows, 10)) + 3 * np.eye(10)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    images = random.integers(0, 256, (rows, 28, 28)).astype(np.uint8)

    def predict(_: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        return np.asarray(probabilities, dtype=np.float32)

    return ask(predict, Rows(images, labels))


def test_the_file_agrees_with_the_answers_it_describes() -> None:
    test = answered(300, seed=1)
    described = describe_reference(test, answered(200, seed=2))
    accuracy = (test.answers.predicted == test.rows.labels).mean()
    assert described["rows"] == 300
    assert len(described["features"]) == 7
    assert all(sum(feature["counts"]) == 300 for feature in described["features"])
    assert described["quality"]["accuracy_ratio"] == accuracy
    assert sum(described["classes"]["label_counts"]) == sum(described["classes"]["predicted_counts"]) == 300
    assert sum(described["confidence"]["counts"]) == sum(described["margin"]["counts"]) == 300
    gap = described["calibration"]["expected_accuracy_ratio"] - accuracy
    assert described["calibration"]["gap_ratio"] == pytest.approx(gap)
    assert 0.0 < described["outlier_ratio"] < 0.05


def test_a_server_reads_the_file_and_finds_what_was_written() -> None:
    described = describe_reference(answered(300, seed=1), answered(200, seed=2))
    seen = baseline.read(json.dumps(described).encode())
    assert seen.digest == described["digest"] == baseline.digest(described)
    assert seen.output is not None
    assert (seen.output.name, seen.output.kind, seen.output.columns) == ("probabilities", "probabilities", 10)


def test_other_answers_make_another_digest() -> None:
    files = [describe_reference(answered(300, seed), answered(200, seed=2)) for seed in (1, 3)]
    assert files[0]["digest"] != files[1]["digest"]


def test_a_trial_on_a_handful_of_rows_is_described_too() -> None:
    described = describe_reference(answered(20, seed=1), answered(10, seed=2))
    assert all(sum(feature["counts"]) == 20 for feature in described["features"])
