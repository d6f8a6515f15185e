"""The form of late labels, over REST and over gRPC: whatever is wrong with it is told, and harms nothing."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.contract.values import FEEDBACK_RESULTS
from serving import grpc_feedback, late_labels
from serving.errors import InvalidRequest, PayloadTooLarge
from serving.feedback_pb2 import Label, SendRequest
from serving.late_labels import LateLabel, Received, Refusal
from tests.strategies import json_values, spoiled

GOOD = {"labels": [{"id": "abc", "row": 2, "label": 7}, {"id": "def", "label": "seven"}]}


def read(message: Any, most: int = 10) -> Sequence[LateLabel]:
    return late_labels.decode(orjson.dumps(message), most)


def test_labels_are_read_over_rest() -> None:
    assert read(GOOD) == [LateLabel("abc", 2, 7), LateLabel("def", 0, "seven")]


def test_labels_are_read_over_grpc() -> None:
    message = SendRequest(labels=[Label(id="abc", row=2, number=7), Label(id="def", name="seven")])
    expected = [LateLabel("abc", 2, 7), LateLabel("def", 0, "seven")]
    assert grpc_feedback.decode(message.SerializeToString(), 10) == expected


def test_class_zero_is_a_label_over_grpc() -> None:
    message = SendRequest(labels=[Label(id="abc", number=0)])
    assert grpc_feedback.decode(message.SerializeToString(), 10) == [LateLabel("abc", 0, 0)]


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ({}, "expected 'labels', a list of objects with 'id', 'row' and 'label', none came"),
        ({"labels": []}, "expected 'labels', a list of objects with 'id', 'row' and 'label', an empty list came"),
        ({"labels": {}}, "expected 'labels', a list of objects with 'id', 'row' and 'label', an object came"),
        ({"labels": ["x"]}, "labels[0] is 'x', expected an object with 'id', 'row' and 'label'"),
        ({"labels": [{"label": 1}]}, "labels[0] has no 'id', expected the prediction_id of an answer, a string"),
        ({"labels": [{"id": "x"}]}, "labels[0] has no 'label', expected a class by its number or its name"),
        ({"labels": [{"id": "x", "label": 1.5}]}, "labels[0] has 'label' of 1.5, expected a class by its number or"),
        ({"labels": [{"id": "x", "label": True}]}, "labels[0] has 'label' of True, expected a class by its number or"),
        ({"labels": [{"id": "x", "row": "1", "label": 1}]}, "labels[0] has 'row' of '1', expected the number of a row"),
        ([], "the body is JSON, but not an object"),
    ],
)
def test_a_body_of_another_form_is_refused_in_a_sentence(message: Any, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(message)
    assert sentence in str(refused.value)


def test_a_refusal_does_not_repeat_all_that_came() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read({"labels": [{"id": "x", "row": "long" * 2000, "label": 1}]})
    assert len(str(refused.value)) < 200


def test_a_value_nested_deeply_is_refused_like_any_other() -> None:
    nested = b"[" * 900 + b"]" * 900
    with pytest.raises(InvalidRequest, match="has 'label' of a list"):
        late_labels.decode(b'{"labels": [{"id": "x", "label": %b}]}' % nested, 10)


@given(spoiled(GOOD) | json_values)
def test_whatever_json_comes_is_read_or_refused(message: Any) -> None:
    try:
        labels = read(message)
    except InvalidRequest:
        return
    assert {type(label.row) for label in labels} == {int}


@given(st.binary(max_size=200))
def test_whatever_message_comes_is_read_or_refused(message: bytes) -> None:
    try:
        labels = grpc_feedback.decode(message, 10)
    except (InvalidRequest, PayloadTooLarge):
        return
    assert 0 < len(labels) <= 10


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (b"", "expected labels with an id, a row and a class' number or name, none came"),
        (b"\xff", "the message is not a SendRequest"),
        (SendRequest(labels=[Label(id="x")]).SerializeToString(), "labels[0] has neither number nor name"),
    ],
)
def test_a_message_of_another_form_is_refused_in_a_sentence(message: bytes, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        grpc_feedback.decode(message, 10)
    assert sentence in str(refused.value)


def too_many_over_rest(count: int, most: int) -> None:
    read({"labels": [{"id": "x", "label": 1}] * count}, most)


def too_many_over_grpc(count: int, most: int) -> None:
    grpc_feedback.decode(SendRequest(labels=[Label(id="x", number=1)] * count).SerializeToString(), most)


@pytest.mark.parametrize("send", [too_many_over_rest, too_many_over_grpc])
def test_more_labels_than_the_limit_are_refused(send: Callable[[int, int], None]) -> None:
    send(10, 10)
    with pytest.raises(PayloadTooLarge, match=r"the request has 11 labels, and the limit is 10 \(feedback_labels\)"):
        send(11, 10)


def test_a_message_of_a_million_empty_labels_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(PayloadTooLarge, match="the request has 1001 labels"):
        grpc_feedback.decode(b"\x0a\x00" * 1_000_000, 1000)


@pytest.mark.parametrize("decode", [late_labels.decode, grpc_feedback.decode])
def test_what_is_longer_than_so_many_labels_can_be_is_not_looked_at(decode: Callable[[bytes, int], object]) -> None:
    with pytest.raises(PayloadTooLarge, match="the request has 4000000 bytes, and 1000 labels"):
        decode(b" " * 4_000_000, 1000)


def test_an_answer_has_a_count_for_every_result_and_a_reason_for_each_refusal() -> None:
    received = Received(Counter(accepted=3, expired=1), [Refusal(2, "expired", "too old")])
    assert orjson.loads(late_labels.encode(received)) == {
        "counts": dict.fromkeys(FEEDBACK_RESULTS, 0) | {"accepted": 3, "expired": 1},
        "refused": [{"index": 2, "result": "expired", "reason": "too old"}],
    }
