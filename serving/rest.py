"""V1 and V2 over REST: paths, status codes and headers around an endpoint.

From a request to an answer, both plain values (`http_message.py`): no socket and
no framework, for which the hot path has no time. Promises an answer in JSON for
every request whatever it holds. Knows no tensor: endpoints turn bytes into bytes.
"""

from collections.abc import Mapping
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any

import orjson

from serving import content_coding, late_labels, logs, openapi, payload_v2, rest_extensions, rest_feedback
from serving.body_coding import BodyCoding
from serving.call import Call
from serving.catalogue import Catalogue
from serving.door import Door
from serving.endpoint import Endpoint
from serving.errors import (
    InvalidRequest,
    Refused,
    ServingError,
    Unauthenticated,
    UnknownRoute,
    WrongContentType,
    WrongMethod,
)
from serving.extensions import Extensions
from serving.feedback import Feedback
from serving.http_message import JSON, OCTETS, TEXT, HeaderList, HttpAnswer, HttpRequest
from serving.inference import INTERNAL, Inference
from serving.inflight_bytes import InflightBytes
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.request_id import HEADER as REQUEST_ID
from serving.timeout_header import timeout_seconds

REASON = b"ecluse-reason"
"""Says the reason again outside the body, where proxies and their logs see it."""

TRACEPARENT = b"traceparent"

READ_FOR_ITS_ID_BYTES = 16 * 1024
"""A larger body is not read only to answer a refusal with its id."""

HEAD_LENGTH = b"inference-header-content-length"


