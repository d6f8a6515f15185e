"""HTTP/1.1 of the faulty server: V1 and V2, one request after another on a connection."""

import asyncio
import time
from typing import Protocol, cast

import orjson

from tests.contract.loadtests.faults import Deed
from tests.contract.loadtests.faulty_answers import METADATA, MODEL, Answers

METRICS = b'ecluse_baseline_accuracy_ratio{model_name="mnist",model_version="1"} 1\n'
HEAD_LENGTH = "inference-header-content-length"
INFER = (f"/v2/models/{MODEL}/infer", f"/v1/models/{MODEL}:predict")


class Host(Protocol):
    """What a connection asks of the server it belongs to."""

    answers: Answers

    def takes(self) -> bool:
        """Whether a new connection is let in."""

    def is_ready(self) -> bool: ...

    def begin(self, protocol: str) -> Deed: ...

    def end(self, code: str, began: float) -> None: ...


class RestConnection(asyncio.Protocol):
    def __init__(self, host: Host) -> None:
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._is_busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._host.takes():
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._next()

    def _next(self) -> None:
        while not self._is_busy and not self._transport.is_closing():
            head, found, rest = self._received.partition(b"\r\n\r\n")
            if not found and (not self._received or self._received[:1].isalpha()):
                return
            line, *lines = head.decode("latin-1").split("\r\n")
            if line.count(" ") != 2:
                self._transport.close()
                return
            method, path, _ = line.split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return
            self._received = rest[length:]
            self._serve(method, path, headers, rest[:length])

    def _serve(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        closes = headers.get("connection", "").lower() == "close"
        if method == "POST" and path in INFER:
            self._infer("v1" if path.startswith("/v1") else "v2", headers, body, closes=closes)
            return
        if path == "/metrics":
            self._write(200, METRICS, {"content-type": "text/plain"}, closes=closes)
            return
        ready = self._host.is_ready()
        known = {
            "/v2": {"name": "faulty", "version": "1", "extensions": ["binary_tensor_data"]},
            "/v2/health/live": {"live": True},
            "/v2/health/ready": {"ready": ready},
            f"/v2/models/{MODEL}": METADATA,
            f"/v2/models/{MODEL}/ready": {"name": MODEL, "ready": ready},
            f"/v1/models/{MODEL}": {"name": MODEL, "ready": ready},
            "/v2/models": {"models": [MODEL]},
        }
        found = known.get(path)
        if found is None:
            missing = {"error": f"{path} is not served here", "reason": "unknown_model"}
            self._write(404, orjson.dumps(missing), closes=closes)
        else:
            self._write(200 if ready or not path.endswith("ready") else 503, orjson.dumps(found), closes=closes)

    def _infer(self, protocol: str, headers: dict[str, str], body: bytes, *, closes: bool) -> None:
        deed = self._host.begin(protocol)
        began = time.monotonic()
        self._is_busy = True
        head_bytes = int(headers[HEAD_LENGTH]) if HEAD_LENGTH in headers else None

        def answer() -> None:
            self._is_busy = False
            if self._transport.is_closing():
                self._host.end("left", began)
                return
            if deed.cut in ("before", "reset", "goaway"):
                self._host.end("cut", began)
                self._transport.abort() if deed.cut == "reset" else self._transport.close()
                return
            extra: dict[str, str] = {}
            if deed.code != 200:
                reply = orjson.dumps({"error": f"a fault of {deed.code}", "reason": deed.reason or "internal"})
                if deed.reason:
                    extra = {"ecluse-reason": deed.reason, "retry-after": "1"}
            elif protocol == "v1":
                reply = self._host.answers.v1(body, deed.wrong)
            else:
                reply, tail_at = self._host.answers.v2(body, head_bytes, deed.version, deed.wrong)
                if tail_at is not None:
                    extra = {HEAD_LENGTH: str(tail_at), "content-type": "application/octet-stream"}
            self._host.end("cut" if deed.cut else str(deed.code), began)
            self._write(deed.code, reply, extra, closes=closes, is_cut=deed.cut == "within")
            self._next()

        self._loop.call_later(deed.delay, answer)

    def _write(
        self, code: int, body: bytes, extra: dict[str, str] | None = None, *, closes: bool, is_cut: bool = False
    ) -> None:
        headers = {"content-type": "application/json", "content-length": str(len(body)), **(extra or {})}
        if closes:
            headers["connection"] = "close"
        head = f"HTTP/1.1 {code} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        self._transport.write(head.encode() + (body[: len(body) // 2] if is_cut else body))
        if closes or is_cut:
            self._transport.close()
