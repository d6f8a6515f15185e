"""Look at the target before anything is measured: it is there, it is ready, it takes what will be asked.

What is wrong is told in a sentence that names the address, what was seen and
what was expected, so that nobody looks for a server's fault in a typing error.
"""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from loadtests.clients.address import Access, read_grpc, read_url
from loadtests.clients.dial import HTTP1, secure
from loadtests.engine.generator import Loaded
from loadtests.measure.outcome import Outcome
from loadtests.profile.form import Profile
from loadtests.requests.repeatable import is_repeatable

TIMEOUT_SECONDS = 5.0
POLL_SECONDS = 0.25
REPEATED = 3
"""Questions of each kind that are asked twice more."""
TOLD_CHARACTERS = 200
KEY_STATUSES = (http.client.UNAUTHORIZED, http.client.FORBIDDEN)


class Unreachable(Exception):
    """The target cannot be asked, or is not ready; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Said:
    status: int
    body: bytes

    @property
    def words(self) -> str:
        """Its body in a line, for people."""
        try:
            told = json.loads(self.body)
            text = str(told.get("error", told)) if isinstance(told, dict) else str(told)
        except ValueError:
            text = self.body.decode(errors="replace")
        text = " ".join(text.split())[:TOLD_CHARACTERS]
        return f"{self.status}{f' ({text})' if text else ''}"


class Preflight:
    """Asks one target. `is_cut_off` waits so many seconds, and says whether the run was told to end."""

    def __init__(self, url: str, access: Access, is_cut_off: Callable[[float], bool]) -> None:
        self._url = url.rstrip("/")
        self._address = read_url(url)
        self._access = access
        self._tls = secure(access, HTTP1) if self._address.is_secure else None
        self._is_cut_off = is_cut_off

    def wait_ready(self, models: Sequence[str], grpc: str, seconds: float) -> None:
        """Wait until server and models are ready, and gRPC is where it is said to be; raises Unreachable.

        What is told then is what was seen last. Where `grpc` is empty, none is looked for.
        """
        limit = time.perf_counter() + seconds
        while True:
            trouble = self._trouble("/v2/health/live", "a server that is alive")
            for model in models:
                trouble = trouble or self._model_trouble(model)
            if grpc:
                trouble = trouble or _grpc_trouble(grpc)
            if not trouble:
                return
            if time.perf_counter() >= limit or self._is_cut_off(POLL_SECONDS):
                waited = f" (waited {seconds:g} s)" if seconds else ""
                raise Unreachable(trouble + waited)

    def metadata(self, model: str) -> tuple[Any, Any]:
        """Read what the server tells of a model, and its configuration where it tells that too; raises Unreachable."""
        path = f"/v2/models/{quote(model, safe='')}"
        told = self._json(path)
        if told is None:
            raise Unreachable(f"{self._url}{path} answered with no JSON, expected the model's metadata")
        try:
            return told, self._json(f"{path}/config")
        except Unreachable:
            return told, None

    def metrics(self) -> str:
        """Read the page that it has for Prometheus; empty where it has none there."""
        with suppress(Unreachable):
            said = self._get("/metrics")
            if said.status == http.client.OK:
                return said.body.decode(errors="replace")
        return ""

    def _model_trouble(self, model: str) -> str:
        path = f"/v2/models/{quote(model, safe='')}"
        trouble = self._trouble(f"{path}/ready", f"model {model} to be ready")
        if trouble and self._get(path).status == http.client.NOT_FOUND:
            return f"{self._url}{path} answered 404: the server knows no model {model!r}{self._known()}"
        return trouble

    def _known(self) -> str:
        models = self.models()
        return f", it has {', '.join(models)}" if models else ""

    def models(self) -> list[str]:
        """Name the models there are, where the server tells."""
        try:
            told = json.loads(self._get("/v1/models").body)
            return [str(model) for model in told["models"]]
        except (Unreachable, ValueError, KeyError, TypeError):
            return []

    def _trouble(self, path: str, expected: str) -> str:
        try:
            said = self._get(path)
        except Unreachable as fault:
            return str(fault)
        if said.status == http.client.OK:
            return ""
        return self._refused(path, said, expected)

    def _json(self, path: str) -> Any:
        said = self._get(path)
        if said.status != http.client.OK:
            raise Unreachable(self._refused(path, said, "the model's metadata"))
        try:
            return json.loads(said.body)
        except ValueError:
            return None

    def _refused(self, path: str, said: Said, expected: str) -> str:
        hint = "; a key is given by --header 'Authorization: Bearer ...'" if said.status in KEY_STATUSES else ""
        return f"{self._url}{path} answered {said.words}, expected {expected}{hint}"

    def _get(self, path: str) -> Said:
        host, port = self._address.host, self._address.port
        connection: http.client.HTTPConnection
        if self._tls is None:
            connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        else:
            connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=self._tls)
        try:
            connection.request("GET", self._address.prefix + path, headers=self._access.rest_headers)
            response = connection.getresponse()
            return Said(response.status, response.read())
        except (OSError, http.client.HTTPException) as fault:
            raise Unreachable(f"{self._url} cannot be reached: {_reason(fault)}") from None
        finally:
            connection.close()


def try_each(loaded: Sequence[Loaded], timeout_seconds: float, addresses: Mapping[str, str]) -> None:
    """Ask the first question of each kind once; raises Unreachable where it is not answered well."""
    for stream in loaded:
        question = stream.questions[""][0]
        exchange = stream.client.ask(question, timeout_seconds)
        first = f"the first request of {stream.name} to {addresses[stream.name]}"
        if exchange.reply is not None:
            wrong = question.judge(exchange.reply).wrong
            if wrong:
                raise Unreachable(f"{first} was answered with what is no answer to it: {wrong}")
        elif exchange.outcome is not Outcome.SHED:
            told = f": {exchange.words[:TOLD_CHARACTERS]}" if exchange.words else ""
            raise Unreachable(f"{first} was answered with {exchange.code} ({exchange.outcome}){told}")


def repeatable(loaded: Sequence[Loaded], profile: Profile) -> frozenset[str]:
    """Name the kinds of requests that must be answered the same way each time: tried, unless the profile says it."""

    def repeats(asked: Loaded, said: bool | None) -> bool:
        if said is not None:
            return said
        # A change may bring another model under the same name and number.
        return profile.change is None and is_repeatable(
            asked.questions[""],
            lambda question: asked.client.ask(question, profile.timeout_seconds).reply,
            tried=REPEATED,
        )

    pairs = zip(loaded, profile.streams, strict=True)
    return frozenset(asked.name for asked, stream in pairs if repeats(asked, stream.repeatable))


def _grpc_trouble(grpc: str) -> str:
    place = read_grpc(grpc)
    try:
        socket.create_connection((place.host, place.port), TIMEOUT_SECONDS).close()
    except OSError as fault:
        return f"{grpc} cannot be reached for gRPC: {_reason(fault)}"
    return ""


def _reason(fault: Exception) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({fault.verify_message}); name who signed it with --ca, or --insecure"
    if isinstance(fault, ssl.SSLError):
        return f"no TLS is spoken there ({fault.reason or fault})"
    if isinstance(fault, TimeoutError):
        return f"no answer in {TIMEOUT_SECONDS:g} s"
    if isinstance(fault, http.client.BadStatusLine | http.client.HTTPException):
        return f"what answers there does not speak HTTP ({type(fault).__name__})"
    return (fault.strerror if isinstance(fault, OSError) else None) or str(fault) or type(fault).__name__
