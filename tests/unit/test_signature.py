"""What a model takes, and which tensors may be given for it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.datatypes import DTYPES, NAMES
from serving.errors import InvalidRequest
from serving.signature import UNKNOWN, Signature, TensorSpec

ROWS = Signature(
    "s",
    (TensorSpec("a", "FP32", (-1, 2)), TensorSpec("b", "INT64", (-1,))),
    (TensorSpec("y", "FP32", (-1,)),),
    is_batched=True,
)
NO_ROWS = Signature("s", (TensorSpec("a", "FP32", None),), (TensorSpec("y", "FP32", ()),), is_batched=False)


@pytest.mark.parametrize(
    ("expected", "came", "fits"),
    [
        pytest.param((-1, 2), (5, 2), True, id="any number of rows"),
        pytest.param((-1, 2), (0, 2), True, id="none of them"),
        pytest.param((-1, 2), (5, 3), False, id="another width"),
        pytest.param((-1, 2), (5,), False, id="a dimension too few"),
        pytest.param((-1, 2), (5, 2, 1), False, id="a dimension too many"),
        pytest.param((-1, -1), (5, 9), True, id="open dimensions"),
        pytest.param((), (), True, id="a scalar"),
        pytest.param((), (1,), False, id="a list for a scalar"),
        pytest.param(None, (), True, id="a scalar for any rank"),
        pytest.param(None, (1, 2, 3), True, id="a cube for any rank"),
        pytest.param((3,), (-1,), False, id="an open dimension is no size"),
    ],
)
def test_which_shapes_fit(expected: tuple[int, ...] | None, came: tuple[int, ...], fits: bool) -> None:
    spec = TensorSpec("x", "FP32", expected)
    if fits:
        spec.check("FP32", came)
    else:
        with pytest.raises(InvalidRequest) as refusal:
            spec.check("FP32", came)
        assert str(refusal.value) == f"input 'x' has shape {list(came)}, expected {list(expected or ())}"


@given(st.lists(st.integers(0, 5)), st.data())
def test_a_shape_fits_whatever_of_it_the_model_leaves_open(shape: list[int], data: st.DataObject) -> None:
    open_places = data.draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
    expected = tuple(UNKNOWN if is_open else size for size, is_open in zip(shape, open_places, strict=True))
    TensorSpec("x", "FP32", expected).check_shape(shape)


def test_another_datatype_is_told() -> None:
    with pytest.raises(InvalidRequest, match="input 'x' has datatype FP64, expected FP32"):
        TensorSpec("x", "FP32", None).check("FP64", ())


def test_a_name_that_the_model_does_not_have_is_told_with_those_it_has() -> None:
    assert ROWS.input("b").datatype == "INT64"
    assert ROWS.output("y").shape == (-1,)
    with pytest.raises(InvalidRequest, match="unknown input 'c', expected 'a', 'b'"):
        ROWS.input("c")
    with pytest.raises(InvalidRequest, match="unknown output 'a', the model has 'y'"):
        ROWS.output("a")


def test_every_missing_input_is_told() -> None:
    ROWS.check_complete(["b", "a"])
    with pytest.raises(InvalidRequest, match="input 'a', 'b' is missing"):
        ROWS.check_complete([])


@pytest.mark.parametrize(
    ("signature", "shapes", "rows"),
    [
        pytest.param(ROWS, {"a": (3, 2), "b": (3,)}, 3, id="those that all inputs have"),
        pytest.param(NO_ROWS, {"a": (3, 2)}, 1, id="a model without rows counts one"),
        pytest.param(NO_ROWS, {"a": ()}, 1, id="and so for a scalar"),
    ],
)
def test_the_rows_of_a_request(signature: Signature, shapes: dict[str, tuple[int, ...]], rows: int) -> None:
    assert signature.rows({name: np.zeros(shape) for name, shape in shapes.items()}) == rows


@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [
        pytest.param({"a": (0, 2), "b": (0,)}, "the request has no rows, expected at least one", id="no rows"),
        pytest.param(
            {"a": (3, 2), "b": (4,)},
            "input 'b' has 4 rows and input 'a' has 3: every input must have as many rows",
            id="rows that differ",
        ),
    ],
)
def test_rows_that_make_no_batch_are_told(shapes: dict[str, tuple[int, ...]], sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        ROWS.rows({name: np.zeros(shape) for name, shape in shapes.items()})
    assert str(refusal.value) == sentence


def test_each_datatype_has_a_dtype_of_its_own() -> None:
    assert len(NAMES) == len(DTYPES) == 14
    assert all(NAMES[dtype] == name for name, dtype in DTYPES.items())
    assert all(one != other for one, other in pairwise(DTYPES.values()))
