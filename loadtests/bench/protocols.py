"""The three ways to ask, each as one request that is ready to be sent.

A protocol turns tensors into finished bytes, once, and says how to send them
twice: with a client that reads the answer, to check it, and with a connection
that only counts, to measure. Everything after this file treats the three
alike.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from loadtests.bench import grpc_v2, rest_v2
from loadtests.bench.closed_loop import OpenConnection
from loadtests.bench.grpc_connection import GrpcConnection, call_headers
from loadtests.bench.rest_connection import RestConnection
from loadtests.bench.tensors import Answer, Tensor


@dataclass(frozen=True, slots=True)
class Target:
    """Where a server listens, what it calls its model, and its process."""

    process_id: int
    model_name: str
    http_port: int
    grpc_port: int


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """One request to one server; `body_bytes` is its size without headers."""

    ask: Callable[[], Answer]
    open_connection: OpenConnection
    port: int
    body_bytes: int


Prepare = Callable[[Target, Sequence[Tensor]], PreparedRequest]


def _prepare_json(target: Target, tensors: Sequence[Tensor]) -> PreparedRequest:
    return _prepare_rest(target, *rest_v2.json_request(tensors))


def _prepare_binary(target: Target, tensors: Sequence[Tensor]) -> PreparedRequest:
    return _prepare_rest(target, *rest_v2.binary_request(tensors))


def _prepare_rest(target: Target, headers: dict[str, str], body: bytes) -> PreparedRequest:
    path, port = rest_v2.infer_path(target.model_name), target.http_port
    return PreparedRequest(
        ask=partial(rest_v2.ask, path, port, headers, body),
        open_connection=partial(RestConnection, rest_v2.whole_request(path, port, headers, body)),
        port=port,
        body_bytes=len(body),
    )


def _prepare_grpc(target: Target, tensors: Sequence[Tensor]) -> PreparedRequest:
    message, port = grpc_v2.encode_request(target.model_name, tensors), target.grpc_port
    return PreparedRequest(
        ask=partial(grpc_v2.ask, message, port),
        open_connection=partial(GrpcConnection, call_headers(grpc_v2.INFER_PATH, port), message),
        port=port,
        body_bytes=len(message),
    )


PROTOCOLS: Mapping[str, Prepare] = {
    "V2 JSON": _prepare_json,
    "V2 binary": _prepare_binary,
    "gRPC": _prepare_grpc,
}

MANY_ROWS = "V2 binary"
"""The protocol that requests of many rows are sent over."""


def many_rows_name(rows: int) -> str:
    return f"{MANY_ROWS}, {rows} rows"
