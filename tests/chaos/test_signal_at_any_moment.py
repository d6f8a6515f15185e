"""Signals other than one SIGTERM to a server at work: whoever waits hears of the end, and ports are free again."""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import grpc
import pytest

from tests.chaos.callers import (
    INFER,
    LIVE,
    POLL_SECONDS,
    READY,
    Rpc,
    answer,
    expected,
    get,
    message,
    post,
    reason,
    until_counted,
    v2,
)
from tests.chaos.conftest import NAMED, PATIENT
from tests.servers import END_SECONDS, RunningServer

pytestmark = pytest.mark.timeout(300)  # the first test waits for three servers to start, one after the other

LONG_SECONDS = 60.0
"""A run, or a lame duck, that no test waits for."""
SOON_SECONDS = 15.0
"""What takes a moment, on a busy machine."""

KILLED = 128
"""What a shell adds to the number of the signal that ended a process."""


@pytest.fixture(scope="module", autouse=True)
def unready(models: Path) -> Iterator[dict[str, RunningServer]]:
    """Servers that never become ready; they start while the first tests wait for others."""
    with (
        RunningServer(models / "large", *NAMED, until=None) as loading,
        RunningServer(models / "sluggish", *NAMED, until=None) as warming,
    ):
        yield {"loading": loading, "warming": warming}


# Ended at once, and started again


@dataclass
class Ended:
    """What became of a server that was not given the time to drain, and of its callers."""

    status: int
    heard: list[str]
    """What those who waited for an answer got instead."""
    seconds: float


@dataclass
class Lives:
    """One pair of ports, and the servers that had it one after the other."""

    asked_twice: Ended
    killed: Ended
    last: RunningServer


@pytest.fixture(scope="module")
def lives(models: Path) -> Iterator[Lives]:
    options = (*PATIENT, "--drain_lame_duck_seconds", str(LONG_SECONDS))
    with RunningServer(models / "clerk", *options) as server:
        ports = ("--http_port", str(server.http_port), "--grpc_port", str(server.grpc_port))
        asked_twice = asyncio.run(end(server, signal.SIGTERM, signal.SIGTERM))
    with RunningServer(models / "clerk", *options, *ports) as server:
        killed = asyncio.run(end(server, signal.SIGKILL))
    with RunningServer(models / "clerk", *options, *ports) as server:
        yield Lives(asked_twice, killed, server)


async def end(server: RunningServer, *signals: signal.Signals) -> Ended:
    """Send signals to a server that is running a batch, with callers behind it."""
    async with Rpc(server.grpc_address) as rpc:
        callers = [asyncio.create_task(post(server.http_address, INFER, v2([1.0], LONG_SECONDS)))]
        await until_counted(server.http_address, "ecluse_batches_total", 1)
        callers += [asyncio.create_task(post(server.http_address, INFER, v2([2.0]))) for _ in range(3)]
        calls = [asyncio.create_task(rpc.start(message([3.0])).code()) for _ in range(3)]
        await until_counted(server.http_address, "ecluse_queue_requests", 6)
        began = monotonic()
        for at, number in enumerate(signals):
            if at:
                # Of two signals of one kind that wait to be handled, the kernel keeps one.
                await asyncio.to_thread(server.wait_for, "stopping")
            server.signal(number)
        heard = [
            type(heard).__name__ if isinstance(heard, OSError | EOFError) else str(heard)
            for heard in await asyncio.gather(*callers, return_exceptions=True)
        ]
        heard += [str(await call) for call in calls]
    status = await asyncio.to_thread(server.wait_for_end)
    return Ended(status, heard, monotonic() - began)


def test_a_second_sigterm_ends_the_process_at_once_with_the_status_of_the_signal(lives: Lives) -> None:
    assert lives.asked_twice.status == KILLED + signal.SIGTERM
    assert lives.asked_twice.seconds < SOON_SECONDS


@pytest.mark.parametrize("how", ["asked_twice", "killed"])
def test_callers_of_a_server_that_ends_at_once_hear_of_it_and_do_not_hang(lives: Lives, how: str) -> None:
    ended: Ended = getattr(lives, how)
    broken = {"IncompleteReadError", "ConnectionResetError"}
    assert set(ended.heard[:4]) <= broken
    assert set(ended.heard[4:]) == {"StatusCode.UNAVAILABLE"}
    assert ended.seconds < SOON_SECONDS


async def test_a_killed_server_is_started_again_on_the_same_ports(lives: Lives) -> None:
    assert lives.killed.status == -signal.SIGKILL
    assert answer(await post(lives.last.http_address, INFER, v2([4.0]))) == expected([4.0])
    async with Rpc(lives.last.grpc_address) as rpc:
        assert await rpc.infer([5.0]) == expected([5.0])


async def test_sigint_skips_the_lame_duck_and_still_finishes_what_is_in_flight(lives: Lives) -> None:
    server = lives.last
    async with Rpc(server.grpc_address) as rpc:
        by_rest = asyncio.create_task(post(server.http_address, INFER, v2([6.0], 1.0)))
        by_grpc = asyncio.create_task(rpc.infer([7.0], 1.0))
        await until_counted(server.http_address, "ecluse_inflight_requests", 2)
        began = monotonic()
        server.signal(signal.SIGINT)
        assert answer(await by_rest) == expected([6.0])
        assert await by_grpc == expected([7.0])
    assert await asyncio.to_thread(server.wait_for_end) == 0
    assert monotonic() - began < SOON_SECONDS


# Before the server is ready


async def test_sigterm_while_the_model_is_loaded_ends_the_process_well(unready: dict[str, RunningServer]) -> None:
    server = unready["loading"]
    assert (await get(server.http_address, LIVE)).status == 200
    assert (await get(server.http_address, READY)).json == {"ready": False, "phase": "loading"}
    reply = await post(server.http_address, INFER, v2([1.0], None))
    assert (reply.status, reply.json["reason"]) == (503, "loading")
    assert int(reply.headers["retry-after"]) >= 1
    async with Rpc(server.grpc_address) as rpc:
        assert not await rpc.is_serving()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await rpc.start(message([1.0], None))
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert reason(caught.value) == "loading"
    assert_ends_well(server, signal.SIGTERM)


def test_sigterm_while_the_model_is_warmed_up_ends_the_process_well(unready: dict[str, RunningServer]) -> None:
    unready["warming"].wait_for("phase", phase="warming")
    assert_ends_well(unready["warming"], signal.SIGTERM)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only /proc tells which signals a process handles")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_while_libraries_are_imported_ends_the_process_well(models: Path, number: signal.Signals) -> None:
    with RunningServer(models / "quick", *NAMED, until=None) as server:
        deadline = monotonic() + END_SECONDS
        while not handles(server.process.pid, signal.SIGTERM):
            assert monotonic() < deadline
            sleep(POLL_SECONDS)
        assert server.events() == []
        assert_ends_well(server, number)


def assert_ends_well(server: RunningServer, number: signal.Signals) -> None:
    began = monotonic()
    assert server.stop(number) == 0
    assert monotonic() - began < SOON_SECONDS
    assert server.errors() == []
    assert "Traceback" not in server.stderr()
    assert "terminate called" not in server.stderr()


def handles(pid: int, number: signal.Signals) -> bool:
    """Whether a process has set a handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) & 1 << (number - 1))
