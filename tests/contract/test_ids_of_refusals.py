"""A refusal carries the id of its request, over REST in the body and over gRPC in trailing metadata."""

from typing import Any
from urllib.parse import unquote

import grpc
import pytest

from serving.oip_pb2 import ModelInferRequest
from tests.contract.mistakes import INFER, tensor
from tests.contract.wire import Caller, Rpc

IDS = ["a-42", "two words", "100 %", "\u00e9t\u00e9", "\N{GRINNING FACE}"]
WRONG = tensor("x", "FP32", [3], [1, 2, 3])


def refusal(rpc: Rpc, model: str, id_: str) -> Any:
    request = ModelInferRequest(model_name=model, id=id_)
    request.inputs.add(name="x", datatype="FP32", shape=[3]).contents.fp32_contents.extend([1, 2, 3])
    with pytest.raises(grpc.RpcError) as refused:
        rpc.infer(request)
    error: Any = refused.value
    return dict(error.trailing_metadata())


@pytest.mark.parametrize("id_", IDS)
def test_over_rest(caller: Caller, id_: str) -> None:
    reply = caller.post(INFER.format("dense"), {"id": id_, "inputs": [WRONG]})
    assert reply.status == 400
    assert reply.json["id"] == id_
    assert reply.headers["ecluse-reason"] == reply.json["reason"]


@pytest.mark.parametrize("id_", IDS)
@pytest.mark.parametrize("model", ["dense", "nobody"])
def test_over_grpc(rpc: Rpc, model: str, id_: str) -> None:
    assert unquote(refusal(rpc, model, id_)["request-id"]) == id_


@pytest.mark.parametrize("message", [{}, {"id": ""}, {"id": None}, {"id": 7}])
def test_none_is_made_up_over_rest(caller: Caller, message: dict[str, object]) -> None:
    assert "id" not in caller.post(INFER.format("dense"), {**message, "inputs": [WRONG]}).json


def test_none_is_made_up_over_grpc(rpc: Rpc) -> None:
    assert "request-id" not in refusal(rpc, "dense", "")


def test_one_too_long_for_metadata_is_left_out(rpc: Rpc) -> None:
    assert refusal(rpc, "dense", "x" * 1024)["request-id"] == "x" * 1024
    assert "request-id" not in refusal(rpc, "dense", "x" * 1025)


def test_v1_has_none(caller: Caller) -> None:
    reply = caller.post("/v1/models/dense:predict", {"id": "a-42", "instances": []})
    assert reply.json.keys() == {"error", "reason"}
    assert isinstance(reply.json["error"], str)


class TestContentsThatAreNotDecoded:
    """Where nobody read the body, it is read for its id alone, if it is small."""

    def test_a_wrong_content_type(self, caller: Caller) -> None:
        body = b'{"id": "a-42", "inputs": []}'
        reply = caller.post(INFER.format("dense"), body, {"Content-Type": "text/plain"})
        assert reply.status == 415
        # A request that is refused by its head is answered before its body has come, or after.
        assert reply.json.get("id", "a-42") == "a-42"

    @pytest.mark.parametrize("id_", IDS)
    def test_an_unknown_model(self, caller: Caller, id_: str) -> None:
        reply = caller.post(INFER.format("nobody"), {"id": id_, "inputs": [WRONG]})
        assert reply.status == 404
        assert reply.json.get("id", id_) == id_

    def test_a_large_body(self, caller: Caller) -> None:
        body = {"id": "a-42", "inputs": [tensor("x", "FP32", [1], ["0" * 20_000])]}
        assert "id" not in caller.post(INFER.format("nobody"), body).json
