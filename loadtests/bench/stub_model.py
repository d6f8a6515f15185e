"""A server with no model behind it: what a generator can send is measured before the cheapest that answers rightly.

Speaks V1, V2 in JSON and binary, and gRPC, of one request a row; takes digits
and always answers 7. It repeats the id of the question, as a checked load
needs, and believes every byte. Prints its ports in a line of JSON.
"""

import asyncio
import json
import struct
import sys
from typing import cast

import uvloop

from loadtests.bench import http2
from loadtests.bench.protobuf_wire import decode_fields, encode_field, encode_varint

HOST = "127.0.0.1"
MODEL = "digits"
PROBABILITIES = [0.01] * 7 + [0.91] + [0.01] * 2
RAW = [(7).to_bytes(8, "little"), struct.pack("<10f", *PROBABILITIES)]
OUTPUTS = [("digit", "INT64", [1]), ("probabilities", "FP32", [1, 10])]

METADATA = {
    "name": MODEL,
    "versions": ["1"],
    "platform": "stub",
    "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 28, 28]}],
    "outputs": [{"name": name, "datatype": kind, "shape": [-1, *shape[1:]]} for name, kind, shape in OUTPUTS],
}
TOLD: dict[bytes, object] = {
    b"/v1/models": {"models": [MODEL]},
    b"/v2/models/%s" % MODEL.encode(): METADATA,
    b"/v2/models/%s/config" % MODEL.encode(): {},
}

_PREDICTION = json.dumps({"predictions": [{"digit": 7, "probabilities": PROBABILITIES}]}).encode()


def _outputs(parameters: list[dict[str, object]]) -> bytes:
    tensors = zip(OUTPUTS, parameters, strict=True)
    return json.dumps(
        [{"name": name, "datatype": kind, "shape": shape, **more} for (name, kind, shape), more in tensors]
    ).encode()


_BEGIN = b'{"model_name":"%s","model_version":"1","id":"' % MODEL.encode()
_PLAIN = b'","outputs":' + _outputs([{"data": [7]}, {"data": PROBABILITIES}]) + b"}"
_BINARY = b'","outputs":' + _outputs([{"parameters": {"binary_data_size": len(raw)}} for raw in RAW]) + b"}"


def head(body_bytes: int, *more: bytes) -> bytes:
    fields = b"".join(b"%s\r\n" % each for each in more)
    return b"HTTP/1.1 200 OK\r\n%sx-request-id: 0123456789ab-1\r\nContent-Length: %d\r\n\r\n" % (fields, body_bytes)


