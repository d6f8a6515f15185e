"""A Prometheus that answers the gates' questions about two sides with counts that a test names."""

import http.server
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

VARIANT = re.compile(r'variant="([a-z]+)-')


@dataclass
class FakePrometheus:
    """What it says of each release; the same for any window, as if requests came and went evenly."""

    requests: float = 5000.0
    errors: dict[str, float] = field(default_factory=dict)
    """By release, where there are any."""
    is_silent: bool = False
    asked: list[str] = field(default_factory=list)
    before_an_answer: Callable[[str], None] = lambda _: None

    def answer(self, promql: str) -> float | None:
        self.asked.append(promql)
        self.before_an_answer(promql)
        if promql == "time()":
            return time.time()
        found = VARIANT.search(promql)
        if found is None:
            return 1.0
        if "ecluse_requests_total" in promql:
            is_all = re.search(r'ecluse_requests_total\{[^}]*variant="[^"]*"\}', promql) is not None
            return self.requests if is_all else self.errors.get(found[1], 0.0)
        return 1.0 if promql.startswith("count(") else 20.0


@contextmanager
def answering(fake: FakePrometheus) -> Iterator[str]:
    """Give its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if fake.is_silent:
                self.close_connection = True
                return
            value = fake.answer(parse_qs(body)["query"][0])
            series: list[Any] = [] if value is None else [{"metric": {}, "value": [time.time(), str(value)]}]
            told = {"status": "success", "data": {"resultType": "vector", "result": series}}
            answer = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *who: object) -> None:
            """Say nothing of clients that are killed."""

    with Server(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
