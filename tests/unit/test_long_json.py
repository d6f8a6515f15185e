"""What long JSON bodies tell before they are decoded, and that they are decoded as short ones are."""

import asyncio

import numpy as np
import orjson
import pytest

from serving import long_json, payload_v2
from serving.errors import InvalidRequest
from serving.off_loop import off_loop
from serving.signature import Signature, TensorSpec

SIGNATURE = Signature(
    "serving_default",
    inputs=(TensorSpec("x", "FP32", (-1, 3)),),
    outputs=(TensorSpec("y", "FP32", (-1, 2)),),
    is_batched=True,
)


def body(rows: int, **more: object) -> bytes:
    entry = {"name": "x", "shape": [rows, 3], "datatype": "FP32", "data": [0.5] * 3 * rows}
    return orjson.dumps({"inputs": [entry], **more})


@pytest.mark.parametrize(
    ("sent", "rows"),
    [
        (body(7), 7),
        (b'{"inputs":[{"data":[' + b"1," * 10_000 + b'1],"name":"x", "shape" : [ 12 , 3 ]}]}', 12),
        (b'{"inputs":[{"data":[' + b"1," * 10_000 + b'1]}],"id":"' + b"x" * 10_000 + b'"}', 1),
        (b'{"inputs":[{"shape":[-1,3]}]}', 1),
        (b'{"inputs":[{"shape":[]}]}', 1),
        (b'{"inputs":[{"shape":[99999999999,3]}]}', 1),
        (b"", 1),
    ],
)
def test_the_rows_are_told_where_they_can_be(sent: bytes, rows: int) -> None:
    assert long_json.declared_rows(sent, SIGNATURE) == rows


def test_a_model_without_rows_has_one() -> None:
    fixed = Signature("serving_default", SIGNATURE.inputs, SIGNATURE.outputs, is_batched=False)
    assert long_json.declared_rows(body(7), fixed) == 1


async def test_a_long_body_is_decoded_beside_the_loop_as_on_it() -> None:
    sent = body(50_000, id="42")
    request = await off_loop(long_json.read_v2, sent, None, SIGNATURE)
    alone = payload_v2.decode(*payload_v2.parse(sent, None), SIGNATURE)
    assert (request.rows, request.id) == (alone.rows, alone.id) == (50_000, "42")
    np.testing.assert_array_equal(request.tensors["x"], alone.tensors["x"])


async def test_a_mistake_in_a_long_body_is_told_with_its_id() -> None:
    sent = body(50_000, id="42").replace(b'"FP32"', b'"FP16"')
    with pytest.raises(InvalidRequest, match="FP16") as told:
        await off_loop(long_json.read_v2, sent, None, SIGNATURE)
    assert told.value.request_id == "42"


async def test_who_leaves_does_not_wait_for_the_thread() -> None:
    decoding = asyncio.ensure_future(off_loop(long_json.read_v2, body(100_000), None, SIGNATURE))
    await asyncio.sleep(0)
    decoding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await decoding
