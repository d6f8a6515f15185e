"""Locust as people call it, with our users: what it shows, and the status it ends with."""

import asyncio
import json
import sys
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import pytest

from tests.contract.loadtests.asking import Listening
from tests.servers import ROOT, RunningServer

OURS = "loadtests/locustfile.py"
QUICK = ("--headless", "-u", "4", "-r", "4", "-t", "3s", "--stop-timeout", "5", "--only-summary")

GATE = """
import logging
from locust import events

@events.quitting.add_listener
def _(environment, **kw):
    if environment.stats.total.fail_ratio > 0.01:
        environment.process_exit_code = 1
    elif environment.stats.total.avg_response_time > 2000:
        environment.process_exit_code = 1
    else:
        environment.process_exit_code = 0
"""
"""As Locust's documentation has it."""


async def locust(file: str | Path, *options: str) -> tuple[int, str]:
    """Give its status and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "locust", "-f", str(file), *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
    )
    try:
        written, _ = await asyncio.wait_for(process.communicate(), 60)
    except BaseException:
        process.kill()
        raise
    assert process.returncode is not None
    return process.returncode, written.decode()


class Model:
    """A server that is ready, has one model, and answers inferences with each of these in turn."""

    def __init__(self, answers: Sequence[tuple[str, object]] = ()) -> None:
        self._answers = cycle(answers)

    async def __call__(self, reader: Reader, writer: Writer) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = next((line for line in head.split("\r\n") if line.startswith("content-length: ")), ": 0")
            await reader.readexactly(int(length.split(": ")[1]))
            status, told = "200 OK", self.told(head.split()[1])
            if head.startswith("post"):
                status, told = next(self._answers)
            body = json.dumps(told).encode()
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    def told(self, path: str) -> object:
        tensor = {"name": "x", "datatype": "FP32", "shape": [-1, 2]}
        if path == "/v1/models":
            return {"models": ["m"]}
        if path == "/v2/models/m":
            return {"name": "m", "platform": "p", "versions": ["1"], "inputs": [tensor], "outputs": [tensor]}
        return {}


async def test_every_kind_of_user_asks_a_real_server_and_is_answered(image_server: RunningServer) -> None:
    options = ("--host", image_server.http_url, "--grpc", image_server.grpc_address)
    status, written = await locust(OURS, *QUICK, *options)
    assert status == 0, written
    assert "Error report" not in written
    for kind in ("v1-json", "v2-json", "v2-binary", "grpc-binary"):
        assert f"image {kind}" in written


async def test_failures_are_shown_by_the_names_of_their_outcomes_and_without_an_address_nobody_asks_over_grpc() -> None:
    answers: list[tuple[str, object]] = [
        ("200 OK", {"model_name": "m"}),
        ("400 Bad Request", {"error": "no such input", "reason": "bad_input"}),
        ("500 Internal Server Error", {"error": "boom"}),
        ("503 Service Unavailable", {"error": "12 rows wait", "reason": "queue_full"}),
        ("504 Gateway Timeout", {"error": "too late"}),
    ]
    async with Listening(Model(answers)) as server:
        status, written = await locust(OURS, *QUICK, "--host", server.url)
    assert status == 1
    assert "nobody asks over gRPC" in written
    for line in ("wrong (200): ", "client (400): bad_input: no such", "server (500): boom", "shed (503)"):
        assert line in written


async def test_a_task_that_raises_before_any_request_is_no_success_whatever_the_documented_gate_says(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        "from locust import task\nfrom loadtests.users import ModelUser\n"
        f"{GATE}\n"
        "class Mine(ModelUser):\n    @task\n    def broken(self):\n        raise KeyError('image')\n"
    )
    async with Listening(Model()) as server:
        status, written = await locust(own, *QUICK, "--host", server.url)
    assert status == 1
    assert "a task raised: 'image'" in written


async def test_a_run_in_which_nothing_was_asked_is_no_success(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(
        "from locust import task\nfrom loadtests.users import ModelUser\n"
        f"{GATE}\n"
        "class Mine(ModelUser):\n    @task\n    def idle(self):\n        pass\n"
    )
    async with Listening(Model()) as server:
        status, written = await locust(own, *QUICK, "--host", server.url)
    assert (status, "nothing was asked" in written) == (1, True), written


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--host", "http://127.0.0.1:9"), "http://127.0.0.1:9 cannot be reached: "),
        (("--host", "http://127.0.0.1:9", "Grpc"), "Grpc asks over gRPC: where it is must be said by --grpc HOST:PORT"),
    ],
)
async def test_a_mistake_is_told_in_a_sentence_with_status_2(options: tuple[str, ...], sentence: str) -> None:
    status, written = await locust(OURS, *QUICK, *options)
    assert status == 2, written
    assert sentence in written
    assert "Traceback" not in written
