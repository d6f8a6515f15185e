"""A connection that waits before it asks again after a refusal, as a caller should who is told to come later.

One that asks again at once keeps a server busy with refusing. Besides this it
is the connection that the others are.
"""

import asyncio
import time

from loadtests.bench.closed_loop import Recorder
from loadtests.bench.rest_connection import RestConnection

WAIT_SECONDS = 0.1


class PatientConnection(RestConnection):
    """Send, await the answer, and after anything but 200 wait."""

    def __init__(self, request: bytes, recorder: Recorder) -> None:
        super().__init__(request, recorder)
        self._all = request

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"HTTP/1.1 503"):
            super().data_received(data)
            return
        self._recorder.errors += 1
        asyncio.get_running_loop().call_later(WAIT_SECONDS, self._ask_again)

    def _ask_again(self) -> None:
        if not self._recorder.is_open:
            self._transport.close()
        elif not self._transport.is_closing():
            self._sent_at = time.perf_counter()
            self._transport.write(self._all)