class Rest(asyncio.Protocol):
    """One connection; a request must be whole before the next is sent, as ours are."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._received = b""

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        end = received.find(b"\r\n\r\n")
        if end < 0:
            self._received = received
            return
        start = received.find(b"ontent-Length: ", 0, end)
        if start < 0:
            start = received.find(b"ontent-length: ", 0, end)
        size = int(received[start + 15 : received.index(b"\r\n", start)]) if start > 0 else 0
        if len(received) < end + 4 + size:
            self._received = received
            return
        self._received = b""
        self._answer(received[:end], received[end + 4 :])

    def _answer(self, asked: bytes, body: bytes) -> None:
        path = asked[asked.index(b" ") + 1 : asked.index(b" HTTP")]
        if path.endswith(b"/infer"):
            # Ours and Locust's clients write the id first or last, and no other.
            at = body.index(b'"id":"') + 6
            request_id = body[at : body.index(b'"', at)]
            if body[:1] == b"{" and b"octet-stream" in asked:
                told = _BEGIN + request_id + _BINARY
                size = b"inference-header-content-length: %d" % len(told)
                body = told + RAW[0] + RAW[1]
                self._write(head(len(body), b"content-type: application/octet-stream", size) + body, asked)
                return
            body = _BEGIN + request_id + _PLAIN
        elif path.endswith(b":predict"):
            body = _PREDICTION
        else:
            body = json.dumps(TOLD.get(path, {})).encode()
        self._write(head(len(body), b"content-type: application/json") + body, asked)

    def _write(self, answer: bytes, asked: bytes) -> None:
        self._transport.write(answer)
        if b"\r\nConnection: close" in asked:
            self._transport.close()


_ANSWER_HEAD = http2.encode_headers([(":status", "200"), ("content-type", "application/grpc")])
_TRAILERS = http2.encode_headers([("grpc-status", "0"), ("x-request-id", "0123456789ab-1")])
_GREETING = http2.encode_settings(
    {http2.SETTINGS_INITIAL_WINDOW_SIZE: http2.LARGEST_WINDOW_BYTES, http2.SETTINGS_HEADER_TABLE_SIZE: 0}
) + http2.encode_window_update(0, http2.LARGEST_WINDOW_BYTES - http2.DEFAULT_WINDOW_BYTES)
_TOP_UP_BYTES = 2**30


def _tensor(name: str, kind: str, shape: list[int]) -> bytes:
    packed = b"".join(encode_varint(size) for size in shape)
    return encode_field(1, name.encode()) + encode_field(2, kind.encode()) + encode_field(3, packed)


_MESSAGE_BEGIN = encode_field(1, MODEL.encode()) + encode_field(2, b"1")
_MESSAGE_END = b"".join(encode_field(5, _tensor(*output)) for output in OUTPUTS) + b"".join(
    encode_field(6, raw) for raw in RAW
)


class Grpc(asyncio.Protocol):
    """One connection; of what arrives, messages alone are read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._received = b""
        self._is_greeted = False
        self._bodies: dict[int, bytes] = {}
        self._seen_bytes = 0

    def data_received(self, data: bytes) -> None:
        received = self._received + data
        if not self._is_greeted:
            if len(received) < len(http2.PREFACE):
                self._received = received
                return
            self._is_greeted = True
            received = received[len(http2.PREFACE) :]
            self._transport.write(_GREETING)
        frames, self._received = http2.decode_frames(received)
        answers = [self._answered(frame) for frame in frames]
        self._transport.write(b"".join(answers))

    def _answered(self, frame: http2.Frame) -> bytes:
        kind, flags, stream, payload = frame
        if kind == http2.DATA:
            body = self._bodies.pop(stream, b"") + payload
            if not flags & http2.END_STREAM:
                self._bodies[stream] = body
                return b""
            self._seen_bytes += len(body)
            return self._answer(stream, body[5:]) + self._topped_up()
        if kind in (http2.SETTINGS, http2.PING) and not flags & http2.ACK:
            return http2.encode_frame(kind, http2.ACK, 0, payload if kind == http2.PING else b"")
        return b""

    def _answer(self, stream: int, message: bytes) -> bytes:
        request_id = b""
        for number, value in decode_fields(message):
            if number == 3 and isinstance(value, bytes):
                request_id = value
                break
        told = _MESSAGE_BEGIN + encode_field(3, request_id) + _MESSAGE_END
        return (
            http2.encode_frame(http2.HEADERS, http2.END_HEADERS, stream, _ANSWER_HEAD)
            + http2.encode_frame(http2.DATA, 0, stream, struct.pack(">BL", 0, len(told)) + told)
            + http2.encode_frame(http2.HEADERS, http2.END_HEADERS | http2.END_STREAM, stream, _TRAILERS)
        )

    def _topped_up(self) -> bytes:
        if self._seen_bytes < _TOP_UP_BYTES:
            return b""
        granted, self._seen_bytes = self._seen_bytes, 0
        return http2.encode_window_update(0, granted)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    rest = await loop.create_server(Rest, HOST, 0, backlog=4096)
    grpc = await loop.create_server(Grpc, HOST, 0, backlog=4096)
    ports = {"http": rest.sockets[0].getsockname()[1], "grpc": grpc.sockets[0].getsockname()[1]}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve())
