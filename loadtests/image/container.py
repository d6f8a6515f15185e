"""One start of a container: when it is ready, when it has answered, and what that has cost.

Docker is asked through its command; the server is asked over a loopback port on
the host's network, so Linux only. Knows no image.
"""

import json
import subprocess
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from loadtests.bench.cpu_time import process_cpu_seconds

LIMIT_SECONDS = 180
POLL_SECONDS = 0.02
NOTHING_ALLOWED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")


class NoStart(Exception):
    """Docker cannot do it, or the server does not answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start, from the moment that Docker was asked to start a container it had made."""

    ready_seconds: float
    answered_seconds: float
    """To the first answer to an inference, which is where a model that was not warmed up pays."""
    cpu_seconds: float
    memory_bytes: int
    """Resident, after that answer."""


def docker(program: str, *arguments: str) -> str:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoStart(f"`docker {arguments[0]}` failed: {done.stderr.strip()}")
    return done.stdout.strip()


def start(program: str, image: str, port: int, request: bytes) -> Start:
    """Start the image once, ask it one question, and take it away."""
    ports = (f"--http_port={port}", f"--grpc_port={port + 1}")
    container = docker(program, "create", "--network=host", *NOTHING_ALLOWED, image, *ports)
    try:
        begun = time.perf_counter()
        docker(program, "start", container)
        _until_ready(program, container, port, begun)
        ready = time.perf_counter() - begun
        _ask(port, request)
        answered = time.perf_counter() - begun
        process = int(docker(program, "inspect", "--format={{.State.Pid}}", container))
        return Start(ready, answered, process_cpu_seconds(process) or 0.0, _memory_bytes(process))
    finally:
        docker(program, "rm", "--force", container)


def _until_ready(program: str, container: str, port: int, begun: float) -> None:
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=LIMIT_SECONDS)
        try:
            connection.request("GET", "/v2/health/ready")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        if time.perf_counter() - begun > LIMIT_SECONDS:
            log = subprocess.run([program, "logs", "--tail=20", container], capture_output=True, text=True, check=False)
            raise NoStart(f"not ready after {LIMIT_SECONDS} s:\n{log.stdout}{log.stderr}")
        time.sleep(POLL_SECONDS)


def _ask(port: int, request: bytes) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=LIMIT_SECONDS)
    try:
        connection.request("POST", "/v2/models/mnist/infer", request, {"Content-Type": "application/json"})
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise NoStart(f"the server answered {response.status}: {body.decode(errors='replace')[:200]}")
    digits = {output["name"]: output["data"] for output in json.loads(body)["outputs"]}["digit"]
    if digits != [7]:
        raise NoStart(f"the server read {digits} where a 7 is drawn")


def _memory_bytes(process: int) -> int:
    for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
