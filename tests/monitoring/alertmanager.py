"""A real Alertmanager for tests: on a free port, given alerts, asked what it makes of them.

Tests that need it are marked `needs("prometheus-alertmanager")`.
"""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx

from tests.monitoring.prometheus import POLL_SECONDS, START_SECONDS, TRIES, end, free_port


class AlertmanagerFailed(Exception):
    """Alertmanager did not start, or did not do what a test waited for; says what it wrote."""


class Alertmanager:
    """`prometheus-alertmanager` as a child process, for as long as the `with` block lasts."""

    def __init__(self, config: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="alertmanager-")
        self.folder = Path(self._folder.name)
        (self.folder / "alertmanager.yml").write_text(config)
        self.port = 0
        self.process: subprocess.Popen[bytes]
        self._client = httpx.Client(timeout=20.0, trust_env=False)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        try:
            for tried in range(TRIES):
                self._start()
                if self._is_ready():
                    return self
                if tried == TRIES - 1 or "address already in use" not in self.log():
                    raise AlertmanagerFailed(f"alertmanager did not start:\n{self.log()[-3000:]}")
        except BaseException:
            self.__exit__()
            raise
        raise AssertionError

    def __exit__(self, *_: object) -> None:
        self._client.close()
        with contextlib.suppress(AttributeError):
            end(self.process)
        self._folder.cleanup()

    def _start(self) -> None:
        self.port = free_port()
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    "prometheus-alertmanager",
                    f"--config.file={self.folder / 'alertmanager.yml'}",
                    f"--storage.path={self.folder / 'data'}",
                    f"--web.listen-address={self.address}",
                    "--cluster.listen-address=",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _is_ready(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if self._client.get(f"http://{self.address}/-/ready").status_code == 200:
                    return self.process.poll() is None
            time.sleep(POLL_SECONDS)
        return False

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def give(self, *alerts: Mapping[str, str]) -> None:
        """Tell it of alerts that fire from now on."""
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        body = [{"labels": dict(labels), "annotations": {"summary": "Tried."}, "endsAt": later} for labels in alerts]
        self._client.post(f"http://{self.address}/api/v2/alerts", json=body).raise_for_status()

    def alerts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._client.get(f"http://{self.address}/api/v2/alerts").json()
        return found

    def inhibited(self, given: int, seconds: float = 20.0) -> dict[str, bool]:
        """Which alerts, by name, are kept quiet by another; once all that were given are routed."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.alerts()
            if len(found) == given and all(alert["status"]["state"] != "unprocessed" for alert in found):
                return {alert["labels"]["alertname"]: bool(alert["status"]["inhibitedBy"]) for alert in found}
            if time.monotonic() > deadline:
                raise AlertmanagerFailed(f"after {seconds:.0f} s it knows {found}\n{self.log()[-2000:]}")
            time.sleep(POLL_SECONDS)
