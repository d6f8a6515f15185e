"""The best classes of an output, written as Triton writes them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.classification import TopClasses
from serving.datatypes import DTYPES
from serving.errors import InvalidRequest

SCORES = np.array([[0.1, 0.7, 0.2], [0.5, 0.25, 0.25]], dtype=np.float32)


def top(scores: np.ndarray, count: int, **others: Any) -> list[Any]:
    classes: list[Any] = TopClasses(count, **others).of("y", scores).tolist()
    return classes


def test_each_row_has_its_best_classes_first() -> None:
    assert top(SCORES, 2, rows=2) == [[b"0.700000:1", b"0.200000:2"], [b"0.500000:0", b"0.250000:1"]]


def test_labels_are_named_where_there_are_any() -> None:
    assert top(SCORES, 2, rows=2, labels=["cat", "dog"]) == [
        [b"0.700000:1:dog", b"0.200000:2"],
        [b"0.500000:0:cat", b"0.250000:1:dog"],
    ]


def test_no_more_classes_come_than_there_are() -> None:
    assert top(SCORES, 2**64 - 1, rows=2)[0] == [b"0.700000:1", b"0.200000:2", b"0.100000:0"]


def test_a_model_without_rows_has_one_list_of_classes() -> None:
    assert top(SCORES, 2) == [b"0.700000:1", b"0.500000:3"]
    assert top(np.array(3.0), 2) == [b"3.000000:0"]


def test_an_output_that_does_not_follow_the_rows_is_judged_as_a_whole() -> None:
    assert top(SCORES, 1, rows=5) == [b"0.700000:1"]


def test_a_row_of_several_dimensions_is_one_list_of_classes() -> None:
    assert top(SCORES.reshape(1, 2, 3), 2, rows=1) == [[b"0.700000:1", b"0.500000:3"]]


def test_nan_is_the_worst_of_all() -> None:
    assert top(np.array([np.nan, -1.0, 2.0]), 3) == [b"2.000000:2", b"-1.000000:1", b"nan:0"]


@pytest.mark.parametrize("datatype", [name for name in DTYPES if "INT" in name])
def test_whole_numbers_are_written_whole_and_compared_exactly(datatype: str) -> None:
    bounds = np.iinfo(DTYPES[datatype])
    scores = np.array([bounds.max - 1, bounds.max, bounds.min], dtype=DTYPES[datatype])
    expected = [f"{bounds.max}:1", f"{bounds.max - 1}:0", f"{bounds.min}:2"]
    assert top(scores, 3) == [each.encode() for each in expected]


@pytest.mark.parametrize("datatype", ["FP16", "BF16", "FP32", "FP64"])
def test_every_floating_datatype_has_classes(datatype: str) -> None:
    assert top(np.array([0.5, 2.0]).astype(DTYPES[datatype]), 1) == [b"2.000000:1"]


@pytest.mark.parametrize("datatype", ["BOOL", "BYTES"])
def test_what_has_no_scores_has_no_classes(datatype: str) -> None:
    with pytest.raises(InvalidRequest, match=f"output 'y' is {datatype}, which has no classes"):
        top(np.zeros(2, dtype=DTYPES[datatype]), 1)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=12), st.integers(1, 15))
def test_classes_are_in_order_of_score_and_then_of_place(scores: list[int], count: int) -> None:
    came = [tuple(map(int, each.split(b":"))) for each in top(np.array(scores), count)]
    assert came == sorted(((score, place) for place, score in enumerate(scores)), key=lambda x: (-x[0], x[1]))[:count]
