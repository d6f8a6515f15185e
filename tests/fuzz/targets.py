"""What the fuzzer calls: each decoder with bytes of its making, and what must hold whatever they are.

Nothing but a ServingError may escape. What is decoded fits the signature it was
decoded for, and survives being encoded and decoded once more. A fast way and
the slow one agree. The first byte chooses the signature.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np
import orjson
from google.protobuf.message import DecodeError

from serving import (
    content_coding,
    grpc_wire,
    http_head,
    json_numbers,
    payload_grpc,
    payload_v1,
    payload_v2,
    raw_body,
    raw_contents,
)
from serving.datatypes import DTYPES
from serving.errors import ServingError
from serving.grpc_method import CallFailed
from serving.oip_pb2 import ModelInferRequest, ModelInferResponse
from serving.reader_grpc import MessageReader, ReaderGrpc
from serving.reader_v2 import ReaderV2
from serving.request import OutputChoice, Request
from serving.signature import Signature, Tensors, TensorSpec
from serving.wire_format import BadWire, skipped, varint

LIMIT_BYTES = 64 * 1024

T = TypeVar("T")
Target = Callable[[bytes], None]


def echoing(*inputs: TensorSpec, is_batched: bool = True) -> Signature:
    """A model that gives what it is given, so that an answer can be asked again."""
    return Signature("fuzzed", inputs, inputs, is_batched, labels=("zero", "one"))


SIGNATURES = (
    echoing(TensorSpec("x", "FP32", (-1, 3))),
    echoing(TensorSpec("x", "UINT8", (-1, 2, 2))),
    echoing(TensorSpec("x", "BYTES", (-1,))),
    echoing(TensorSpec("count", "INT32", (-1, 2)), TensorSpec("price", "FP64", (-1,))),
    echoing(*(TensorSpec(name, name, (-1, -1)) for name in DTYPES)),
    echoing(TensorSpec("x", "INT64", None), is_batched=False),
    echoing(TensorSpec("x", "BOOL", ()), is_batched=False),
    echoing(TensorSpec("x", "BF16", (2,)), TensorSpec("y", "BYTES", None), is_batched=False),
)


def v2_json(data: bytes) -> None:
    signature, body = chosen(data)
    request = outcome(lambda: payload_v2.decode(*payload_v2.parse(body), signature))
    slowly = outcome(lambda: payload_v2.decode(payload_v2.parse_object(body), payload_v2.NO_TAIL, signature))
    assert (request is None) == (slowly is None), "the fast way and the slow one differ"
    if request is not None and slowly is not None:
        same(request.tensors, slowly.tensors)
        check_fits(request, signature)
        check_v2(request, signature)
    outcome(lambda: declared(body))


def v2_binary(data: bytes) -> None:
    signature, body = chosen(data)
    head_bytes, body = int.from_bytes(body[:2], "little"), body[2:]
    if head_bytes == 0:
        request = outcome(lambda: raw_body.decode(body, signature))
    else:
        request = outcome(lambda: payload_v2.decode(*payload_v2.parse(body, head_bytes), signature))
    if request is not None:
        check_fits(request, signature)
        check_v2(request, signature)


def v1(data: bytes) -> None:
    signature, body = chosen(data)
    asked = outcome(lambda: payload_v1.decode(payload_v2.parse_object(body), signature))
    if asked is None:
        return
    check_fits(asked.request, signature)
    answer = outcome(lambda: payload_v1.encode(asked.request.tensors, asked, signature))
    if answer is None or any(array.size == 0 for array in asked.request.tensors.values()):
        return  # nested lists say nothing of the dimensions within an empty one
    message = orjson.loads(answer)
    again = {"inputs": message["outputs"]} if asked.is_columnar else {"instances": message["predictions"]}
    same(payload_v1.decode(again, signature).request.tensors, asked.request.tensors)


def grpc_message(data: bytes) -> None:
    signature, body = chosen(data)
    came = outcome(lambda: payload_grpc.parse(body))
    if came is None:
        return
    outcome(lambda: payload_grpc.decode(came, payload_grpc.declared_signature(came.head)))
    request = outcome(lambda: payload_grpc.decode(came, signature))
    if request is None:
        return
    check_fits(request, signature)
    for is_raw in (True, False):
        whole = Request(request.tensors, request.rows, tuple(OutputChoice(name) for name in request.tensors))
        answer = payload_grpc.encode(whole.tensors, whole, model_name="m", model_version="1", is_raw=is_raw)
        same(payload_grpc.decode(payload_grpc.parse(as_request(answer)), signature).tensors, request.tensors)


def parted(data: bytes) -> None:
    """Parting a message is protobuf's own reading of it, whatever its length."""
    try:
        expected = ModelInferRequest.FromString(data)
    except DecodeError:
        expected = None
    found = outcome(lambda: raw_contents.part(data, payload_grpc.RAW_INPUT))
    if found is None:
        return
    try:
        rest = ModelInferRequest.FromString(found[0])
    except DecodeError:
        assert expected is None, "parting spoilt a message"
        return
    assert expected is not None, "parting mended what is no message"
    assert [bytes(each) for each in found[1]] == list(expected.raw_input_contents)
    del rest.raw_input_contents[:], expected.raw_input_contents[:]
    assert rest == expected or rest.SerializeToString() == expected.SerializeToString()


