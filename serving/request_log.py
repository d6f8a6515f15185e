"""A line in the log for some requests, and for those that ended in a fault of ours.

Metrics count every request; a line says which it was. So lines are sampled, and
the ones about faults are held to a number a second: a server that fails every
request must not fail at logging too. What was held back is counted in the next.
"""

import logging
import random
import time
from collections.abc import Callable

from serving import logs
from serving.ending import Ending

FAULT = 500
"""Statuses from here on are logged whatever the sample."""

FAULTS_PER_SECOND = 10

LONGEST_NAME = 200
"""In characters: the path of an unknown model may be as long as a head."""


class RequestLog:
    """Decides which requests get a line, and writes it."""

    def __init__(
        self,
        sample_ratio: float = 0.0,
        *,
        draw: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.samples = sample_ratio > 0
        """Whether requests that end well need be told of at all."""
        self._sample_ratio = sample_ratio
        self._draw = draw
        self._clock = clock
        self._second = 0
        self._faults = 0
        self._held_back = 0

    def ended(self, ending: Ending) -> None:
        """Hear of a request's end."""
        code, held_back = ending.code, None
        if self.samples and self._draw() < self._sample_ratio:
            pass
        elif code < FAULT:
            return
        elif self._has_room():
            held_back, self._held_back = self._held_back or None, 0
        else:
            self._held_back += 1
            return
        logs.event(
            "request",
            level=logging.WARNING if code >= FAULT else logging.INFO,
            request_id=ending.request_id,
            protocol=ending.protocol,
            model_name=ending.model_name[:LONGEST_NAME],
            model_version=ending.model_version[:LONGEST_NAME] or None,
            code=code,
            reason=ending.reason,
            milliseconds=round(ending.seconds * 1000, 3),
            held_back=held_back,
        )

    def _has_room(self) -> bool:
        second = int(self._clock())
        if second != self._second:
            self._second, self._faults = second, 0
        self._faults += 1
        return self._faults <= FAULTS_PER_SECOND
