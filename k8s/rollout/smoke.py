"""Try a new version before it has traffic: the same request goes straight to it and to the stable one.

Says in sentences what was wrong and what was expected. An API server that does
not answer is no fault of the canary's, and is raised as ApiError.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from k8s.json_object import Json
from k8s.rollout import golden_request
from k8s.rollout.backends.backend import NO_HEADERS, Refused
from k8s.rollout.same_answers import answer_faults, metadata_faults, new_outputs
from k8s.rollout.side import Side

KEY_HEADER = "X-API-Key"
SHOWN = 300


class Asks(Protocol):
    """All that is needed of a k8s.rollout.backends.backend.Backend."""

    def ask(
        self, side: Side, path: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, bytes]:
        """Send one request straight to a side."""


class NoKey(Exception):
    """The file of a key holds none."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person may want to know, and nobody stumbles on."""


class _Wrong(Exception):
    """Nothing more can be tried; the message is the sentence."""


def smoke(backend: Asks, model: str, request: bytes | None, key: str = "") -> str:
    """Try the canary with a request in V2's JSON, or one that is made; give what was wrong, or nothing.

    Without a model's name, every model of the stable version is tried, with what is made. Raises ApiError.
    """
    return "; ".join(tried(backend, model, request, key).wrong)


def tried(backend: Asks, model: str, request: bytes | None, key: str = "") -> Tried:
    """Do as smoke, and give notes too. Raises ApiError."""
    caller = _Caller(backend, key)
    wrong: list[str] = []
    notes: list[str] = []
    try:
        caller.ready()
        models = [model] if model else caller.models()
        if request is not None and len(models) > 1:
            raise _Wrong(f"the smoke request can be for one model alone, and there are {', '.join(models)}: name one")
        for each in models:
            for sentence, is_wrong in caller.try_model(each, request):
                told = f"model {each}: {sentence}" if len(models) > 1 else sentence
                (wrong if is_wrong else notes).append(told)
    except (_Wrong, Refused, golden_request.BadRequest) as fault:
        wrong.append(str(fault))
    return Tried(tuple(wrong), tuple(notes))


def read_key(file: Path) -> str:
    """Read the key that the server asks for. Raises NoKey."""
    try:
        key = file.read_text().strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise NoKey(f"the key file {file} cannot be read: {why}") from None
    if not key or not key.isascii() or not key.isprintable():
        raise NoKey(f"the key file {file} must hold one key on one line, in ASCII")
    return key


class _Caller:
    def __init__(self, backend: Asks, key: str) -> None:
        self._backend = backend
        self._headers = {KEY_HEADER: key} if key else NO_HEADERS

    def ready(self) -> None:
        status, body = self._backend.ask(Side.CANARY, "/v2/health/ready")
        if status != 200:
            raise _Wrong(f"the canary answers {_told(status, body)} at /v2/health/ready, expected 200")

    def models(self) -> list[str]:
        """Name the models that the stable version has ready."""
        index = self._json(Side.STABLE, "/v2/repository/index", b"{}")
        names = sorted({str(each["name"]) for each in index if each.get("state", "READY") == "READY"})
        if not names:
            raise _Wrong("the stable version has no model that is ready: there is nothing to compare with")
        return names

    def try_model(self, model: str, request: bytes | None) -> Iterator[tuple[str, bool]]:
        """Give sentences, and of each whether it tells of something wrong."""
        path = f"/v2/models/{model}"
        stable, canary = self._json(Side.STABLE, path), self._json(Side.CANARY, path)
        for fault in metadata_faults(stable, canary):
            yield fault, True
        for name in new_outputs(stable, canary):
            yield f"the canary has a new output {name!r}", False
        golden = golden_request.made(stable) if request is None else golden_request.parse(request)
        body = json.dumps(golden).encode()
        status, answered = self._ask(Side.STABLE, f"{path}/infer", body)
        if status != 200:
            remedy = "; give a request that it answers with --smoke FILE" if request is None else ""
            raise _Wrong(
                f"the smoke request says nothing, since the stable version answers it with {_told(status, answered)},"
                f" expected 200{remedy}"
            )
        expected = _parsed(Side.STABLE, f"{path}/infer", answered)
        for fault in answer_faults(expected, self._json(Side.CANARY, f"{path}/infer", body), canary):
            yield fault, True

    def _json(self, side: Side, path: str, body: bytes | None = None) -> Any:
        status, answer = self._ask(side, path, body)
        if status != 200:
            raise _Wrong(f"the {side} version answers {_told(status, answer)} at {path}, expected 200")
        return _parsed(side, path, answer)

    def _ask(self, side: Side, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        status, answer = self._backend.ask(side, path, body, self._headers)
        if status == 401:
            which = "takes no such key" if self._headers else "asks for a key: name the file that holds it"
            raise _Wrong(f"the {side} version {which} ({_told(status, answer)} at {path})")
        return status, answer


def _parsed(side: Side, path: str, answer: bytes) -> Any:
    try:
        told = json.loads(answer)
    except ValueError:
        raise _Wrong(f"the {side} version does not answer {path} in JSON: {_words(answer)}") from None
    if path.endswith("/index"):
        if isinstance(told, list) and all(isinstance(each, dict) and "name" in each for each in told):
            return told
    elif isinstance(told, dict) and all(_is_tensors(told.get(key), path) for key in _expected(path)):
        return told
    raise _Wrong(f"the {side} version answers {path} with something else than V2 has there: {_words(answer)}")


def _expected(path: str) -> tuple[str, ...]:
    return ("outputs",) if path.endswith("/infer") else ("inputs", "outputs")


def _is_tensors(tensors: object, path: str) -> bool:
    fields = ("name",) if path.endswith("/infer") else ("name", "datatype", "shape")
    return isinstance(tensors, list) and all(
        isinstance(each, dict) and all(field in each for field in fields) for each in tensors
    )


def _told(status: int, body: bytes) -> str:
    words = _words(body)
    return f"{status} ({words})" if words else str(status)


def _words(body: bytes) -> str:
    """Give what a body says: the error's own words where it is one of V2's, or of the API server's."""
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if isinstance(told, dict):
        said = _error(told)
        if said:
            return said[:SHOWN]
    return " ".join(body.decode(errors="replace").split())[:SHOWN]


def _error(told: Json) -> str:
    return " ".join(str(told.get("error") or told.get("message") or "").split())