class RestApp:
    """The REST half of the server."""

    def __init__(
        self,
        catalogue: Catalogue,
        lifecycle: Lifecycle,
        metrics: Metrics,
        server_metadata: dict[str, Any],
        *,
        shed_status: int,
        door: Door | None = None,
        extensions: Extensions | None = None,
        coding: BodyCoding | None = None,
        feedback: Feedback | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._server_metadata = server_metadata
        self._shed_status = shed_status
        self._door = door if door is not None else Door()
        self._coding = coding if coding is not None else BodyCoding(1 << 62, InflightBytes(1 << 62), 0)
        self._extensions = extensions if extensions is not None else Extensions(catalogue, None)
        self._feedback = feedback

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Give an answer whatever the request holds; raises CancelledError alone, for a caller who left."""
        request.id = self._door.ids.name(request.headers.get(REQUEST_ID))
        answer: HttpAnswer
        try:
            route = _inference(request.path)
            if route is not None:
                answer = await self._infer(request, *route)
            else:
                answer = await self._ask(request, [part for part in request.path.split("/") if part])
        except ServingError as error:
            answer = self._refusal(error)
        # The last border before the socket: a bug of ours is one answer, not a lost connection.
        except Exception as error:  # noqa: BLE001
            answer = _bug(error, request.id)
        if len(answer.body) >= self._coding.compress_bytes and request.method != "HEAD":
            await self._coding.encode(request, answer)
        answer.headers = (*answer.headers, (REQUEST_ID, request.id))
        return answer

    def objection(self, request: HttpRequest) -> ServingError | None:
        """Say why a request will be refused, as far as its head tells: its body need not come then."""
        try:
            route = _inference(request.path)
            if route is None:
                self._door.guard.admit_rest(request.path, request.headers)
                if request.path == late_labels.PATH:
                    rest_feedback.check_head(request.method, request.path, request.headers, self._feedback)
            else:
                self._endpoint(request, *route)
                _head_bytes(request.headers)
                _check_content_type(request.headers)
        except ServingError as error:
            return error
        return None

    @property
    def is_draining(self) -> bool:
        """Whether an answer should tell its caller to go elsewhere with the next request."""
        return self._lifecycle.is_draining

    async def _infer(self, request: HttpRequest, protocol: str, name: str, version: str, verb: str) -> HttpAnswer:
        """Run one inference, which is counted however it ends."""
        inference = Inference(self._door, self._metrics, protocol, _traceparent(request))
        inference.asks_for(name, version)
        answer: HttpAnswer | None = None
        try:
            endpoint = self._endpoint(request, protocol, name, version, verb)
            inference.is_answered_by(endpoint)
            answer = await self._run(request, endpoint, verb, inference)
            inference.succeeded()
        except ServingError as error:
            # Requests of one batch may be refused with one error: none must find the id of another in it.
            named, error.request_id = error.request_id, None
            if named is None and protocol == "v2" and len(request.body) <= READ_FOR_ITS_ID_BYTES:
                named = _find_id(request)
            answer = self._refusal(error, named)
            inference.is_refused(answer.status, error.reason)
        except Exception as error:  # noqa: BLE001 - counted here, and an answer like any other
            inference.is_faulty()
            answer = _bug(error, request.id)
        finally:
            inference.end(request.id.decode(), request.body, answer.body if answer is not None else b"")
        return answer

    async def _run(self, request: HttpRequest, endpoint: Endpoint, verb: str, inference: Inference) -> HttpAnswer:
        headers = request.headers
        head_bytes = _head_bytes(headers)
        _check_content_type(headers)
        if request.failure is not None:
            raise request.failure
        if b"content-encoding" in headers:
            await self._coding.decode(request)
        call = Call(partial(_texts, headers), timeout_seconds(headers))
        call.request_id = request.id.decode()
        call.trace = inference.trace
        kind = JSON
        if verb == "infer":
            body, answer_head_bytes = await endpoint.infer_v2(request.body, head_bytes, call)
            if answer_head_bytes is not None:
                kind = (*OCTETS, (HEAD_LENGTH, b"%d" % answer_head_bytes))
        elif verb == "predict":
            body = await endpoint.predict_v1(request.body, call)
        else:
            body = await endpoint.explain_v1(request.body, call)
        return HttpAnswer(200, kind if call.answer_headers is None else (*kind, *_added(call)), body)

    async def _ask(self, request: HttpRequest, parts: list[str]) -> HttpAnswer:
        """Answer whatever is no inference."""
        self._door.guard.admit_rest(request.path, request.headers)
        if request.failure is not None and request.method != "GET":
            raise request.failure
        if b"content-encoding" in request.headers:
            await self._coding.decode(request)
        match parts:
            case ["v1", "feedback"]:
                return await rest_feedback.answer(request, self._feedback)
        extended = await rest_extensions.answer(request, parts, self._extensions, self._door.guard)
        return extended if extended is not None else self._look_up(request, parts)

    def _endpoint(self, request: HttpRequest, protocol: str, name: str, version: str, verb: str) -> Endpoint:
        """Find who answers; raises what the request's target, method and keys are refused for."""
        if self._door.guard.keys is not None:
            self._door.guard.admit_rest(request.path, request.headers)
        if verb not in ("infer", "predict", "explain") or (protocol == "v2") != (verb == "infer"):
            raise UnknownRoute(f"a model has no verb {verb!r}")
        if request.method != "POST":
            raise WrongMethod(request.method, request.path, allowed="POST")
        return self._catalogue.find(name, version)

    def _look_up(self, request: HttpRequest, parts: list[str]) -> HttpAnswer:
        """Answer whatever asks about the server or a model."""
        found: dict[str, Any] | bytes
        is_true = True
        match parts:
            case []:
                found = {"status": "alive"}
            case ["metrics"]:
                found = self._metrics.render()
            case ["openapi.json"]:
                found = openapi.document()
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
            case ["v1", "models", name, "versions" | "labels", version] | [
                "v2",
                "models",
                name,
                "versions" | "labels",
                version,
                "ready",
            ]:
                is_true = self._catalogue.is_ready(name, version)
                found = {"name": name, "ready": is_true}
            case ["v2", "models", name]:
                found = self._catalogue.metadata(name)
            case ["v2", "models", name, "versions" | "labels", version]:
                found = self._catalogue.metadata(name, version)
            case _:
                raise UnknownRoute(f"no such path: {request.path}")
        if request.method not in ("GET", "HEAD"):
            raise WrongMethod(request.method, request.path, allowed="GET")
        status = 200 if is_true else HTTPStatus.SERVICE_UNAVAILABLE.value
        if isinstance(found, bytes):
            return HttpAnswer(status, TEXT, found)
        return HttpAnswer(status, JSON, orjson.dumps(found))

    def _refusal(self, error: ServingError, named: str | None = None) -> HttpAnswer:
        headers = [*JSON, (REASON, error.reason.encode())]
        status = error.http_status.value
        if isinstance(error, Refused):
            headers.append((b"retry-after", b"%d" % error.retry_after_seconds))
            if error.is_shed:
                status = self._shed_status
        if isinstance(error, Unauthenticated):
            headers.append((b"www-authenticate", error.challenge))
        if isinstance(error, WrongMethod):
            headers.append((b"allow", error.allowed.encode()))
        message = {"error": str(error), "reason": error.reason}
        if named:
            message["id"] = named
        return HttpAnswer(status, tuple(headers), orjson.dumps(message))


def _traceparent(request: HttpRequest) -> str | None:
    given = request.headers.get(TRACEPARENT)
    return None if given is None else given.decode("latin-1")


def _find_id(request: HttpRequest) -> str:
    """Give the id of a request that was refused before anybody read its body."""
    try:
        message, _ = payload_v2.parse(request.body, _head_bytes(request.headers))
    except InvalidRequest:
        return ""
    return payload_v2.readable_id(message)


@lru_cache(256)
def _inference(path: str) -> tuple[str, str, str, str] | None:
    """Give the protocol, model, version or label, and verb of a path that asks for inference."""
    match path.split("/"):
        case ["", "v2", "models", name, "infer"]:
            return "v2", name, "", "infer"
        case ["", "v2", "models", name, "versions" | "labels", version, "infer"]:
            return "v2", name, version, "infer"
        case ["", "v1", "models", action] if ":" in action:
            name, _, verb = action.rpartition(":")
            return "v1", name, "", verb
        case ["", "v1", "models", name, "versions" | "labels", action] if ":" in action:
            version, _, verb = action.rpartition(":")
            return "v1", name, version, verb
    return None


def _texts(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}


def _added(call: Call) -> HeaderList:
    """The headers that the endpoint adds to the answer."""
    return tuple((name.encode(), value.encode()) for name, value in (call.answer_headers or {}).items())


def _head_bytes(headers: Mapping[bytes, bytes]) -> int | None:
    length = headers.get(HEAD_LENGTH)
    if length is None:
        return None
    if not length.isdigit() or len(length) > 18:
        raise InvalidRequest(
            f"Inference-Header-Content-Length is {length.decode('latin-1')[:40]!r}, expected a number of bytes"
        )
    return int(length)


def _check_content_type(headers: Mapping[bytes, bytes]) -> None:
    if b"content-encoding" in headers:
        content_coding.coding_of(headers[b"content-encoding"])
    declared = headers.get(b"content-type")
    if declared is None or declared == b"application/json":
        return
    kind = declared.partition(b";")[0].strip().lower()
    # Some clients declare every body as octets: what it holds, the length of its head tells.
    if kind in (b"application/json", b"application/octet-stream"):
        return
    raise WrongContentType(
        f"the content type is {declared.decode('latin-1')[:80]!r}, "
        "expected 'application/json' or 'application/octet-stream'"
    )


def _bug(error: Exception, request_id: bytes) -> HttpAnswer:
    """Answer for an error that nobody foresaw: the request's id leads from the answer to the log."""
    name = request_id.decode()
    logs.event("request_failed", level=logs.ERROR, error=error, request_id=name)
    return HttpAnswer(500, JSON, orjson.dumps({"error": f"internal error of request {name}", "reason": INTERNAL}))
