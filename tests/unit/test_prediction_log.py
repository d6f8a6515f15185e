"""Reading the log of predictions that TF Serving writes."""

import pytest

from serving.prediction_log import NotAPrediction, Prediction, parse
from tests.prediction_logs import field, other_log, predict_log


def test_a_request_is_read_with_its_signature_and_the_bytes_of_its_tensors() -> None:
    record = predict_log({"x": b"\x08\x01", "y": b""}, "score")
    assert parse(record) == Prediction("score", {"x": b"\x08\x01", "y": b""})


def test_without_a_name_the_default_signature_is_meant() -> None:
    assert parse(predict_log({})).signature_name == "serving_default"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param(other_log(2), "it logs a classify request", id="a classification"),
        pytest.param(other_log(3), "it logs a regress request", id="a regression"),
        pytest.param(other_log(4), "it logs a multi-inference request", id="several at once"),
        pytest.param(other_log(5), "it logs a session run request", id="a session"),
        pytest.param(other_log(7), "it logs a streamed request", id="a stream"),
        pytest.param(b"", "it logs no request", id="nothing"),
        pytest.param(field(1, b""), "it logs no request", id="what was said about the log"),
        pytest.param(b"\xff\xff\xff", "it is no PredictionLog", id="noise"),
    ],
)
def test_what_is_no_prediction_is_told(record: bytes, reason: str) -> None:
    with pytest.raises(NotAPrediction, match=reason):
        parse(record)
