"""V2 over gRPC: tensors typed and raw, and every question about server and model."""

import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from serving import VERSION, oip_pb2
from serving.oip_pb2 import ModelInferRequest, ModelInferResponse
from serving.payload_grpc import TYPED_FIELD
from tests.contract.extremes import DTYPES, EXTREMES
from tests.contract.mistakes import element
from tests.contract.wire import EXTENSIONS, Rpc
from tests.contract.zoo import NUMERIC

PAIR = [1, 2]


def typed(model: str, *tensors: tuple[str, str, Sequence[int], Sequence[Any]], **fields: Any) -> ModelInferRequest:
    request = ModelInferRequest(model_name=model, **fields)
    for name, datatype, shape, values in tensors:
        contents = request.inputs.add(name=name, datatype=datatype, shape=shape).contents
        getattr(contents, TYPED_FIELD[datatype]).extend(values)
    return request


def raw(model: str, *tensors: tuple[str, str, Sequence[int], bytes], **fields: Any) -> ModelInferRequest:
    request = ModelInferRequest(model_name=model, **fields)
    for name, datatype, shape, buffer in tensors:
        request.inputs.add(name=name, datatype=datatype, shape=shape)
        request.raw_input_contents.append(buffer)
    return request


def typed_outputs(answer: ModelInferResponse) -> dict[str, tuple[str, list[int], list[Any]]]:
    assert not answer.raw_output_contents
    return {
        output.name: (output.datatype, list(output.shape), list(getattr(output.contents, TYPED_FIELD[output.datatype])))
        for output in answer.outputs
    }


def raw_outputs(answer: ModelInferResponse) -> dict[str, bytes]:
    assert not any(output.HasField("contents") for output in answer.outputs)
    return dict(zip((output.name for output in answer.outputs), answer.raw_output_contents, strict=True))


class TestInfer:
    def test_typed_contents_are_answered_typed(self, rpc: Rpc) -> None:
        answer = rpc.infer(typed("dense", ("x", "FP32", [2, 3], [1, 2, 3, 4, 5, 6])))
        assert typed_outputs(answer) == {"y": ("FP32", [2, 2], [4, 5, 10, 11])}

    def test_raw_contents_are_answered_raw(self, rpc: Rpc) -> None:
        answer = rpc.infer(raw("dense", ("x", "FP32", [1, 3], struct.pack("<fff", 1, 2, 3))))
        assert raw_outputs(answer) == {"y": struct.pack("<ff", 4, 5)}

    @pytest.mark.parametrize(
        ("request_", "outputs"),
        [
            (
                typed("two_inputs", ("price", "FP32", [1], [2]), ("count", "INT32", [1, 2], [3, 4])),
                {"cost": ("FP32", [1, 2], [6, 8]), "pieces": ("INT32", [1], [7])},
            ),
            (
                typed("text", ("text", "BYTES", [2], [b"\xff", b""])),
                {"shouted": ("BYTES", [2], [b"\xff!", b"!"]), "length": ("INT32", [2], [1, 0])},
            ),
            (typed("fixed_matrix", ("x", "FP32", [2, 3], range(6))), {"y": ("FP32", [3, 2], [0, 3, 1, 4, 2, 5])}),
            (typed("scalar", ("x", "FP32", [], [1.5])), {"y": ("FP32", [], [3])}),
            (
                typed("one_word", ("word", "BYTES", [], [b"\xff"])),
                {"shouted": ("BYTES", [], [b"\xff!"]), "is_empty": ("BOOL", [], [False])},
            ),
            (typed("any_rank_in", ("x", "FP32", [1, 2, 1], [1, 2])), {"y": ("FP32", [1, 2, 1], [2, 4])}),
            (
                typed("open_length", ("x", "FP32", [2, 0], [])),
                {"total": ("FP32", [2], [0, 0]), "same": ("FP32", [2, 0], [])},
            ),
            (typed("slow", ("x", "FP32", [1], [7])), {"y": ("FP32", [1], [7])}),
            (typed("root", ("x", "FP32", [1000], [4] * 1000)), {"y": ("FP32", [1000], [2] * 1000)}),
        ],
        ids=[
            "inputs in any order",
            "bytes that are no text",
            "a model without rows",
            "a scalar",
            "a lone word",
            "an input of any rank",
            "rows of no length",
            "a model that runs on a thread",
            "more rows than the largest batch",
        ],
    )
    def test_a_request_is_answered(self, rpc: Rpc, request_: ModelInferRequest, outputs: dict[str, Any]) -> None:
        assert typed_outputs(rpc.infer(request_)) == outputs

    def test_raw_bytes_that_are_no_text_pass_whole(self, rpc: Rpc) -> None:
        answer = rpc.infer(raw("text", ("text", "BYTES", [2], element(b"\xff\x00") + element(b""))))
        assert raw_outputs(answer)["shouted"] == element(b"\xff\x00!") + element(b"!")

    def test_every_datatype_passes_raw_at_the_ends_of_its_range(self, rpc: Rpc) -> None:
        sent = {name: np.array([EXTREMES[datatype]], DTYPES[datatype]).tobytes() for name, datatype in NUMERIC.items()}
        answer = rpc.infer(raw("echo", *((name, NUMERIC[name], PAIR, buffer) for name, buffer in sent.items())))
        assert {name.removesuffix("_too"): buffer for name, buffer in raw_outputs(answer).items()} == sent
        assert {output.name.removesuffix("_too"): output.datatype for output in answer.outputs} == NUMERIC

    @pytest.mark.parametrize("model_version", ["", "10"])
    def test_the_version_may_be_asked_for(self, rpc: Rpc, model_version: str) -> None:
        answer = rpc.infer(typed("versions", ("x", "FP32", [1], [0]), model_version=model_version))
        assert (answer.model_name, answer.model_version) == ("versions", "10")
        assert typed_outputs(answer)["version"] == ("FP32", [1], [10])

    @pytest.mark.parametrize("id_", ["", "42", "\N{GRINNING FACE}"])
    def test_the_id_comes_back(self, rpc: Rpc, id_: str) -> None:
        assert rpc.infer(typed("scalar", ("x", "FP32", [], [1]), id=id_)).id == id_

    def test_outputs_come_in_the_order_asked_for(self, rpc: Rpc) -> None:
        request = typed("two_inputs", ("price", "FP32", [1], [2]), ("count", "INT32", [1, 2], [3, 4]))
        for names in (["pieces"], ["pieces", "cost"], ["cost", "pieces"]):
            del request.outputs[:]
            for name in names:
                request.outputs.add(name=name)
            assert list(typed_outputs(rpc.infer(request))) == names

    def test_parameters_that_nobody_knows_are_let_pass(self, rpc: Rpc) -> None:
        request = typed("scalar", ("x", "FP32", [], [1]))
        request.parameters["priority"].int64_param = 1
        request.parameters["weight"].double_param = 0.5
        request.parameters["timeout"].int64_param = 2**63 - 1
        request.inputs[0].parameters["shared_memory"].bool_param = True
        assert typed_outputs(rpc.infer(request))["y"][2] == [2]

    def test_a_deadline_that_is_far_away_is_no_hindrance(self, rpc: Rpc) -> None:
        assert typed_outputs(rpc.infer(typed("scalar", ("x", "FP32", [], [1])), seconds=1e6))["y"][2] == [2]

    def test_each_of_many_calls_gets_its_own_rows(self, rpc: Rpc) -> None:
        def double(n: int) -> list[Any]:
            return typed_outputs(rpc.infer(typed("two_signatures", ("x", "FP32", [2], [n, -n]))))["y"][2]

        with ThreadPoolExecutor(16) as pool:
            assert list(pool.map(double, range(64))) == [[n + 1, 1 - n] for n in range(64)]


