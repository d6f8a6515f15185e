"""A caller who is answered with another's rows is seen."""

import json
import struct
from random import Random

import pytest

from serving.oip_pb2 import ModelInferResponse
from tests.cluster.rolling.questions import PICTURES, NotDistinct, Questions

RANDOM = Random(7)
ROWS = [[RANDOM.random() for _ in range(10)] for _ in range(PICTURES)]


def v2(row: list[float], number: int = 0) -> bytes:
    outputs = [
        {"name": "digit", "shape": [1], "datatype": "INT64", "data": [0]},
        {"name": "probabilities", "shape": [1, 10], "datatype": "FP32", "data": row},
    ]
    return json.dumps({"model_version": "7", "id": str(number), "outputs": outputs}).encode()


@pytest.fixture
def questions() -> Questions:
    questions = Questions("mnist")
    questions.learn([v2(row) for row in ROWS])
    return questions


def test_the_right_answer_is_not_objected_to_and_tells_its_version(questions: Questions) -> None:
    number = PICTURES + 3
    assert questions.objection_v2(number, v2(ROWS[3], number)) == ("", "7")
    v1 = json.dumps({"predictions": [{"digit": 0, "probabilities": ROWS[3]}]}).encode()
    assert questions.objection_v1(number, v1) == ""


def test_anothers_rows_are_told_with_whose_they_are(questions: Questions) -> None:
    objection, _ = questions.objection_v2(3, v2(ROWS[5], 3))
    assert objection == "asked about picture 3 and was answered about 5"


def test_anothers_answer_is_told_by_its_id(questions: Questions) -> None:
    objection, _ = questions.objection_v2(3, v2(ROWS[3], 4))
    assert objection == "asked as 3 and was answered as 4"


def test_rows_that_nobody_asked_for_are_objected_to(questions: Questions) -> None:
    objection, _ = questions.objection_v2(3, v2([2.0] * 10, 3))
    assert "expected" in objection


def test_over_grpc_rows_and_ids_are_held_against_the_same_answers(questions: Questions) -> None:
    response = ModelInferResponse(id="3", model_version="7")
    response.outputs.add(name="digit", datatype="INT64", shape=[1])
    response.outputs.add(name="probabilities", datatype="FP32", shape=[1, 10])
    response.raw_output_contents.append(bytes(8))
    response.raw_output_contents.append(struct.pack("<10f", *ROWS[3]))
    assert questions.objection_grpc(3, response) == ("", "7")
    assert questions.objection_grpc(5, response) == ("asked as 5 and was answered as 3", "7")


def test_two_pictures_with_one_answer_are_not_both_asked_about() -> None:
    questions = Questions("mnist")
    questions.learn([v2(ROWS[0]), *(v2(row) for row in ROWS[:-1])])
    asked = {questions.v1(number) for number in range(2 * PICTURES)}
    assert len(asked) == PICTURES - 1


def test_a_model_that_answers_all_alike_cannot_be_used() -> None:
    with pytest.raises(NotDistinct, match="only 1 have answers that differ"):
        Questions("mnist").learn([v2(ROWS[0])] * PICTURES)


def test_each_request_has_an_id_of_its_own_in_both_protocols() -> None:
    questions = Questions("mnist")
    assert json.loads(questions.v2(41))["id"] == "41"
    assert questions.message(41).id == "41"
