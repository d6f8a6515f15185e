"""V1 and V2 over REST: paths, status codes and headers around an endpoint.

A plain ASGI application, because the hot path has no time for a framework.
Promises an answer in JSON for every request whatever it holds, with the
connection kept, and that a caller who leaves takes the work with them. Knows no
tensor: endpoints turn bytes into bytes.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from time import perf_counter
from typing import Any

import orjson

from serving import logs
from serving.catalogue import Catalogue
from serving.errors import (
    InvalidRequest,
    Overloaded,
    PayloadTooLarge,
    Refused,
    ServingError,
    UnknownRoute,
    WrongContentType,
    WrongMethod,
)
from serving.lifecycle import Lifecycle
from serving.metrics import CALLER_LEFT, Metrics, RequestMetrics

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Answer = tuple[HTTPStatus, list[tuple[bytes, bytes]], bytes]

JSON = (b"content-type", b"application/json")
OCTETS = (b"content-type", b"application/octet-stream")
TEXT = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
CLOSE = (b"connection", b"close")
HEAD_LENGTH = b"inference-header-content-length"

TASK = "ecluse.task"
"""Where a request's scope holds its task, so that the connection can cancel it."""


class RestApp:
    """The REST half of the server."""

    def __init__(
        self,
        catalogue: Catalogue,
        lifecycle: Lifecycle,
        metrics: Metrics,
        server_metadata: dict[str, Any],
        *,
        payload_bytes: int,
        shed_status: int,
    ) -> None:
        self._catalogue = catalogue
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._server_metadata = server_metadata
        self._payload_bytes = payload_bytes
        self._shed_status = HTTPStatus(shed_status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[TASK] = asyncio.current_task()
        try:
            status, headers, body = await self._answer(scope, receive)
            headers.append((b"content-length", b"%d" % len(body)))
            if self._lifecycle.is_draining:
                headers.append(CLOSE)
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        except asyncio.CancelledError:
            return  # the caller left, and there is nobody to answer

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        try:
            match scope["path"].split("/"):
                case ["", "v2", "models", name, "infer"]:
                    return await self._infer(scope, receive, "v2", name, "", "infer")
                case ["", "v2", "models", name, "versions", version, "infer"]:
                    return await self._infer(scope, receive, "v2", name, version, "infer")
                case ["", "v1", "models", action] if ":" in action:
                    name, _, verb = action.rpartition(":")
                    return await self._infer(scope, receive, "v1", name, "", verb)
                case ["", "v1", "models", name, "versions", action] if ":" in action:
                    version, _, verb = action.rpartition(":")
                    return await self._infer(scope, receive, "v1", name, version, verb)
                case parts:
                    return self._look_up(scope, parts)
        except ServingError as error:
            return self._refusal(error)
        # The last border before the socket: a bug of ours is one answer, not a lost connection.
        except Exception as error:  # noqa: BLE001
            return _bug(error)

    async def _infer(self, scope: Scope, receive: Receive, protocol: str, name: str, version: str, verb: str) -> Answer:
        """Run one inference and count how it ended."""
        began = perf_counter()
        self._metrics.inflight[protocol] += 1
        series: RequestMetrics = self._metrics.strangers
        code = HTTPStatus.OK.value
        try:
            if verb not in ("infer", "predict", "explain") or (protocol == "v2") != (verb == "infer"):
                raise UnknownRoute(f"a model has no verb {verb!r}")
            if scope["method"] != "POST":
                raise WrongMethod(scope["method"], scope["path"], allowed="POST")
            endpoint = self._catalogue.find(name, version)
            series = endpoint.metrics
            headers = dict(scope["headers"])
            head_bytes = _head_bytes(headers)
            _check_content_type(headers, is_binary=head_bytes is not None)
            body = await self._body(headers, receive)
            texts = partial(_texts, headers)
            if verb == "infer":
                answer, answer_head_bytes = await endpoint.infer_v2(body, head_bytes, texts)
                if answer_head_bytes is not None:
                    return HTTPStatus.OK, [OCTETS, (HEAD_LENGTH, b"%d" % answer_head_bytes)], answer
            elif verb == "predict":
                answer = await endpoint.predict_v1(body, texts)
            else:
                answer = await endpoint.explain_v1(body, texts)
        except ServingError as error:
            series.rejected(error.reason)
            refusal = self._refusal(error)
            code = refusal[0].value
            return refusal
        except asyncio.CancelledError:
            code = CALLER_LEFT
            raise
        except Exception as error:  # noqa: BLE001 - counted here, and an answer like any other
            code = HTTPStatus.INTERNAL_SERVER_ERROR.value
            return _bug(error)
        finally:
            self._metrics.inflight[protocol] -= 1
            series.answered(protocol, code, perf_counter() - began)
        return HTTPStatus.OK, [JSON], answer

    def _look_up(self, scope: Scope, parts: list[str]) -> Answer:
        """Answer whatever asks about the server or a model."""
        found: dict[str, Any] | bytes
        is_true = True
        match [part for part in parts if part]:
            case []:
                found = {"status": "alive"}
            case ["metrics"]:
                found = self._metrics.render()
            case ["v2"]:
                found = self._server_metadata
            case ["v2", "health", "live"]:
                found = {"live": True}
            case ["v2", "health", "ready"]:
                is_true = self._lifecycle.is_ready
                found = {"ready": is_true, "phase": self._lifecycle.phase}
            case ["v1", "models"] | ["v2", "models"]:
                found = {"models": self._catalogue.names()}
            case ["v1", "models", name] | ["v2", "models", name, "ready"]:
                is_true = self._catalogue.is_ready(name)
                found = {"name": name, "ready": is_true}
            case ["v1", "models", name, "versions", version] | ["v2", "models", name, "versions", version, "ready"]:
                is_true = self._catalogue.is_ready(name, version)
                found = {"name": name, "ready": is_true}
            case ["v2", "models", name]:
                found = self._catalogue.find(name).metadata()
            case ["v2", "models", name, "versions", version]:
                found = self._catalogue.find(name, version).metadata()
            case _:
                raise UnknownRoute(f"no such path: {scope['path']}")
        if scope["method"] not in ("GET", "HEAD"):
            raise WrongMethod(scope["method"], scope["path"], allowed="GET")
        status = HTTPStatus.OK if is_true else HTTPStatus.SERVICE_UNAVAILABLE
        if isinstance(found, bytes):
            return status, [TEXT], found
        return status, [JSON], orjson.dumps(found)

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        declared = headers.get(b"content-length")
        if declared is not None and int(declared) > self._payload_bytes:
            raise self._too_large(f"{int(declared)} bytes")
        message = await receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            if message["type"] == "http.disconnect":
                raise asyncio.CancelledError
            if len(body) > self._payload_bytes:
                raise self._too_large(f"{len(body)} bytes")
            return body
        chunks, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise asyncio.CancelledError
            chunk = message.get("body", b"")
            chunks.append(chunk)
            size += len(chunk)
            if size > self._payload_bytes:
                raise self._too_large(f"more than {self._payload_bytes} bytes")
        return b"".join(chunks)

    def _too_large(self, came: str) -> PayloadTooLarge:
        return PayloadTooLarge(f"the body has {came}, and the limit is {self._payload_bytes} (LIMIT_PAYLOAD_BYTES)")

    def _refusal(self, error: ServingError) -> Answer:
        headers = [JSON]
        status = error.http_status
        if isinstance(error, Refused):
            headers.append((b"retry-after", b"%d" % error.retry_after_seconds))
            if isinstance(error, Overloaded):
                status = self._shed_status
        if isinstance(error, WrongMethod):
            headers.append((b"allow", error.allowed.encode()))
        return status, headers, orjson.dumps({"error": str(error), "reason": error.reason})


def _texts(headers: dict[bytes, bytes]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}


def _head_bytes(headers: dict[bytes, bytes]) -> int | None:
    length = headers.get(HEAD_LENGTH)
    if length is None:
        return None
    if not length.isdigit() or len(length) > 18:
        raise InvalidRequest(
            f"Inference-Header-Content-Length is {length.decode('latin-1')[:40]!r}, expected a number of bytes"
        )
    return int(length)


def _check_content_type(headers: dict[bytes, bytes], *, is_binary: bool) -> None:
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding != b"identity":
        raise WrongContentType(f"the body has Content-Encoding {encoding.decode('latin-1')[:80]!r}, expected it plain")
    declared = headers.get(b"content-type")
    if declared is None or declared == b"application/json":
        return
    kind = declared.partition(b";")[0].strip().lower()
    if kind == b"application/json" or (is_binary and kind == b"application/octet-stream"):
        return
    raise WrongContentType(
        f"the content type is {declared.decode('latin-1')[:80]!r}, expected 'application/json', or "
        "'application/octet-stream' with the header Inference-Header-Content-Length"
    )


def _bug(error: Exception) -> Answer:
    """Answer for an error that nobody foresaw: the id leads from the answer to the log."""
    error_id = uuid.uuid4().hex
    logs.event("request_failed", level=logs.ERROR, error=error, error_id=error_id)
    body = {"error": f"internal error {error_id}", "reason": "internal"}
    return HTTPStatus.INTERNAL_SERVER_ERROR, [JSON], orjson.dumps(body)
