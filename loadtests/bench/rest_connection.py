"""One keep-alive HTTP/1.1 connection that asks the same request again and again.

It must cost less than the server it measures, so of an answer it reads only the
status and where it ends. What the answer says is checked before the
measurement, by `rest_v2.py`.
"""

import asyncio
import time
from typing import cast

from loadtests.bench.closed_loop import Recorder
from loadtests.bench.http1 import answer_end


class RestConnection(asyncio.Protocol):
    """Send, await the whole answer, note how long it took, send again."""

    def __init__(self, request: bytes, recorder: Recorder) -> None:
        self._request = request
        self._recorder = recorder
        self._received = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._recorder.join()
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        try:
            end = answer_end(received)
        except ValueError:
            self._recorder.errors += 1
            self._transport.abort()
            return
        if end is None or end > len(received):
            self._received = received
            return
        # One request is in flight, so nothing can follow its answer.
        self._received = b""
        answered_at = time.perf_counter()
        recorder = self._recorder
        if received.startswith(b"HTTP/1.1 200"):
            recorder.latencies_seconds.append(answered_at - self._sent_at)
        else:
            recorder.errors += 1
        if recorder.is_open:
            self._sent_at = answered_at
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, _reason: Exception | None) -> None:
        self._recorder.leave()