def numbers(data: bytes) -> None:
    """Lifting arrays out of a body loses nothing of it."""
    taken = json_numbers.lift(data, b"data")
    if taken is not None:
        rest, lifted = taken
        for place, array in lifted.items():
            outcome(array.to_list)
            assert place.encode() in rest


def wire(data: bytes) -> None:
    at = 0
    try:
        while at < len(data):
            tag, start = varint(data, at)
            after = skipped(data, tag, start)
            assert at < after <= len(data)
            at = after
    except BadWire:
        return


def remembered_json(data: bytes) -> None:
    """A reader that has read one body reads the next as if it were its first."""
    signature, first, second = two(data)
    reader = ReaderV2(signature)
    outcome(lambda: reader.read(first))
    agree(
        outcome(lambda: reader.read(second)),
        outcome(lambda: payload_v2.decode(payload_v2.parse_object(second), payload_v2.NO_TAIL, signature)),
    )


def remembered_binary(data: bytes) -> None:
    signature, first, second = two(data)
    reader = ReaderV2(signature)
    size = first.find(b"}]}") + 3
    outcome(lambda: reader.read(first, size))
    agree(
        outcome(lambda: reader.read(second, size)),
        outcome(lambda: payload_v2.decode(*payload_v2.parse(second, size), signature)),
    )


def remembered_grpc(data: bytes) -> None:
    signature, first, second = two(data)
    messages, reader = MessageReader(), ReaderGrpc(signature)
    outcome(lambda: reader.read(messages.parse(first)))
    agree(
        outcome(lambda: reader.read(messages.parse(second))),
        outcome(lambda: payload_grpc.decode(payload_grpc.parse(second), signature)),
    )


def frames(data: bytes) -> None:
    """Messages come out of gRPC's frames the same, wherever what carries them is cut."""
    assert messages_of(data, 3) == messages_of(data, len(data))
    assert messages_of(grpc_wire.frame(data), 1000) == [(False, data)]
    for encoding in grpc_wire.WINDOW_BITS:
        with suppress(CallFailed):
            assert len(grpc_wire.decompress(data, encoding, LIMIT_BYTES)) <= LIMIT_BYTES
    with suppress(CallFailed):
        assert grpc_wire.read_timeout(data) >= 0
    assert all(0x20 <= byte <= 0x7E for byte in grpc_wire.quote(data.decode("utf-8", "replace")))


def coded(data: bytes) -> None:
    """A body is decoded to no more than the limit, and one that we have encoded to what it was."""
    for coding in (content_coding.GZIP, content_coding.DEFLATE):
        with suppress(ServingError, content_coding.TooMuch):
            assert len(content_coding.decode(data, coding, LIMIT_BYTES)) <= LIMIT_BYTES
        assert content_coding.decode(content_coding.encode(data, coding), coding, len(data)) == data
    with suppress(ServingError):
        content_coding.coding_of(data)
    content_coding.accepted(data)


def target(data: bytes) -> None:
    """Any target of a request is a path and a query, or refused."""
    found = outcome(lambda: http_head.read_target(data))
    assert found is None or isinstance(found[0], str)


