"""The paths of Triton's extensions over REST.

Gives None for a path that is not of an extension. Paths that a client of Triton
may ask for and that are not served are told from unknown ones.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from serving import extensions, payload_v2
from serving.errors import InvalidRequest, WrongMethod
from serving.extensions import Extensions
from serving.guard import Guard
from serving.http_message import JSON, HttpAnswer, HttpRequest
from serving.steps import in_task


async def answer(request: HttpRequest, parts: Sequence[str], served: Extensions, guard: Guard) -> HttpAnswer | None:
    """Answer a request to an extension; may raise any ServingError."""
    match parts:
        case ["v2", "models", "stats"]:
            return _get(request, lambda: served.statistics())
        case ["v2", "models", name, "stats"]:
            return _get(request, lambda: served.statistics(name))
        case ["v2", "models", name, "versions" | "labels", version, "stats"]:
            return _get(request, lambda: served.statistics(name, version))
        case ["v2", "models", name, "config"]:
            return _get(request, lambda: served.config(name))
        case ["v2", "models", name, "versions" | "labels", version, "config"]:
            return _get(request, lambda: served.config(name, version))
        case ["v2", "repository", "index"]:
            only_ready = _body(request).get("ready", False)
            if not isinstance(only_ready, bool):
                raise InvalidRequest("'ready' is not true or false")
            return _said(served.index(only_ready=only_ready))
        case ["v2", "repository", "models", name, "load" | "unload" as verb]:
            guard.admit_admin(request.headers)
            parameters = _parameters(request)
            # Loading takes its time and may use all that asyncio has.
            await in_task(served.load(name, parameters) if verb == "load" else served.unload(name))
            return HttpAnswer(200, JSON, b"{}")
    refused = _refused(parts)
    if refused is not None:
        raise extensions.refuse(refused)
    return None


def _refused(parts: Sequence[str]) -> str | None:
    match parts:
        case ["v2", "trace", "setting"] | ["v2", "models", _, "trace", "setting"]:
            return "trace"
        case ["v2", "logging"]:
            return "logging"
        case ["v2", "systemsharedmemory", *_]:
            return "system_shared_memory"
        case ["v2", "cudasharedmemory", *_]:
            return "cuda_shared_memory"
    return None


def _get(request: HttpRequest, read: Any) -> HttpAnswer:
    if request.method not in ("GET", "HEAD"):
        raise WrongMethod(request.method, request.path, allowed="GET")
    if request.failure is not None:
        raise request.failure
    return _said(read())


def _said(found: object) -> HttpAnswer:
    return HttpAnswer(200, JSON, orjson.dumps(found))


def _body(request: HttpRequest) -> dict[str, Any]:
    """Read the body of a POST, which may be none at all."""
    if request.method != "POST":
        raise WrongMethod(request.method, request.path, allowed="POST")
    if request.failure is not None:
        raise request.failure
    return payload_v2.parse_object(request.body) if request.body else {}


def _parameters(request: HttpRequest) -> list[str]:
    parameters = _body(request).get("parameters")
    if parameters is None:
        return []
    if not isinstance(parameters, dict):
        raise InvalidRequest("the parameters of the request are not an object")
    return list(parameters)
