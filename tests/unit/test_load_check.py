"""What a judge says of answers: those of our own server are good, and each way to spoil one is told."""

from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.profile.form import Stream
from loadtests.requests.expectation import Expectation
from loadtests.requests.question import Judgement, Question, Reply
from loadtests.requests.questions import questions
from loadtests.requests.target import Target, read_target
from serving import payload_grpc, payload_v1, payload_v2
from serving.oip_pb2 import ModelInferResponse
from serving.signature import Signature, Tensors, TensorSpec

METADATA = {
    "name": "digits",
    "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 28, 28]}],
    "outputs": [
        {"name": "digit", "datatype": "INT64", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]},
    ],
}
TARGET = read_target(METADATA)
SIGNATURE = Signature(
    "serving_default",
    (TensorSpec("image", "UINT8", (-1, 28, 28)),),
    (TensorSpec("digit", "INT64", (-1,)), TensorSpec("probabilities", "FP32", (-1, 10))),
    is_batched=True,
)
ROWS = 3
PROTOCOLS = [("v1", "json"), ("v2", "json"), ("v2", "binary"), ("grpc", "json"), ("grpc", "binary")]
every_protocol = pytest.mark.parametrize(("protocol", "form"), PROTOCOLS)

Spoil = Callable[[Tensors], Tensors]


def asked(protocol: Any, form: Any, target: Target = TARGET, expectation: Expectation | None = None) -> Question:
    stream = Stream(name="s", protocol=protocol, format=form, rows={ROWS: 1})
    return questions(stream, target, seed=1, expectation=expectation, most_bytes=10_000)[0]


def outputs_for(rows: int = ROWS) -> Tensors:
    scores = np.full((rows, 10), 0.05, dtype=np.float32)
    scores[np.arange(rows), np.arange(rows)] = 0.55
    return {"digit": np.arange(rows), "probabilities": scores}


def answer(question: Question, protocol: str, outputs: Tensors, *, model: str = "digits", version: str = "7") -> Reply:
    """Answer as our server does."""
    if protocol == "v1":
        v1 = payload_v1.decode(orjson.loads(question.body), SIGNATURE)
        return Reply({}, payload_v1.encode(outputs, v1, SIGNATURE))
    if protocol == "grpc":
        message = payload_grpc.parse(question.body)
        is_raw = bool(message.raw)
        request = payload_grpc.decode(message, SIGNATURE)
        body = payload_grpc.encode(outputs, request, model_name=model, model_version=version, is_raw=is_raw)
        return Reply({}, body)
    head = question.headers.get("inference-header-content-length")
    request = payload_v2.decode(*payload_v2.parse(question.body, int(head) if head else None), SIGNATURE)
    body, head_bytes = payload_v2.encode(outputs, request, model_name=model, model_version=version)
    return Reply({} if head_bytes is None else {"inference-header-content-length": str(head_bytes)}, body)


def judged(protocol: str, form: str, outputs: Tensors, **others: str) -> Judgement:
    question = asked(protocol, form)
    return question.judge(answer(question, protocol, outputs, **others))


@every_protocol
def test_an_answer_of_our_own_server_is_one(protocol: str, form: str) -> None:
    judgement = judged(protocol, form, outputs_for())
    assert judgement.wrong == ""
    assert judgement.version == ("" if protocol == "v1" else "7")


@every_protocol
def test_rows_that_are_as_labelled_are_counted(protocol: Any, form: Any) -> None:
    question = asked(protocol, form)
    sent = np.array(orjson.loads(asked("v1", "json").body)["instances"], dtype=np.uint8)
    labels = labels_of(sent)
    scores = np.full((ROWS, 10), 0.01, dtype=np.float32)
    scores[np.arange(ROWS), labels] = 0.9
    said = {"digit": np.array(labels), "probabilities": scores}
    assert question.judge(answer(question, protocol, said))[2:] == (ROWS, ROWS)
    scores[0] = np.roll(scores[0], 1)
    assert question.judge(answer(question, protocol, said))[2:] == (ROWS, ROWS - 1)


def labels_of(images: Any) -> list[int]:
    from loadtests.requests.rows import digits

    rows = digits()
    assert rows.labels is not None
    return [int(rows.labels[(rows.inputs["images"] == image).all(axis=(1, 2))][0]) for image in images]


def with_(**changed: Any) -> Tensors:
    return outputs_for() | changed


@every_protocol
def test_fewer_rows_are_told(protocol: str, form: str) -> None:
    fewer = {name: array[: ROWS - 1] for name, array in outputs_for().items()}
    assert "and the question had 3 rows" in judged(protocol, form, fewer).wrong


