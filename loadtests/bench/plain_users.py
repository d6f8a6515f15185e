"""What Locust has to offer by itself, to compare with: FastHttpUser, and grpcio under gevent.

A locustfile. Users ask one request again and again, as fast as they are
answered, and look at nothing but the status. When the test stops, how much was
asked and what it cost is told in a line of JSON.
"""

import json
import os
import sys
import time
from typing import Any, ClassVar

import grpc
import grpc.experimental.gevent
from locust import FastHttpUser, User, events, task

from loadtests.clients import Access
from loadtests.engine.preflight import Preflight
from loadtests.profile.form import Stream
from loadtests.requests.question import Question
from loadtests.requests.questions import questions
from loadtests.requests.target import read_target

grpc.experimental.gevent.init_gevent()

URL, GRPC, MODEL = (os.environ.get(name, "") for name in ("BENCH_URL", "BENCH_GRPC", "BENCH_MODEL"))
TIMEOUT_SECONDS = 10.0


def question(protocol: str) -> Question:
    stream = Stream.model_validate({"name": protocol, "protocol": protocol, "format": "binary"})
    metadata = Preflight(URL, Access(), lambda _: False).metadata(MODEL)
    return questions(stream, read_target(*metadata), seed=1)[0]


class PlainRest(FastHttpUser):  # type: ignore[misc]
    host = URL
    asked: ClassVar[Question]

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        with self.client.post(
            self.asked.path, data=self.asked.body, headers=self.asked.headers, catch_response=True
        ) as response:
            if response.status_code == 200:
                response.success()


class PlainGrpc(User):  # type: ignore[misc]
    """As Locust's example of gRPC has it, less its interceptor's own clock."""

    channel: ClassVar[grpc.Channel | None] = None
    asked: ClassVar[Question]

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        if PlainGrpc.channel is None:
            PlainGrpc.channel = grpc.insecure_channel(GRPC)
        self._call: Any = PlainGrpc.channel.unary_unary(self.asked.path)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        began, failed = time.perf_counter(), None
        length = 0
        try:
            length = len(self._call(self.asked.body, timeout=TIMEOUT_SECONDS))
        except grpc.RpcError as error:
            failed = error
        self.environment.events.request.fire(
            request_type="gRPC",
            name=self.asked.path,
            response_time=(time.perf_counter() - began) * 1000,
            response_length=length,
            exception=failed,
            context={},
        )


_begun: list[float] = []


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def begin(environment: Any, **_: Any) -> None:
    for kind in environment.user_classes:
        kind.asked = question("grpc" if kind is PlainGrpc else "v2")
    _begun[:] = [time.process_time()]


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def tell(environment: Any, **_: Any) -> None:
    total = environment.stats.total
    told = {"asked": total.num_requests, "failed": total.num_failures, "cpu": time.process_time() - _begun[0]}
    sys.stderr.write(json.dumps(told) + "\n")
