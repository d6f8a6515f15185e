"""Shows what Alertmanager has to say, a line for each alert: where a pager would stand.

Needs Python alone, so that it runs in any image that has it.
"""

import json
import signal
import sys
from argparse import ArgumentParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MOST_BYTES = 4 * 1024 * 1024


def lines(receiver: str, notice: dict[str, Any]) -> list[str]:
    """The words for a notice of Alertmanager's webhook."""
    told = []
    for alert in notice.get("alerts", []):
        labels, annotations = alert.get("labels", {}), alert.get("annotations", {})
        state = "FIRING" if alert.get("status") == "firing" else "over"
        words = annotations.get("description") or annotations.get("summary", "")
        told.append(f"alert for {receiver}: {state} {labels.get('alertname')} ({labels.get('severity')}): {words}")
    return told


class Receiver(BaseHTTPRequestHandler):
    """One notice."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        try:
            notice = json.loads(self.rfile.read(min(length, MOST_BYTES)))
            told = lines(self.path.strip("/"), notice)
        except (ValueError, AttributeError):
            self.send_error(400, "not a notice of Alertmanager's")
            return
        for line in told:
            print(line, flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base's name
        """Say nothing of requests."""


def main() -> int:
    parser = ArgumentParser(description="Show what Alertmanager has to say.")
    parser.add_argument("--port", type=int, default=9095)
    port = parser.parse_args().port
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    with ThreadingHTTPServer(("127.0.0.1", port), Receiver) as server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