TARGETS: Mapping[str, Target] = {
    each.__name__: each
    for each in (
        *(v1, v2_json, v2_binary, grpc_message, parted, numbers, wire),
        *(remembered_json, remembered_binary, remembered_grpc, frames, coded, target),
    )
}


def chosen(data: bytes) -> tuple[Signature, bytes]:
    return SIGNATURES[data[0] % len(SIGNATURES)] if data else SIGNATURES[0], data[1:]


def two(data: bytes) -> tuple[Signature, bytes, bytes]:
    """A signature and two bodies; the second may be the first, changed in one place."""
    signature, rest = chosen(data)
    size, how, rest = int.from_bytes(rest[:2], "little"), rest[2:5], rest[5:]
    first, second = rest[:size], rest[size:]
    if len(how) == 3 and how[0] & 1 and first:
        at = int.from_bytes(how[1:], "little") % len(first)
        second = first[:at] + second[:1] + first[at + 1 :]
    return signature, first, second


def agree(quick: Request | None, slow: Request | None) -> None:
    assert (quick is None) == (slow is None), "what was read before changes what is read"
    if quick is not None and slow is not None:
        same(quick.tensors, slow.tensors)
        assert replace(quick, tensors={}) == replace(slow, tensors={})


def messages_of(data: bytes, piece: int) -> list[tuple[bool, bytes]] | None:
    received, found = bytearray(), list[tuple[bool, bytes]]()
    try:
        for at in range(0, len(data), piece or 1):
            received += data[at : at + (piece or 1)]
            found += grpc_wire.split(received, LIMIT_BYTES)
    except CallFailed:
        return None
    return found


def outcome(decode: Callable[[], T]) -> T | None:
    """Decode, or find that it was refused."""
    try:
        return decode()
    except ServingError:
        return None


def declared(body: bytes) -> Request:
    message, tail = payload_v2.parse(body)
    return payload_v2.decode(message, tail, payload_v2.declared_signature(message))


def check_fits(request: Request, signature: Signature) -> None:
    assert request.tensors.keys() == signature.input_by_name.keys()
    for spec in signature.inputs:
        array = request.tensors[spec.name]
        assert array.dtype == spec.dtype, (spec, array.dtype)
        assert spec.accepts(array.shape), (spec, array.shape)
        assert not signature.is_batched or array.shape[0] == request.rows
        if array.dtype == np.object_:
            assert all(type(element) is bytes for element in array.ravel().tolist())
    assert request.rows > 0
    assert request.timeout_seconds > 0


def check_v2(request: Request, signature: Signature) -> None:
    """Ask the answer again, by JSON and by binary tensors."""
    outcome(lambda: payload_v2.encode(request.tensors, request, model_name="m", model_version="1"))
    for is_binary in (True, False):
        choices = tuple(OutputChoice(name, is_binary) for name in request.tensors)
        whole = Request(request.tensors, request.rows, choices, id=request.id)
        answer = outcome(partial(payload_v2.encode, whole.tensors, whole, model_name="m", model_version="1"))
        if answer is None:
            continue  # NaN, or bytes that are no text, which JSON cannot say
        message, tail = payload_v2.parse(*answer)
        message["inputs"] = message.pop("outputs")
        same(payload_v2.decode(message, tail, signature).tensors, request.tensors)


def as_request(answer: bytes) -> bytes:
    response = ModelInferResponse.FromString(answer)
    request = ModelInferRequest(raw_input_contents=response.raw_output_contents)
    for output in response.outputs:
        entry = request.inputs.add(name=output.name, datatype=output.datatype, shape=output.shape)
        if output.HasField("contents"):
            entry.contents.CopyFrom(output.contents)
    return request.SerializeToString()


def same(these: Tensors, those: Tensors) -> None:
    assert these.keys() == those.keys()
    for name, array in these.items():
        other = those[name]
        assert (array.dtype, array.shape) == (other.dtype, other.shape), name
        if array.dtype == np.object_:
            assert array.ravel().tolist() == other.ravel().tolist(), name
        else:
            assert array.tobytes() == other.tobytes(), name
