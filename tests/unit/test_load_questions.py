"""The questions of a stream: the same for a seed, in the sizes asked for, bounded, and of what may be shown."""

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.profile.form import Made, Stream
from loadtests.requests.questions import MOST, USUAL_COUNT, questions, sizes
from loadtests.requests.rows import Rows, digits
from loadtests.requests.target import BadTarget, read_target

PICTURES = read_target({"name": "m", "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 28, 28]}]})
NUMBERS = read_target({"name": "m", "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}]})


def stream(**others: Any) -> Stream:
    return Stream(**{"name": "s", "protocol": "v1", **others})


def instances(body: bytes) -> list[Any]:
    shown: list[Any] = orjson.loads(body)["instances"]
    return shown


def test_questions_are_the_same_for_a_seed_and_others_for_another() -> None:
    def bodies(seed: int, **others: Any) -> list[bytes]:
        return [question.body for question in questions(stream(**others), NUMBERS, seed=seed)]

    assert bodies(1) == bodies(1)
    assert not set(bodies(1)) & set(bodies(2))
    assert not set(bodies(1)) & set(bodies(1, name="other"))


def test_there_are_some_hundred_and_no_two_alike() -> None:
    bodies = [question.body for question in questions(stream(), NUMBERS, seed=1)]
    assert len(set(bodies)) == len(bodies) == USUAL_COUNT


@pytest.mark.parametrize("rows", [{1: 1.0}, {1: 0.5, 2: 0.5}, {8: 1.0}])
def test_all_digits_are_shown(rows: dict[int, float]) -> None:
    written = questions(stream(rows=rows), PICTURES, seed=1)
    shown = {np.array(image).tobytes() for question in written for image in instances(question.body)}
    assert len(shown) == len({image.tobytes() for image in digits().inputs["images"]})


def test_digits_come_once_each_before_any_comes_again() -> None:
    written = questions(stream(rows={10: 1}), PICTURES, seed=3)
    shown = [np.array(instances(question.body), dtype=np.uint8) for question in written[:100]]
    assert len({image.tobytes() for images in shown for image in images}) == len(
        {image.tobytes() for image in digits().inputs["images"]}
    )


def test_sizes_come_in_their_shares_from_the_first_question_on() -> None:
    written = questions(stream(rows={1: 0.8, 8: 0.15, 32: 0.05}), NUMBERS, seed=1)
    for count in (20, 100, len(written)):
        seen = Counter(question.rows for question in written[:count])
        assert abs(seen[1] - 0.8 * count) <= 1
        assert abs(seen[8] - 0.15 * count) <= 1
        assert abs(seen[32] - 0.05 * count) <= 1
    assert all(len(instances(question.body)) == question.rows for question in written)


shares = st.dictionaries(st.integers(1, 1000), st.floats(1e-6, 1e6), min_size=1, max_size=5)


@settings(max_examples=20)
@given(shares)
def test_any_shares_give_every_size_and_a_bounded_number(shares: dict[int, float]) -> None:
    order = sizes(shares)
    assert set(order) == shares.keys()
    assert USUAL_COUNT <= len(order) <= MOST + len(shares)


def test_a_size_of_one_in_five_hundred_comes_once_in_five_hundred() -> None:
    assert Counter(sizes({1: 499, 64: 1})) == {1: 499, 64: 1}


def test_large_questions_are_fewer_and_every_size_comes() -> None:
    written = questions(stream(rows={1: 0.5, 100: 0.5}), PICTURES, seed=1, most_bytes=2_000_000)
    assert {question.rows for question in written} == {1, 100}
    assert sum(len(question.body) for question in written) < 2_500_000
    assert len(written) < USUAL_COUNT


def test_a_request_larger_than_all_may_be_is_refused_before_it_is_made() -> None:
    huge = read_target({"name": "m", "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 1 << 30]}]})
    with pytest.raises(BadTarget, match="one request of 's' with 1 rows has 2048 MiB at least"):
        questions(stream(), huge, seed=1)


def test_rows_are_not_asked_of_a_model_without_them() -> None:
    whole = read_target({"name": "m", "inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 3]}]})
    assert instances(questions(stream(), whole, seed=1)[0].body)[0][0][0] > 0
    with pytest.raises(BadTarget, match=r"model 'm' has no rows .* and 's' asks for 1, 8 of them"):
        questions(stream(rows={1: 1, 8: 1}), whole, seed=1)


def test_digits_are_never_shown_to_a_model_of_something_else() -> None:
    assert len(instances(questions(stream(), NUMBERS, seed=1, pictures=digits())[0].body)[0]) == 4


def test_rows_of_a_users_own_are_shown_and_must_fit() -> None:
    mine = Rows("mine.npz", {"x": np.arange(8.0).reshape(2, 4)})
    shown = {tuple(instances(question.body)[0]) for question in questions(stream(), NUMBERS, seed=1, pictures=mine)}
    assert shown == {(0, 1, 2, 3), (4, 5, 6, 7)}
    with pytest.raises(BadTarget, match=r"mine\.npz has rows of shape"):
        questions(stream(), PICTURES, seed=1, pictures=mine)


def test_a_model_whose_server_tells_no_inputs_is_asked_with_a_users_own_rows_alone() -> None:
    silent = read_target({"name": "m", "inputs": []})
    with pytest.raises(BadTarget, match="tells no inputs: give rows for them with --data"):
        questions(stream(), silent, seed=1, pictures=digits())
    mine = Rows("mine.npz", {"age": np.array([3, 4]), "name": np.array(["a", "b"])})
    question = questions(stream(protocol="v2", rows={2: 1}), silent, seed=1, pictures=mine)[0]
    assert [(each["name"], each["datatype"], each["shape"]) for each in orjson.loads(question.body)["inputs"]] == [
        ("age", "INT64", [2]),
        ("name", "BYTES", [2]),
    ]


def test_pictures_that_drift_are_the_same_pictures() -> None:
    def shown(drift: Any) -> list[Any]:
        written = questions(stream(), PICTURES, seed=1, drift=drift, most_bytes=50_000)
        return [instances(question.body)[0] for question in written]

    plain, inverted = shown(""), shown("inverted")
    turned = {(255 - np.array(image)).tobytes() for image in inverted}
    known = {np.array(image, dtype=np.int64).tobytes() for image in digits().inputs["images"].tolist()}
    assert turned <= known
    assert {np.array(image).tobytes() for image in plain} <= known


@pytest.mark.parametrize(
    ("protocol", "form", "path", "content_type"),
    [
        ("v1", "json", "/v1/models/m:predict", "application/json"),
        ("v2", "json", "/v2/models/m/infer", "application/json"),
        ("v2", "binary", "/v2/models/m/infer", "application/octet-stream"),
        ("grpc", "json", "/inference.GRPCInferenceService/ModelInfer", None),
    ],
)
def test_each_protocol_has_its_path(protocol: Any, form: Any, path: str, content_type: str | None) -> None:
    question = questions(stream(protocol=protocol, format=form), NUMBERS, seed=1)[0]
    assert question.path == path
    assert question.headers.get("content-type") == content_type


def test_v1_has_no_binary_form_to_ask_in() -> None:
    with pytest.raises(BadTarget, match="V1 has JSON alone"):
        questions(stream(format="binary"), NUMBERS, seed=1)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"z": Made()}, "speaks of input 'z', and model 'm' has 'x'"),
        ({"x": Made(shape=(5,))}, "gives input 'x' the shape \\[5\\], expected \\[4\\]"),
        ({"x": Made(low=2, high=1)}, "numbers from 2 to 1 of input 'x'"),
    ],
)
def test_what_a_profile_says_of_inputs_must_fit(said: dict[str, Made], words: str) -> None:
    with pytest.raises(BadTarget, match=words):
        questions(stream(inputs=said), NUMBERS, seed=1)


def test_an_output_with_classes_must_be_there() -> None:
    with pytest.raises(BadTarget, match="that output 'chances' holds the classes"):
        questions(stream(classes="chances"), PICTURES, seed=1)


def test_a_pick_finds_different_questions_in_turn() -> None:
    written = questions(stream(), NUMBERS, seed=1)
    assert all(one.body != other.body for one, other in pairwise(written))
