"""A hundred thousand random bodies: no 5xx, no closed connection, nothing in the log.

The promise is about whatever may be sent, so most bodies are good ones that were
spoilt in one place: noise alone would never get past the JSON parser.
"""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

import grpc
import pytest

from tests.contract.bodies import Question, good_messages, good_questions, spoilt_bytes, spoilt_question
from tests.contract.wire import SERVICE, Caller
from tests.servers import RunningServer

SEED = 20_240_229
REST_BODIES = 85_000
GRPC_BODIES = 16_000
CONNECTIONS = 16
PIPELINED = 8
"""Requests on a connection that wait for their answers together."""
CALLS = 32
SECONDS = 300


@dataclass
class Outcome:
    """How requests ended, and those that ended as none may."""

    statuses: Counter[int] = field(default_factory=Counter)
    harm: list[tuple[Any, Any]] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """Sends questions of a common supply, a few ahead, and reads nothing of an answer but its head."""

    def __init__(self, supply: "Supply", outcome: Outcome) -> None:
        self._supply = supply
        self._outcome = outcome
        self._waiting: deque[Question] = deque()
        self._received = b""
        self._transport: asyncio.Transport
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send(PIPELINED)

    def data_received(self, data: bytes) -> None:
        received = self._received + data
        answered = 0
        while (end := received.find(b"\r\n\r\n")) >= 0:
            head = received[:end].lower()
            _, _, after = head.partition(b"\r\ncontent-length: ")
            whole = end + 4 + int(after.partition(b"\r\n")[0])
            if len(received) < whole:
                break
            self._read(head, received[end + 4 : whole])
            received = received[whole:]
            answered += 1
        self._received = received
        self._send(answered)

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting:
            self._outcome.harm.append((self._waiting[0], f"the connection was closed: {error}"))
        if not self.done.done():
            self.done.set_result(None)

    def _send(self, count: int) -> None:
        questions = self._supply.take(count)
        self._waiting.extend(questions)
        self._transport.write(b"".join([part for question in questions for part in (question.head(), question.body)]))
        if not self._waiting:
            self._transport.close()

    def _read(self, head: bytes, body: bytes) -> None:
        question = self._waiting.popleft()
        status = int(head[9:12])
        self._outcome.statuses[status] += 1
        if status >= 500 or b"connection: close" in head:
            self._outcome.harm.append((question, head + body))


class Supply:
    """Spoilt questions, made as they are taken."""

    def __init__(self, count: int) -> None:
        self.left = count
        self._random = Random(SEED)
        self._good = good_questions()

    def take(self, count: int) -> list[Question]:
        count = min(count, self.left)
        self.left -= count
        return [spoilt_question(self._random, self._good) for _ in range(count)]


async def flood_rest(port: int, outcome: Outcome) -> None:
    loop = asyncio.get_running_loop()
    supply = Supply(REST_BODIES)
    started = [
        await loop.create_connection(lambda: Connection(supply, outcome), "127.0.0.1", port) for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(connection.done for _, connection in started))
    assert supply.left == 0


async def flood_grpc(address: str, outcome: Outcome) -> None:
    random = Random(SEED)
    good = good_messages()
    async with grpc.aio.insecure_channel(address) as channel:
        infer: Any = channel.unary_unary(f"/{SERVICE}/ModelInfer")

        async def call(count: int) -> None:
            for _ in range(count):
                message = spoilt_bytes(random, random.choice(good))
                try:
                    await infer(message, timeout=60)
                    status = grpc.StatusCode.OK
                except grpc.aio.AioRpcError as error:
                    status = error.code()
                    if status not in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND):
                        outcome.harm.append((message, (status, error.details())))
                outcome.statuses[status.value[0]] += 1

        await asyncio.gather(*(call(GRPC_BODIES // CALLS) for _ in range(CALLS)))


@pytest.fixture
def answers(zoo_server: RunningServer) -> dict[Question, bytes]:
    """What the good bodies are answered with before."""
    return answered(zoo_server)


def answered(server: RunningServer) -> dict[Question, bytes]:
    bodies = {}
    with Caller(server.http_address) as caller:
        for question in good_questions():
            headers = {"Inference-Header-Content-Length": question.head_bytes} if question.head_bytes else {}
            reply = caller.ask("POST", question.path, question.body, headers)
            assert reply.status == 200, (question, reply)
            bodies[question] = reply.body
    return bodies


@pytest.mark.timeout(SECONDS, func_only=True)
async def test_no_body_whatever_costs_a_connection_or_gives_a_5xx(
    zoo_server: RunningServer, answers: dict[Question, bytes]
) -> None:
    rest, calls = Outcome(), Outcome()
    errors = len(zoo_server.errors())
    await asyncio.gather(flood_rest(zoo_server.http_port, rest), flood_grpc(zoo_server.grpc_address, calls))

    assert rest.harm[:3] == []
    assert calls.harm[:3] == []
    assert rest.statuses.total() == REST_BODIES
    assert calls.statuses.total() == GRPC_BODIES // CALLS * CALLS
    # Faults deep enough to be answered, and faults that were found: the bodies were worth sending.
    assert rest.statuses[200] > REST_BODIES / 50
    assert rest.statuses[400] > REST_BODIES / 2
    assert zoo_server.process.poll() is None
    assert answered(zoo_server) == answers
    assert len(zoo_server.errors()) == errors