@every_protocol
def test_more_rows_are_told(protocol: str, form: str) -> None:
    assert "and the question had 3 rows" in judged(protocol, form, outputs_for(ROWS + 1)).wrong


@every_protocol
def test_another_shape_is_told(protocol: str, form: str) -> None:
    wrong = judged(protocol, form, with_(probabilities=np.zeros((ROWS, 9), dtype=np.float32))).wrong
    assert wrong == "output 'probabilities' has shape [3, 9], the model promises [-1, 10]"


@pytest.mark.parametrize(("protocol", "form"), PROTOCOLS[1:])
def test_another_datatype_is_told(protocol: str, form: str) -> None:
    wrong = judged(protocol, form, with_(digit=np.arange(ROWS, dtype=np.int32))).wrong
    assert wrong == "output 'digit' is INT32, the model promises INT64"


def test_over_v1_a_number_with_a_point_is_no_whole_one() -> None:
    assert judged("v1", "json", with_(digit=np.array([0.5] * ROWS))).wrong == "output 'digit' is INT64 and holds float"


@pytest.mark.parametrize(("protocol", "form"), [("v2", "binary"), ("grpc", "json"), ("grpc", "binary")])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_nan_and_infinities_are_told(protocol: str, form: str, number: float) -> None:
    scores = outputs_for()["probabilities"]
    scores[1, 4] = number
    wrong = judged(protocol, form, with_(probabilities=scores)).wrong
    assert wrong == "output 'probabilities' holds NaN or an infinite number"


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_what_some_servers_make_of_nan_in_json_is_told(protocol: str) -> None:
    question = asked(protocol, "json")
    good = answer(question, protocol, outputs_for()).body
    assert "holds null" in question.judge(Reply({}, good.replace(b"0.55", b"null", 1))).wrong
    assert "is not JSON" in question.judge(Reply({}, good.replace(b"0.55", b"NaN", 1))).wrong


@every_protocol
def test_another_models_answer_is_told(protocol: str, form: str) -> None:
    wrong = judged(protocol, form, outputs_for(), model="letters").wrong
    assert wrong == ("" if protocol == "v1" else "the answer is of model 'letters', asked was 'digits'")


@pytest.mark.parametrize(("protocol", "form"), PROTOCOLS[1:])
def test_the_answer_to_another_question_is_told_by_its_id(protocol: Any, form: Any) -> None:
    stream = Stream(name="s", protocol=protocol, format=form, rows={ROWS: 1})
    one, other = questions(stream, TARGET, seed=1)[:2]
    wrong = one.judge(answer(other, protocol, outputs_for())).wrong
    assert wrong == "the answer has the id 's-1', sent was 's-0'"


@pytest.mark.parametrize(("protocol", "form"), PROTOCOLS)
def test_a_missing_output_and_one_too_many_are_told(protocol: Any, form: Any) -> None:
    question = asked(protocol, form)
    good = answer(question, protocol, outputs_for())
    for outputs in (METADATA["outputs"][:1], [*METADATA["outputs"], {"name": "z", "datatype": "FP32", "shape": [-1]}]):
        other = asked(protocol, form, read_target({**METADATA, "outputs": outputs}))
        assert other.judge(good).wrong.startswith("the answer has the outputs ['digit', 'probabilities'], the model")


@every_protocol
def test_an_empty_body_is_told(protocol: str, form: str) -> None:
    assert asked(protocol, form).judge(Reply({}, b"")).wrong


@every_protocol
def test_an_answer_cut_off_anywhere_is_told(protocol: str, form: str) -> None:
    question = asked(protocol, form)
    good = answer(question, protocol, outputs_for())
    for length in range(len(good.body)):
        assert question.judge(Reply(good.headers, good.body[:length])).wrong, length


