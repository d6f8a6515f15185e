"""Give the run's metrics to whoever scrapes them, and its end too.

A run ends between two scrapes, and its last numbers and its verdict would be
seen by nobody. So, where somebody scrapes, the next scrape is waited for, about
as long as the last ones were apart.
"""

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from gevent.event import Event
from gevent.pywsgi import WSGIServer

from loadtests.engine.crew import NoPort

USUAL_SECONDS = 15.0
"""Between two scrapes, where there was only one."""
LONGEST_SECONDS = 60.0


class MetricsServer:
    def __init__(self, port: int, render: Callable[[], bytes], content_type: str) -> None:
        self._render = render
        self._content_type = content_type
        self._scrapes: list[float] = []
        self._scraped = Event()
        self._server = WSGIServer(("", port), self._answer, log=None, error_log=None)
        try:
            self._server.start()
        except OSError as fault:
            raise NoPort(
                f"metrics cannot be told on port {port}: {os.strerror(fault.errno) if fault.errno else fault}"
            ) from None

    def wait_for_a_scrape(self, is_cut_off: Callable[[float], bool]) -> None:
        """Wait for one more, where there have been any, and not for ever."""
        if not self._scrapes:
            return
        apart = self._scrapes[-1] - self._scrapes[-2] if len(self._scrapes) > 1 else USUAL_SECONDS
        self._scraped.clear()
        limit = time.perf_counter() + min(LONGEST_SECONDS, 1.5 * apart + 1)
        while time.perf_counter() < limit and not self._scraped.is_set() and not is_cut_off(0.1):
            pass

    def close(self) -> None:
        self._server.stop(timeout=1)

    def _answer(self, asked: dict[str, Any], begin: Callable[[str, list[tuple[str, str]]], Any]) -> Iterable[bytes]:
        if asked["PATH_INFO"] != "/metrics":
            begin("404 Not Found", [("Content-Type", "text/plain")])
            return [b"The metrics are at /metrics.\n"]
        self._scrapes = [*self._scrapes[-1:], time.perf_counter()]
        self._scraped.set()
        begin("200 OK", [("Content-Type", self._content_type)])
        return [self._render()]