class TestQuestions:
    @pytest.mark.parametrize(
        ("method", "request_", "answer"),
        [
            ("ServerLive", oip_pb2.ServerLiveRequest(), {"live": True}),
            ("ServerReady", oip_pb2.ServerReadyRequest(), {"ready": True}),
            ("ModelReady", oip_pb2.ModelReadyRequest(name="dense"), {"ready": True}),
            ("ModelReady", oip_pb2.ModelReadyRequest(name="versions", version="10"), {"ready": True}),
            (
                "ServerMetadata",
                oip_pb2.ServerMetadataRequest(),
                {"name": "ecluse", "version": VERSION, "extensions": EXTENSIONS},
            ),
        ],
        ids=["live", "ready", "a model is ready", "a version is ready", "server metadata"],
    )
    def test_a_question_is_answered(self, rpc: Rpc, method: str, request_: Any, answer: dict[str, Any]) -> None:
        told = rpc.call(method, request_)
        assert {name: getattr(told, name) for name in answer} == answer

    @pytest.mark.parametrize(
        "ask",
        [
            lambda rpc: rpc.call("ModelReady", oip_pb2.ModelReadyRequest(name="versions", version="2")),
            lambda rpc: rpc.call("ModelMetadata", oip_pb2.ModelMetadataRequest(name="versions", version="2")),
        ],
        ids=["ready", "metadata"],
    )
    def test_a_version_that_is_not_served_is_unknown(self, rpc: Rpc, ask: Callable[[Rpc], Any]) -> None:
        with pytest.raises(Exception, match="it is served as '10'"):
            ask(rpc)

    @pytest.mark.parametrize("version", ["", "1"])
    def test_a_model_says_what_it_takes_and_gives(self, rpc: Rpc, version: str) -> None:
        told = rpc.call("ModelMetadata", oip_pb2.ModelMetadataRequest(name="two_inputs", version=version))
        assert (told.name, list(told.versions), told.platform) == ("two_inputs", ["1"], "tensorflow_savedmodel")
        assert sorted((entry.name, entry.datatype, list(entry.shape)) for entry in told.inputs) == [
            ("count", "INT32", [-1, 2]),
            ("price", "FP32", [-1]),
        ]
        assert sorted((entry.name, entry.datatype, list(entry.shape)) for entry in told.outputs) == [
            ("cost", "FP32", [-1, 2]),
            ("pieces", "INT32", [-1]),
        ]
