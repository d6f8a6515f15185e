"""One inference, counted from its beginning and told of at its end, whatever the protocol.

A protocol says what it finds out on the way: which model is asked for, who
answers, how it went. What is made of that is the same for all: one count in
each metric, and a word to the log, the traces and the capture, where they
listen. Knows no message and no status but HTTP's.
"""

from http import HTTPStatus
from time import perf_counter

from serving.door import Door
from serving.ending import Ending
from serving.endpoint import Endpoint
from serving.metrics import CALLER_LEFT, Metrics, RequestMetrics
from serving.request_log import FAULT

INTERNAL = "internal"
"""The reason of a fault that is no ServingError."""


class Inference:
    """An inference under way; one that nobody says anything of was left by its caller."""

    __slots__ = ("_door", "_metrics", "_model", "_protocol", "_reason", "_series", "began", "code", "trace")

    def __init__(self, door: Door, metrics: Metrics, protocol: str, traceparent: str | None) -> None:
        self.began = perf_counter()
        metrics.inflight[protocol] += 1
        self._door = door
        self._metrics = metrics
        self._protocol = protocol
        self._series: RequestMetrics = metrics.strangers
        self._model = ("", "")
        self._reason: str | None = None
        self.code = CALLER_LEFT
        tracing = door.tracing
        self.trace = None if tracing is None else tracing.begin(protocol, self.began, traceparent)

    def asks_for(self, name: str, version: str) -> None:
        self._model = (name, version)
        self._series = self._metrics.of_model(name)

    def is_answered_by(self, endpoint: Endpoint) -> None:
        self._model = (endpoint.name, endpoint.version)
        self._series = endpoint.metrics

    def succeeded(self) -> None:
        self.code = 200

    def is_refused(self, code: int, reason: str) -> None:
        self.code, self._reason = code, reason
        self._series.rejected(reason)

    def is_faulty(self) -> None:
        """A bug of ours ended it."""
        self.code, self._reason = 500, INTERNAL

    def end(self, request_id: str, request: bytes, answer: bytes) -> None:
        """Count it, and tell of it; called once, however it went."""
        self._metrics.inflight[self._protocol] -= 1
        code, door = self.code, self._door
        seconds = perf_counter() - self.began
        self._series.answered(self._protocol, code, seconds, len(request), len(answer))
        if code < FAULT and self.trace is None and door.capture is None and not door.log.samples:
            return
        ending = Ending(request_id, self._protocol, *self._model, code, seconds, self._reason)
        door.log.ended(ending)
        if door.tracing is not None and self.trace is not None:
            door.tracing.ended(self.trace, ending)
        # What comes without a key is a stranger's, and would crowd out what callers send.
        if door.capture is not None and code != HTTPStatus.UNAUTHORIZED:
            door.capture.ended(ending, request, answer)
