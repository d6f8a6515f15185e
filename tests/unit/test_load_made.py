"""Values for a model of which nothing is at hand but its metadata, and what a drift does to any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.profile.form import Made
from loadtests.requests.datatypes import DTYPES, FLOATING, to_bf16
from loadtests.requests.drifted import drifted
from loadtests.requests.made import make
from loadtests.requests.target import BadTarget, Target, TensorForm

RANDOM = np.random.default_rng


def one(datatype: str, *shape: int) -> Target:
    return Target("m", (TensorForm("x", datatype, shape),), ())


@pytest.mark.parametrize("datatype", sorted(FLOATING))
def test_numbers_with_a_point_lie_between_0_and_1_and_are_neither(datatype: str) -> None:
    made = make(one(datatype, -1, 1000), 10, {}, RANDOM(1))["x"].astype(np.float64)
    assert made.min() > 0
    assert made.max() <= 1


@pytest.mark.parametrize("datatype", ["INT8", "INT16", "INT32", "INT64", "UINT16", "UINT32", "UINT64"])
def test_whole_numbers_are_small_since_they_may_be_indexes(datatype: str) -> None:
    made = make(one(datatype, -1, 1000), 1, {}, RANDOM(1))["x"]
    assert set(made.ravel().tolist()) == {0, 1, 2, 3}
    assert made.dtype == DTYPES[datatype]


def test_bytes_of_a_picture_take_all_values() -> None:
    made = make(one("UINT8", -1, 10_000), 1, {}, RANDOM(1))["x"]
    assert (made.min(), made.max()) == (0, 255)


def test_strings_are_many_or_those_that_the_profile_names() -> None:
    assert len(set(make(one("BYTES", -1), 100, {}, RANDOM(1))["x"].tolist())) > 50
    named = make(one("BYTES", -1), 100, {"x": Made(words=("ja", "né"))}, RANDOM(1))["x"]
    assert set(named.tolist()) == {b"ja", "né".encode()}


def test_open_dimensions_are_1_or_as_the_profile_says() -> None:
    target = one("FP32", -1, -1, 3)
    assert make(target, 5, {}, RANDOM(1))["x"].shape == (5, 1, 3)
    assert make(target, 5, {"x": Made(shape=(7, 3))}, RANDOM(1))["x"].shape == (5, 7, 3)


def test_a_shape_of_which_nothing_is_known_takes_any_that_the_profile_says() -> None:
    assert make(one("FP32", -1), 5, {"x": Made(shape=(2, 3))}, RANDOM(1))["x"].shape == (5, 2, 3)


def test_a_range_is_kept() -> None:
    made = make(one("INT32", -1), 1000, {"x": Made(low=-5, high=5)}, RANDOM(1))["x"]
    assert (made.min(), made.max()) == (-5, 5)
    floats = make(one("FP64", -1), 1000, {"x": Made(low=10, high=20)}, RANDOM(1))["x"]
    assert floats.min() > 10
    assert floats.max() < 20


def test_a_range_that_a_datatype_does_not_hold_is_told() -> None:
    with pytest.raises(BadTarget, match="asks for -1 to 3 of input 'x', which is UINT32"):
        make(one("UINT32", -1), 1, {"x": Made(low=-1)}, RANDOM(1))


def changed(array: object, drift: str, datatype: str = "UINT8") -> object:
    return drifted({"x": np.asarray(array)}, {"x": datatype}, drift, RANDOM(1))["x"]  # type: ignore[arg-type]


PICTURE = np.array([[0, 100, 255]], dtype=np.uint8)


def test_pictures_are_inverted_dimmed_and_noisy() -> None:
    assert np.array_equal(changed(PICTURE, "inverted"), [[255, 155, 0]])  # type: ignore[arg-type]
    assert np.array_equal(changed(PICTURE, "dimmed"), [[0, 40, 102]])  # type: ignore[arg-type]
    many = np.full((1, 10_000), 128, dtype=np.uint8)
    noisy = np.asarray(changed(many, "noisy"))
    assert 40 < noisy.std() < 90
    assert abs(noisy.mean() - 128) < 5


def test_pictures_scaled_to_one_stay_within_it() -> None:
    scaled = np.array([[0, 0.25, 1]], dtype=np.float32)
    assert np.allclose(changed(scaled, "inverted", "FP32"), [[1, 0.75, 0]])  # type: ignore[arg-type]
    assert np.allclose(changed(scaled, "dimmed", "FP32"), [[0, 0.1, 0.4]])  # type: ignore[arg-type]


@given(st.sampled_from(sorted(DTYPES)), st.sampled_from(["", "inverted", "noisy", "dimmed"]), st.integers(0, 100))
def test_a_drift_keeps_shape_and_datatype_and_is_the_same_for_a_seed(datatype: str, drift: str, seed: int) -> None:
    arrays = make(one(datatype, -1, 3), 4, {}, RANDOM(seed))
    first, second = (drifted(arrays, {"x": datatype}, drift, RANDOM(seed))["x"] for _ in range(2))  # type: ignore[arg-type]
    assert first.dtype == arrays["x"].dtype
    assert first.shape == arrays["x"].shape
    assert first.tolist() == second.tolist()
    if datatype == "BF16":
        assert np.array_equal(to_bf16(first), first)


def test_strings_know_no_light() -> None:
    arrays = make(one("BYTES", -1), 4, {}, RANDOM(1))
    assert drifted(arrays, {"x": "BYTES"}, "inverted", RANDOM(1))["x"] is arrays["x"]