def test_bytes_too_many_behind_a_binary_answer_are_told() -> None:
    question = asked("v2", "binary")
    headers, body = answer(question, "v2", outputs_for())
    assert question.judge(Reply(headers, body + b"\0")).wrong.endswith("1 bytes follow the last binary output")
    for length in ("0", "-1", "99999", "abc", ""):
        assert question.judge(Reply({"inference-header-content-length": length}, body)).wrong


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"outputs": []}, "the outputs []"),
        ({"outputs": [{"name": "digit"}]}, "not of the protocol's form: KeyError"),
        ({"outputs": {"digit": [1]}}, "not of the protocol's form"),
        ({"outputs": None}, "not of the protocol's form"),
        ({"model_version": 7}, "the model_version 7, which is no string"),
        ({"model_name": None}, "of model ''"),
        ({"id": None}, "the id ''"),
        ({"id": ["s-0"]}, "the id ['s-0']"),
    ],
)
def test_a_message_of_another_form_is_told(changed: dict[str, Any], words: str) -> None:
    question = asked("v2", "json")
    message = orjson.loads(answer(question, "v2", outputs_for()).body) | changed
    assert words in question.judge(Reply({}, orjson.dumps(message))).wrong


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"shape": ["a", 10**12]}, "no list of whole numbers"),
        ({"shape": [3.0]}, "no list of whole numbers"),
        ({"data": "012"}, "data that is not a list"),
        ({"data": [0, 1]}, "has 2 elements, and its shape is [3]"),
        ({"data": [0, 1, "2"]}, "is INT64 and holds str"),
        ({"data": [0, 1, True]}, "is INT64 and holds bool"),
        ({"data": [[0, 1], [2]]}, "lists are of different lengths"),
        ({"name": ["digit"]}, "not of the protocol's form"),
        ({"datatype": {}}, "the model promises INT64"),
        ({"name": "probabilities"}, "an output twice"),
    ],
)
def test_an_output_of_another_form_is_told(changed: dict[str, Any], words: str) -> None:
    question = asked("v2", "json")
    message = orjson.loads(answer(question, "v2", outputs_for()).body)
    message["outputs"][0] |= changed
    assert words in question.judge(Reply({}, orjson.dumps(message))).wrong


def test_data_nested_as_its_shape_is_taken_as_well() -> None:
    question = asked("v2", "json")
    message = orjson.loads(answer(question, "v2", outputs_for()).body)
    scores = message["outputs"][1]
    scores["data"] = [scores["data"][start : start + 10] for start in range(0, 30, 10)]
    assert question.judge(Reply({}, orjson.dumps(message))).wrong == ""


def test_raw_contents_for_one_output_alone_are_told() -> None:
    question = asked("grpc", "binary")
    message = ModelInferResponse.FromString(answer(question, "grpc", outputs_for()).body)
    del message.raw_output_contents[1]
    wrong = question.judge(Reply({}, message.SerializeToString())).wrong
    assert wrong.endswith("raw_output_contents has 1 entries for 2 outputs")


@every_protocol
def test_another_rows_answer_is_told_where_the_same_must_come_again(protocol: Any, form: Any) -> None:
    question = asked(protocol, form, expectation=Expectation())
    good = answer(question, protocol, outputs_for())
    assert [question.judge(good).wrong for _ in range(2)] == ["", ""]
    mixed = {name: np.roll(array, 1, axis=0) for name, array in outputs_for().items()}
    assert (
        "is not what the same question was answered with before"
        in question.judge(answer(question, protocol, mixed)).wrong
    )


ANY = Stream(name="any", protocol="v2")


@given(st.sampled_from(PROTOCOLS), st.binary(max_size=200), st.sampled_from([None, "0", "5", "-3", "x", "²"]))
def test_no_bytes_make_a_judge_raise(kind: Any, body: bytes, head: str | None) -> None:
    headers = {} if head is None else {"inference-header-content-length": head}
    assert JUDGES[kind](Reply(headers, body)).wrong


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=10,
)
KEYS = ["outputs", "model_name", "model_version", "id", "name", "shape", "datatype", "data", "parameters"]


@settings(max_examples=50)
@given(st.data(), st.sampled_from(PROTOCOLS[:3]))
def test_no_json_makes_a_judge_raise(data: st.DataObject, kind: Any) -> None:
    message = orjson.loads(GOOD[kind].body) if kind != ("v2", "binary") else orjson.loads(GOOD["v2", "json"].body)
    places = [message, *message.get("outputs", []), *message.get("predictions", [])]
    place = data.draw(st.sampled_from(places))
    key = data.draw(st.sampled_from(sorted(place) + KEYS))
    place[key] = data.draw(anything)
    JUDGES[kind](Reply({}, orjson.dumps(message)))


@given(st.sampled_from(PROTOCOLS), st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_no_byte_changed_makes_a_judge_raise(kind: Any, at: int, put: bytes) -> None:
    headers, body = GOOD[kind]
    at %= len(body)
    JUDGES[kind](Reply(headers, body[:at] + put + body[at + len(put) :]))


QUESTIONS = {kind: asked(*kind, expectation=Expectation()) for kind in PROTOCOLS}
JUDGES = {kind: question.judge for kind, question in QUESTIONS.items()}
GOOD = {kind: answer(question, kind[0], outputs_for()) for kind, question in QUESTIONS.items()}
