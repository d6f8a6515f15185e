"""Ids say what the model said, in the same classes and chances as the metrics of predictions do."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from monitoring.baseline import Calibration
from serving import logs
from serving.feedback_keys import SigningKeys
from serving.id_issuer import IdIssuer, can_issue
from serving.prediction import Classifier, Scores
from serving.prediction_id import NO_CLASS, PredictionId, SigningKey, mark_of_model, mark_of_names, read

KEY = SigningKey("a", b"a" * 32)
NOW = 1_760_000_000.0
CALIBRATION = Calibration(
    definition="",
    fitted_on="",
    rows=10,
    confidence=(0.3, 0.7, 0.95),
    probability_correct=(0.1, 0.6, 0.9),
    expected_accuracy_ratio=0.6,
    gap_ratio=0.0,
)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    """Numbers of which some may be alike, and some no numbers."""
    shape = draw(st.integers(1, 12)), draw(st.integers(2, 12))
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    array = (random.normal(size=shape) * draw(st.sampled_from([0, 1, 40]))).astype(np.float32)
    strange = draw(st.lists(st.sampled_from([np.nan, np.inf, -np.inf, 1.0]), max_size=3))
    array.flat[: len(strange)] = strange[: array.size]
    return array


def classifier(columns: int, scores: Scores = Scores.PROBABILITIES) -> Classifier:
    return Classifier("scores", scores, columns, tuple(str(number) for number in range(max(columns, 2))))


def issued(array: np.ndarray, scores: Scores, calibration: Calibration | None = None) -> PredictionId:
    issuer = IdIssuer(
        "mnist",
        "3",
        classifier(array.shape[1], scores),
        calibration,
        lambda: SigningKeys((KEY,)),
        clock=lambda: NOW,
        draw=lambda count: b"\7" * count,
    )
    text = issuer.id_of({"scores": array})
    assert text is not None
    return read(text, [KEY])


@settings(max_examples=30)
@given(arrays(), st.sampled_from(list(Scores)))
def test_rows_are_read_as_the_metrics_of_predictions_read_them(array: np.ndarray, scores: Scores) -> None:
    said = issued(array, scores)
    expected = classifier(array.shape[1], scores).predict({"scores": array})
    assert expected is not None
    assert said.row_count == len(array)
    for number in range(len(array)):
        row = said.row(number)
        if not expected.is_finite[number]:
            assert row.class_number == NO_CLASS
        else:
            assert row.class_number == expected.classes[number]
            assert row.chance == pytest.approx(expected.confidence[number].clip(0, 1) * 255, abs=0.5001)


@settings(max_examples=30)
@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.just(1)), elements=st.floats(0, 1, width=32)))
def test_a_single_number_is_that_of_the_second_of_two_classes(array: np.ndarray) -> None:
    said = issued(array, Scores.PROBABILITIES)
    assert said.class_count == 2
    assert [said.row(number).class_number for number in range(len(array))] == (array[:, 0] > 0.5).astype(int).tolist()


@given(st.floats(0, 1))
def test_a_chance_is_calibrated_as_numpy_interpolates(confidence: float) -> None:
    said = issued(np.array([[confidence, 0.0]]), Scores.PROBABILITIES, CALIBRATION)
    expected = np.interp(confidence, CALIBRATION.confidence, CALIBRATION.probability_correct)
    assert said.is_calibrated
    assert said.row(0).chance == pytest.approx(expected * 255, abs=0.5001)


def test_an_id_says_where_and_when_a_prediction_was_made() -> None:
    said = issued(np.array([[0.25, 0.75]]), Scores.PROBABILITIES)
    assert (said.model_mark, said.version, said.minute) == (mark_of_model("mnist"), "3", NOW // 60)
    assert (said.class_count, said.names_mark, said.is_calibrated) == (2, mark_of_names(["0", "1"]), False)
    assert said.random == int.from_bytes(b"\7" * 8, "big")


def test_rows_beyond_the_first_512_are_answered_and_have_no_label() -> None:
    assert issued(np.full((600, 3), 1 / 3, np.float32), Scores.PROBABILITIES).row_count == 512


def test_two_ids_of_one_prediction_differ() -> None:
    issuer = IdIssuer("mnist", "3", classifier(2), None, lambda: SigningKeys((KEY,)))
    outputs = {"scores": np.array([[0.25, 0.75]])}
    assert issuer.id_of(outputs) != issuer.id_of(outputs)


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"other": np.zeros((1, 2))},
        {"scores": np.zeros(2)},
        {"scores": np.zeros((1, 3))},
        {"scores": np.zeros((0, 2))},
        {"scores": np.zeros((1, 2, 2))},
    ],
)
def test_outputs_that_say_nothing_of_classes_get_no_id(outputs: dict[str, Any]) -> None:
    issuer = IdIssuer("mnist", "3", classifier(2), None, lambda: SigningKeys((KEY,)))
    assert issuer.id_of(outputs) is None


def test_the_key_of_now_signs() -> None:
    keys = [SigningKeys((KEY,))]
    issuer = IdIssuer("mnist", "3", classifier(2), None, lambda: keys[-1])
    keys.append(SigningKeys((SigningKey("b", b"b" * 32), KEY)))
    text = issuer.id_of({"scores": np.array([[0.25, 0.75]])})
    assert read(text or "", [SigningKey("b", b"b" * 32)]).row_count == 1


def test_an_answer_goes_without_an_id_where_one_cannot_be_written(caplog: pytest.LogCaptureFixture) -> None:
    keys = iter([SigningKeys((KEY,))])
    issuer = IdIssuer("mnist", "3", classifier(2), None, lambda: next(keys))
    with caplog.at_level("INFO", logs.logger.name):
        assert [issuer.id_of({"scores": np.array([[0.25, 0.75]])}) for _ in range(3)] == [None] * 3
    assert [record.getMessage() for record in caplog.records] == ["prediction_id_failed"]


def test_a_version_with_more_classes_or_a_longer_name_than_an_id_holds_gets_none() -> None:
    assert can_issue("3", classifier(65_535))
    assert not can_issue("3", classifier(65_536))
    assert not can_issue("1" * 128, classifier(2))
