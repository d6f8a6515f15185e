"""`make monitor` for real: everything starts, callers are answered, dashboards are drawn, and Ctrl-C ends all of it."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from tests.monitoring.child import free_port
from tests.servers import ROOT, build_models

pytestmark = [pytest.mark.needs("prometheus", "prometheus-alertmanager"), pytest.mark.timeout(300)]
PORTS = ("http", "grpc", "prometheus", "alertmanager", "notices")
WAIT_SECONDS = 150.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    build_models("tests.contract.zoo", folder)
    return folder / "image"


class Laptop:
    """`python -m monitoring.laptop` as a shell starts it in the background: Ctrl-C ignored from birth."""

    def __init__(self, folder: Path, model: Path, *more: str) -> None:
        self.ports = {name: free_port() for name in PORTS}
        self.pictures = folder / "pictures"
        self._log = folder / "log"
        ports = [part for name, port in self.ports.items() for part in (f"--{name}_port", str(port))]
        command = [
            *(sys.executable, "-m", "monitoring.laptop", "--model_name", "image", "--model_dir", str(model)),
            *("--folder", str(folder / "build"), "--pictures", str(self.pictures), "--every", "5", *ports, *more),
        ]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
            )

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, holds: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not holds():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, f"not yet {what}: {self.said()}"
            time.sleep(0.2)

    def get(self, name: str, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.ports[name]}{path}", trust_env=False, timeout=30)


@contextlib.contextmanager
def started(folder: Path, model: Path, *more: str) -> Iterator[Laptop]:
    laptop = Laptop(folder, model, *more)
    try:
        yield laptop
    finally:
        laptop.process.terminate()
        try:
            laptop.process.wait(60)
        except subprocess.TimeoutExpired:
            laptop.process.kill()


def children(ports: Sequence[int]) -> list[str]:
    """Command lines on this machine that name one of these ports; digits inside a longer word are no port."""
    found = []
    named = re.compile(rf"\b({'|'.join(map(str, ports))})\b")
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if entry.name.isdigit() and int(entry.name) != os.getpid() and named.search(line):
                found.append(line)
    return found


def test_everything_runs_until_ctrl_c_and_then_nothing(tmp_path: Path, model: Path) -> None:
    with started(tmp_path, model, "--faster", "60") as laptop:
        laptop.wait_for(lambda: "Everything runs" in laptop.said(), "running")

        def counted() -> bool:
            query = "/api/v1/query?query=sum(ecluse_requests_total)"
            with contextlib.suppress(httpx.TransportError):
                reply = laptop.get("prometheus", query)
                # Until it has begun, Prometheus says so with 503 and a word that is no JSON.
                result = reply.json()["data"]["result"] if reply.status_code == 200 else []
                return bool(result) and float(result[0]["value"][1]) > 0
            return False

        laptop.wait_for(counted, "counted by Prometheus")
        rules = laptop.get("prometheus", "/api/v1/rules").json()["data"]["groups"]
        assert sum(len(group["rules"]) for group in rules) > 50
        alertmanagers = laptop.get("prometheus", "/api/v1/alertmanagers").json()["data"]["activeAlertmanagers"]
        assert [each["url"] for each in alertmanagers] == [
            f"http://127.0.0.1:{laptop.ports['alertmanager']}/api/v2/alerts"
        ]
        assert laptop.get("alertmanager", "/-/ready").status_code == 200
        laptop.wait_for((laptop.pictures / "overview.png").is_file, "drawn")
        assert (laptop.pictures / "index.html").is_file()

        laptop.process.send_signal(signal.SIGINT)
        assert laptop.process.wait(60) == 0
        assert laptop.said().endswith("monitor: everything has ended\n")
        assert children(list(laptop.ports.values())) == []


def test_what_ends_by_itself_ends_the_rest_and_is_shown(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with started(tmp_path, tmp_path / "empty") as laptop:
        assert laptop.process.wait(WAIT_SECONDS) == 1
        assert "monitor: the server ended with status" in laptop.said()
        assert children(list(laptop.ports.values())) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--model_dir", "/nowhere"], "/nowhere is no folder; `make model` trains the reference model"),
        (["--http_port", "9090", "--prometheus_port", "9090"], "HTTP_PORT and PROMETHEUS_PORT are both 9090"),
        (["--http_port", "65536"], "HTTP_PORT is 65536, expected a port from 1 to 65535"),
        (["--model_dir", "tests", "--folder", "/dev/null/x"], "/dev/null/x cannot be used: Not a directory"),
        (["--incident", "rain"], "invalid Incident value: 'rain'"),
        (["--rate", "0"], "--rate is 0.0, expected more than 0"),
    ],
)
def test_a_mistake_is_told_in_a_sentence_and_nothing_is_started(arguments: list[str], told: str) -> None:
    ports = [part for name in PORTS for part in (f"--{name}_port", str(free_port()))]
    command = [sys.executable, "-m", "monitoring.laptop", *ports, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert told in done.stderr
