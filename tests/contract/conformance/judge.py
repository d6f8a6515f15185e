"""Asks one fact of a server, and says in words what of it was not so."""

import json
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict

from serving import oip_pb2
from tests.contract.conformance.fact import HEAD_LENGTH, Fact, Grpc, GrpcAnswer, Rest, RestAnswer
from tests.contract.wire import Caller, Rpc


def deviations(fact: Fact, http_address: str, grpc_address: str | None) -> list[str]:
    """What of the answer is not as the fact has it; nothing for one that is kept."""
    if isinstance(fact.ask, Rest) and isinstance(fact.expect, RestAnswer):
        return _over_rest(fact.ask, fact.expect, http_address)
    if isinstance(fact.ask, Grpc) and isinstance(fact.expect, GrpcAnswer) and grpc_address is not None:
        return _over_grpc(fact.ask, fact.expect, grpc_address)
    return []


def _over_rest(ask: Rest, expect: RestAnswer, address: str) -> list[str]:
    body = ask.body if isinstance(ask.body, bytes | None) else json.dumps(ask.body).encode()
    with Caller(address) as caller:
        reply = caller.ask(ask.method, ask.path, body, ask.headers)
        told = [] if caller.get("/v2/health/live").status == 200 else ["the connection is of no use any more"]
    length = reply.headers.get(HEAD_LENGTH.lower())
    head = reply.body if length is None else reply.body[: int(length)]
    answer = json.loads(head)
    if reply.status != expect.status:
        told.append(f"status {reply.status} instead of {expect.status}: {reply.body[:200]!r}")
    for name, value in expect.headers.items():
        if reply.headers.get(name, "") != value:
            told.append(f"header {name} is {reply.headers.get(name)!r} instead of {value!r}")
    if expect.tail is not None and reply.body[len(head) :] != expect.tail:
        told.append(f"tensors are {reply.body[len(head) :]!r} instead of {expect.tail!r}")
    if expect.status >= 400:
        told += _sentence(answer.get("error"), expect.error)
    return told + _compare(answer, expect.json, expect.lacks)


def _over_grpc(ask: Grpc, expect: GrpcAnswer, address: str) -> list[str]:
    sent = ask.request if isinstance(ask.request, bytes) else ask.request.SerializeToString() if ask.request else b""
    with Rpc(address) as rpc:
        try:
            reply = rpc.send(ask.method, sent)
        except grpc.RpcError as raised:
            error: Any = raised
            if error.code().name != expect.code:
                return [f"status {error.code().name} instead of {expect.code}: {error.details()}"]
            trailing = dict(error.trailing_metadata())
            no_reason = [] if trailing.get("reason") else ["no reason in the trailing metadata"]
            return no_reason + _sentence(error.details(), expect.error)
    if expect.code != "OK":
        return [f"status OK instead of {expect.code}"]
    message = getattr(oip_pb2, f"{ask.method}Response").FromString(reply)
    told = _compare(MessageToDict(message, preserving_proto_field_name=True), expect.message, expect.lacks)
    if expect.raw is not None and list(message.raw_output_contents) != list(expect.raw):
        told.append(f"raw tensors are {list(message.raw_output_contents)} instead of {list(expect.raw)}")
    return told


def _sentence(error: Any, words: Any) -> list[str]:
    if not isinstance(error, str) or not error:
        return [f"the error is {error!r} instead of a sentence"]
    return [f"the sentence {error!r} does not say {word!r}" for word in words if word not in error]


def _compare(answer: Any, part: Any, lacks: Any) -> list[str]:
    told = [f"{key!r} should not be there" for key in lacks if key in answer]
    return told if part is None else told + _differences(answer, part, "")


def _differences(answer: Any, part: Any, place: str) -> list[str]:
    """Where a part is not in the answer; an ellipsis stands for anything at all."""
    if part is ...:
        return []
    if isinstance(part, dict) and isinstance(answer, dict):
        missing = [f"{place}/{key} is missing" for key in part if key not in answer]
        within = [_differences(answer[key], part[key], f"{place}/{key}") for key in part if key in answer]
        return missing + [each for some in within for each in some]
    if isinstance(part, list) and isinstance(answer, list) and len(part) == len(answer):
        each = [_differences(a, p, f"{place}/{i}") for i, (a, p) in enumerate(zip(answer, part, strict=True))]
        return [one for some in each for one in some]
    return [] if answer == part else [f"{place} is {answer!r} instead of {part!r}"]
