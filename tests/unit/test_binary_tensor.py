"""Raw bytes to tensors and back, bit for bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import binary_tensor
from serving.datatypes import BYTES, DTYPES
from serving.errors import InvalidRequest
from serving.signature import TensorSpec
from tests.strategies import assert_same, bytes_tensor, datatypes, shapes, tensors

# Many examples on a busy machine: the limit is for what hangs.
pytestmark = pytest.mark.timeout(10)


def spec(datatype: str) -> TensorSpec:
    return TensorSpec("x", datatype, None)


@given(st.data(), datatypes, shapes)
def test_bytes_come_out_as_they_went_in(data: st.DataObject, datatype: str, shape: tuple[int, ...]) -> None:
    array = data.draw(tensors(datatype, shape))
    assert_same(binary_tensor.to_array(spec(datatype), binary_tensor.to_buffer(array), shape), array)


@given(st.data(), datatypes, shapes)
def test_an_array_in_any_memory_order_is_written_row_by_row(
    data: st.DataObject, datatype: str, shape: tuple[int, ...]
) -> None:
    array = data.draw(tensors(datatype, shape)).T
    came = binary_tensor.to_array(spec(datatype), binary_tensor.to_buffer(array), array.shape)
    assert_same(came, array.copy(order="C"))


@given(st.data(), datatypes, shapes, st.integers(0, 9))
def test_a_tensor_may_begin_anywhere_in_the_body(
    data: st.DataObject, datatype: str, shape: tuple[int, ...], offset: int
) -> None:
    array = data.draw(tensors(datatype, shape))
    body = memoryview(b"{" * offset + binary_tensor.to_buffer(array))
    assert_same(binary_tensor.to_array(spec(datatype), body[offset:], shape), array)


@given(datatypes, shapes, st.binary(max_size=80))
def test_a_buffer_is_the_tensor_it_reads_as_or_is_refused(datatype: str, shape: tuple[int, ...], buffer: bytes) -> None:
    try:
        array = binary_tensor.to_array(spec(datatype), buffer, shape)
    except InvalidRequest as error:
        assert "input 'x'" in str(error)  # noqa: PT017 - either ending is right
    else:
        assert array.shape == shape
        assert binary_tensor.to_buffer(array) == buffer


def test_a_decoded_tensor_is_a_view_of_the_body() -> None:
    body = np.arange(4, dtype=np.float32).tobytes()
    array = binary_tensor.to_array(spec("FP32"), body, (2, 2))
    assert np.shares_memory(array, np.frombuffer(body, dtype=np.uint8))


@pytest.mark.parametrize("datatype", [name for name in DTYPES if name != BYTES])
def test_a_byte_too_few_or_too_many_is_refused(datatype: str) -> None:
    whole = bytes(6 * DTYPES[datatype].itemsize)
    assert binary_tensor.to_array(spec(datatype), whole, (2, 3)).shape == (2, 3)
    for wrong in (whole[:-1], whole + b"\0", b""):
        sentence = rf"^input 'x' has {len(wrong)} bytes, expected {len(whole)} for {datatype} of shape \[2, 3\]$"
        with pytest.raises(InvalidRequest, match=sentence):
            binary_tensor.to_array(spec(datatype), wrong, (2, 3))


@pytest.mark.parametrize(
    ("buffer", "count", "sentence"),
    [
        pytest.param(
            b"\x05\0\0\0abc", 1, "announces an element of 5 bytes where 3 are left", id="an element past the end"
        ),
        pytest.param(b"\xff\xff\xff\xff", 1, "announces an element of 4294967295 bytes", id="the longest element"),
        pytest.param(
            b"\x01\0\0", 1, "holds 0 whole BYTES elements and 3 further bytes, expected 1", id="half a length"
        ),
        pytest.param(b"\0\0\0\0" * 2, 1, "holds 1 whole BYTES elements and 4 further bytes", id="an element too many"),
        pytest.param(b"\0\0\0\0", 2, "holds 1 whole BYTES elements and 0 further bytes, expected 2", id="one too few"),
        pytest.param(b"\0", 0, "holds 0 whole BYTES elements and 1 further bytes", id="bytes for no element"),
        pytest.param(b"", 2**40, "holds 0 whole BYTES elements", id="a shape that nothing fills"),
    ],
)
def test_elements_that_do_not_add_up_are_refused(buffer: bytes, count: int, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        binary_tensor.to_array(spec(BYTES), buffer, (count,))


def test_a_boolean_is_the_byte_zero_or_one() -> None:
    assert binary_tensor.to_array(spec("BOOL"), b"\0\x01", (2,)).tolist() == [False, True]
    with pytest.raises(InvalidRequest, match="takes bytes 0 and 1, another byte came"):
        binary_tensor.to_array(spec("BOOL"), b"\0\x02", (2,))


def test_an_element_of_bytes_is_preceded_by_its_length_in_little_endian() -> None:
    assert binary_tensor.to_buffer(bytes_tensor([b"", b"ab"], (2,))) == b"\0\0\0\0\x02\0\0\0ab"
