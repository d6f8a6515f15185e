"""The Open Inference Protocol over gRPC: typed and raw tensors, and the statuses of refusals."""

from collections.abc import Callable, Sequence
from struct import pack
from typing import Any

from serving import oip_pb2
from tests.contract.conformance.fact import Fact, Grpc, GrpcAnswer, infer

SECTION = "OIP gRPC"
Message = oip_pb2.ModelInferRequest
Add = Callable[[Message], None]

VALUES = pack("<fff", 1, 2, 3)
ANSWER = pack("<ff", 4, 5)


def typed(name: str, datatype: str, shape: Sequence[int], **contents: Sequence[Any]) -> Add:
    def add(message: Message) -> None:
        entry = message.inputs.add(name=name, datatype=datatype, shape=shape)
        for field, values in contents.items():
            getattr(entry.contents, field).extend(values)

    return add


def raw(name: str, datatype: str, shape: Sequence[int], buffer: bytes) -> Add:
    def add(message: Message) -> None:
        message.inputs.add(name=name, datatype=datatype, shape=shape)
        message.raw_input_contents.append(buffer)

    return add


def no_shape(message: Message) -> None:
    message.raw_input_contents.append(b"")


typed_x = typed("x", "FP32", [1, 3], fp32_contents=[1, 2, 3])
raw_x = raw("x", "FP32", [1, 3], VALUES)


def fact(words: str, ask: Grpc, code: str = "OK", message: Any = None, **others: Any) -> Fact:
    return Fact(SECTION, words, ask, GrpcAnswer(code, message, **others))


def refused(words: str, *error: str, ask: Grpc, code: str = "INVALID_ARGUMENT") -> Fact:
    return fact(f"{words} is refused", ask, code, error=error)


FACTS = [
    fact("a live server says so", Grpc("ServerLive", oip_pb2.ServerLiveRequest()), message={"live": True}),
    fact("a ready server says so", Grpc("ServerReady", oip_pb2.ServerReadyRequest()), message={"ready": True}),
    fact(
        "a ready version says so",
        Grpc("ModelReady", oip_pb2.ModelReadyRequest(name="dense", version="1")),
        message={"ready": True},
    ),
    refused(
        "readiness of an unknown model",
        "nobody",
        ask=Grpc("ModelReady", oip_pb2.ModelReadyRequest(name="nobody")),
        code="NOT_FOUND",
    ),
    fact(
        "the server names its extensions",
        Grpc("ServerMetadata", oip_pb2.ServerMetadataRequest()),
        message={"name": "ecluse", "extensions": ...},
    ),
    fact(
        "a model names its tensors, with -1 for what varies",
        Grpc("ModelMetadata", oip_pb2.ModelMetadataRequest(name="dense")),
        message={
            "name": "dense",
            "versions": ["1"],
            "platform": "tensorflow_savedmodel",
            "inputs": [{"name": "x", "datatype": "FP32", "shape": ["-1", "3"]}],
            "outputs": [{"name": "y", "datatype": "FP32", "shape": ["-1", "2"]}],
        },
    ),
    fact(
        "typed tensors are answered with typed tensors",
        infer("dense", typed_x),
        message={"model_name": "dense", "model_version": "1", "outputs": [{"contents": {"fp32_contents": [4, 5]}}]},
        lacks=("raw_output_contents", "id"),
    ),
    fact(
        "raw tensors are answered with raw tensors",
        infer("dense", raw_x),
        message={"outputs": [{"name": "y", "datatype": "FP32", "shape": ["1", "2"]}]},
        raw=[ANSWER],
    ),
    fact("an id comes back", infer("dense", raw_x, id="a-42"), message={"id": "a-42"}),
    fact("a version may be named", infer("dense", raw_x, model_version="1"), message={"model_version": "1"}),
    fact(
        "an output may be asked for",
        infer(
            "two_inputs",
            typed("price", "FP32", [1], fp32_contents=[2]),
            typed("count", "INT32", [1, 2], int_contents=[3, 4]),
            outputs=[Message.InferRequestedOutputTensor(name="pieces")],
        ),
        message={"outputs": [{"name": "pieces", "contents": {"int_contents": [7]}}]},
    ),
    fact(
        "raw BYTES have a length of four bytes each",
        infer("text", raw("text", "BYTES", [1], pack("<I", 1) + b"\xff")),
        raw=[pack("<i", 1), pack("<I", 2) + b"\xff!"],
    ),
    refused("both raw and typed contents", "'x'", "both", ask=infer("dense", typed_x, raw_input_contents=[VALUES])),
    refused(
        "fewer raw contents than inputs",
        "1",
        "2",
        ask=infer("two_inputs", raw("price", "FP32", [1], b"1234"), typed("count", "INT32", [1, 2])),
    ),
    refused(
        "a raw tensor of another size than its shape",
        "'x'",
        "8",
        "12",
        ask=infer("dense", raw("x", "FP32", [1, 3], VALUES[:8])),
    ),
    refused(
        "typed contents of another length than their shape",
        "'x'",
        "2",
        "3",
        ask=infer("dense", typed("x", "FP32", [1, 3], fp32_contents=[1, 2])),
    ),
    refused(
        "the wrong field of contents",
        "'x'",
        "fp32_contents",
        "int_contents",
        ask=infer("dense", typed("x", "FP32", [1, 3], int_contents=[1, 2, 3])),
    ),
    refused("typed FP16", "FP16", ask=infer("echo", typed("float16", "FP16", [1, 2]))),
    refused("another datatype", "'x'", "INT32", "FP32", ask=infer("dense", raw("x", "INT32", [1, 3], VALUES))),
    refused("a big-endian datatype", "'x'", "little-endian", ask=infer("dense", raw("x", ">f4", [1, 3], VALUES))),
    refused("another shape", "'x'", "[3]", "[-1, 3]", ask=infer("dense", raw("x", "FP32", [3], VALUES))),
    refused("an input that is missing", "'x'", "missing", ask=infer("dense")),
    refused("an unknown input", "'z'", ask=infer("dense", raw("z", "FP32", [1, 3], VALUES))),
    refused(
        "an unknown output", "'z'", ask=infer("dense", raw_x, outputs=[Message.InferRequestedOutputTensor(name="z")])
    ),
    refused("an unknown model", "nobody", ask=infer("nobody", raw_x), code="NOT_FOUND"),
    refused("an unknown version", "77", ask=infer("dense", raw_x, model_version="77"), code="NOT_FOUND"),
    refused("raw contents without an input", ask=infer("dense", no_shape)),
    refused("bytes that are no message", "ModelInferRequest", ask=Grpc("ModelInfer", b"\xff")),
]
