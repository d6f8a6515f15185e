"""Long arrays of numbers parsed in pieces are what they are when parsed whole, or are left alone."""

import json
import math
from collections.abc import Callable

import numpy as np
import orjson
import pytest

from serving import long_numbers
from serving.json_numbers import Numbers
from serving.long_numbers import LONG_BYTES, parse
from tests.unit.test_json_numbers import spec

SHAPES = [
    (200_000,),
    (200, 1000),
    (1, 200_000),
    (1, 1, 500, 400),
    (20, 100, 100),
    (200_000, 1),
    (2, 100_000),
    (1, 2, 100_000),
]
WRITERS: dict[str, Callable[[object], bytes]] = {
    "compact": orjson.dumps,
    "with spaces": lambda value: json.dumps(value).encode(),
    "with lines": lambda value: json.dumps(value, indent=1).encode(),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("writer", WRITERS)
def test_every_element_is_there_in_order(shape: tuple[int, ...], writer: str) -> None:
    array = np.arange(math.prod(shape), dtype=np.float64).reshape(shape) / 7
    text: bytes = WRITERS[writer](array.tolist())
    came = Numbers(text).to_array(spec("FP64"), shape)
    assert came is not None
    np.testing.assert_array_equal(came, array)
    if writer != "with lines":
        parsed = parse(text)
        assert parsed is not None
        assert len(parsed._pieces) > 1  # noqa: SLF001


@pytest.mark.parametrize("text", [b"[1,2]", b"[]", b"", b"nonsense"])
def test_what_is_short_is_left_alone(text: bytes) -> None:
    assert parse(text) is None


ROW = b"[" + b",".join([b"1"] * 1000) + b"]"
LONG = b"[" + b",".join([ROW] * 500) + b"]"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LONG[:-1], id="no end"),
        pytest.param(LONG[1:], id="no beginning"),
        pytest.param(LONG[:-2] + b",]]", id="a comma at the end"),
        pytest.param(b"[," + LONG[1:], id="a comma at the beginning"),
        pytest.param(LONG.replace(b"],[", b"],,[", 400), id="two commas"),
        pytest.param(LONG.replace(b"],[", b"][", 400), id="no comma"),
        pytest.param(LONG[: len(LONG) // 2] + b"x" + LONG[len(LONG) // 2 :], id="a letter"),
        pytest.param(b"[" * len(LONG), id="brackets alone"),
        pytest.param(b"[" + b"1 " * LONG_BYTES + b"]", id="no commas at all"),
        pytest.param(b" " * (LONG_BYTES + 1), id="nothing"),
        pytest.param(b"[1" + b",[2]" * LONG_BYTES + b"[", id="an end that opens"),
    ],
)
def test_what_is_no_array_is_left_alone(text: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(text)
    assert len(text) > LONG_BYTES - 2000
    assert parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"[" + b"[1,2],[3]," * LONG_BYTES + b"[1]]", id="rows of different lengths"),
        pytest.param(b"[" + b"[[1],[2]],[3]," * LONG_BYTES + b"[1]]", id="rows of different depths"),
    ],
)
def test_what_is_not_regular_is_no_tensor(text: bytes) -> None:
    count = text.count(b"1") + text.count(b"2") + text.count(b"3")
    assert Numbers(text).to_array(spec("FP32"), (count // 3, 3)) is None


def test_elements_that_do_not_fit_are_found_in_any_piece() -> None:
    text = LONG[:-3] + b"1.5]]"
    assert parse(text) is not None
    assert Numbers(text).to_array(spec("INT32"), (500, 1000)) is None
    assert long_numbers.parse(LONG.replace(b"1,1]", b'1,"a"]')) is not None, "it is JSON"
    assert Numbers(LONG.replace(b"1,1]", b'1,"a"]')).to_array(spec("INT32"), (500, 1000)) is None
