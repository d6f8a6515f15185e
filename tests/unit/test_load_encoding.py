"""What is written in each protocol is what the server's own decoders read."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.requests import encoding, made
from loadtests.requests.datatypes import BF16, BYTES, DTYPES, FLOATING, Arrays, from_raw, to_bf16, to_raw
from loadtests.requests.encoding import TYPED_FIELD
from loadtests.requests.target import BadTarget, Target, TensorForm
from serving import binary_tensor, payload_grpc, payload_v1, payload_v2
from serving.signature import Signature, Tensors, TensorSpec

RANDOM = np.random.default_rng


@st.composite
def targets(draw: st.DrawFn, datatypes: tuple[str, ...] = tuple(DTYPES)) -> Target:
    """Models with rows and without, of up to three inputs."""
    has_rows = draw(st.booleans())
    forms = []
    for index in range(draw(st.integers(1, 3))):
        shape = draw(st.lists(st.sampled_from([-1, 1, 2, 3]), max_size=2))
        forms.append(
            TensorForm(f"in-{index}", draw(st.sampled_from(datatypes)), tuple([-1, *shape] if has_rows else shape))
        )
    target = Target("m", tuple(forms), ())
    return Target("m", tuple(forms), (), is_batched=target.has_rows)


def signature_of(target: Target) -> Signature:
    specs = tuple(TensorSpec(form.name, form.datatype, form.shape) for form in target.inputs)
    return Signature("s", specs, (TensorSpec("y", "FP32", (-1,)),), target.is_batched)


def arrays_of(target: Target, rows: int, seed: int) -> Arrays:
    return made.make(target, rows if target.has_rows else 1, {}, RANDOM(seed))


def assert_same(came: Tensors, sent: Arrays) -> None:
    assert came.keys() == sent.keys()
    for name, array in sent.items():
        assert came[name].shape == array.shape
        assert came[name].astype(array.dtype).tolist() == array.tolist()


rows = st.integers(1, 4)
seeds = st.integers(0, 1000)


@given(targets(), rows, seeds)
def test_v1_is_read_as_it_was_meant(target: Target, rows: int, seed: int) -> None:
    sent = arrays_of(target, rows, seed)
    came = payload_v1.decode(orjson.loads(encoding.v1(target, sent)), signature_of(target))
    assert_same(came.request.tensors, sent)


@given(targets(), rows, seeds)
def test_v2_in_json_is_read_as_it_was_meant(target: Target, rows: int, seed: int) -> None:
    sent = arrays_of(target, rows, seed)
    message, tail = payload_v2.parse(encoding.v2_json(target, sent, "q-1"))
    came = payload_v2.decode(message, tail, signature_of(target))
    assert_same(came.tensors, sent)
    assert came.id == "q-1"


@given(targets(), rows, seeds)
def test_v2_with_binary_tensors_is_read_as_it_was_meant(target: Target, rows: int, seed: int) -> None:
    sent = arrays_of(target, rows, seed)
    body, head_bytes = encoding.v2_binary(target, sent, "q-1")
    came = payload_v2.decode(*payload_v2.parse(body, head_bytes), signature_of(target))
    assert_same(came.tensors, sent)
    assert came.is_binary
    assert came.id == "q-1"


@given(targets(), rows, seeds)
def test_grpc_raw_is_read_as_it_was_meant(target: Target, rows: int, seed: int) -> None:
    sent = arrays_of(target, rows, seed)
    came = payload_grpc.decode(
        payload_grpc.parse(encoding.grpc(target, sent, "q-1", is_raw=True)), signature_of(target)
    )
    assert_same(came.tensors, sent)
    assert came.id == "q-1"


@given(targets(tuple(TYPED_FIELD)), rows, seeds)
def test_grpc_typed_is_read_as_it_was_meant(target: Target, rows: int, seed: int) -> None:
    sent = arrays_of(target, rows, seed)
    message = encoding.grpc(target, sent, "q-1", is_raw=False)
    came = payload_grpc.decode(payload_grpc.parse(message), signature_of(target))
    assert_same(came.tensors, sent)
    assert not came.id.startswith("q-2")


@pytest.mark.parametrize("datatype", ["FP16", "BF16"])
def test_what_grpc_carries_raw_alone_is_refused_typed(datatype: str) -> None:
    target = Target("m", (TensorForm("x", datatype, (-1,)),), ())
    with pytest.raises(BadTarget, match=f"{datatype}, which gRPC carries raw alone: set format to binary"):
        encoding.grpc(target, arrays_of(target, 1, 0), "", is_raw=False)


def test_bytes_that_are_no_text_go_in_base64_or_not_at_all() -> None:
    target = Target("m", (TensorForm("x", BYTES, (-1,)),), ())
    x = np.empty(1, dtype=np.object_)
    x[:] = [b"\xff\x00"]
    assert encoding.v1(target, {"x": x}) == b'{"instances":[{"b64":"/wA="}]}'
    with pytest.raises(BadTarget, match="bytes that are no text, which JSON cannot carry"):
        encoding.v2_json(target, {"x": x}, "")


def test_a_name_that_is_no_path_is_quoted() -> None:
    assert encoding.v1_path("a/b ü") == "/v1/models/a%2Fb%20%C3%BC:predict"
    assert encoding.v2_path("a/b?") == "/v2/models/a%2Fb%3F/infer"


def test_a_float32_is_written_as_people_write_it() -> None:
    target = Target("m", (TensorForm("x", "FP32", (-1,)),), ())
    assert encoding.v1(target, {"x": np.array([0.1], dtype=np.float32)}) == b'{"instances":[0.1]}'


@given(st.sampled_from(sorted(DTYPES)), st.integers(0, 7), seeds)
def test_raw_tensors_are_the_servers_own_and_come_back(datatype: str, size: int, seed: int) -> None:
    target = Target("m", (TensorForm("x", datatype, (-1,)),), ())
    array = made.make(target, size, {}, RANDOM(seed))["x"]
    raw = to_raw(datatype, array)
    came: Any = binary_tensor.to_array(TensorSpec("x", datatype, None), raw, (size,))
    assert came.astype(array.dtype).tolist() == array.tolist()
    assert list(from_raw(datatype, raw)) == array.tolist()


@given(st.floats(-1024, 1024, width=32))
def test_bf16_is_held_exactly(number: float) -> None:
    held = to_bf16(np.array([number]))
    assert from_raw(BF16, to_raw(BF16, held))[0] == held[0]
    assert BF16 in FLOATING
