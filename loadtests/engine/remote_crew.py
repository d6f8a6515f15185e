"""The crew of workers that come over the network: Locust's MasterRunner, and what is said beside its own words.

Workers are gathered, their clocks compared, their assignments given; then they
are Locust's to begin, to watch by their heartbeats and to end.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.event import Event
from locust import runners
from locust.exception import RPCError

from loadtests.engine import messages
from loadtests.engine.assignment import Assignment
from loadtests.engine.crew import NoCrew, NoPort, Taken
from loadtests.engine.hello import Hello, code_fingerprint, machine, refusal
from loadtests.engine.load_user import environment, listen
from loadtests.engine.messages import Seen
from loadtests.engine.offset import Offset, RoundTrip, offset
from loadtests.profile.segment import Segment

ROUND_TRIPS = 10
ANSWER_SECONDS = 5.0
PREPARE_SECONDS = 120.0
BEGIN_SECONDS = 30.0
SILENCE_SECONDS = 15
"""Heartbeats come each second. Locust gives a worker up after three, and ends the test with the last of them; one that
is only late tells of it by its lag."""


@dataclass(slots=True)
class Worker:
    """One that has come."""

    hello: Hello
    trips: list[RoundTrip] = field(default_factory=list)
    clock: Offset = field(default_factory=lambda: Offset(0.0, 0.0))
    is_ready: bool = False
    cannot: str = ""
    settled: int = 0
    in_flight: int = 0
    is_done: bool = False
    is_lost: bool = False


class RemoteCrew:
    """Gathers so many workers and leads them. `fates` tells of workers that were started here and have ended."""

    def __init__(self, host: str, port: int, workers: int, fates: Callable[[], list[str]]) -> None:
        self._wanted = workers
        self._fates = fates
        self._taken = Taken()
        self._workers: dict[str, Worker] = {}
        self._refusals: list[str] = []
        self._asked_at = 0.0
        self._answered = Event()
        self._zero = 0.0
        self._is_ending = False
        world = environment(lambda: None, lambda _: None)
        runners.HEARTBEAT_LIVENESS = SILENCE_SECONDS
        try:
            self._runner = world.create_master_runner(host, port)
        except (RPCError, SystemExit) as fault:
            # Locust ends the process for some of these.
            raise NoPort(f"workers cannot be expected on port {port}: {_reason(fault)}") from None
        listen(
            self._runner,
            {
                messages.HELLO: self._hear_hello,
                messages.CLOCK_IS: self._hear_clock,
                messages.READY: self._hear_ready,
                messages.CANNOT: self._hear_cannot,
                messages.SEEN: self._hear_seen,
                messages.LEAVING: self._hear_leaving,
            },
        )

    @property
    def port(self) -> int:
        """Where workers are to connect to."""
        return int(self._runner.server.port)

    def gather(self, seconds: float, is_cut_off: Callable[[float], bool]) -> None:
        """Wait until all have come, and compare clocks; raises NoCrew."""
        limit = time.perf_counter() + seconds
        while len(self._workers) < self._wanted:
            if is_cut_off(0.05):
                raise NoCrew("the run was ended before its workers had come")
            ended = self._fates()
            if ended:
                raise NoCrew(f"{ended[0]} before the load had begun")
            if time.perf_counter() > limit:
                said = f"; {self._refusals[0]}" if self._refusals else ""
                raise NoCrew(
                    f"{len(self._workers)} of {self._wanted} workers came to port {self.port} in {seconds:g} s{said}"
                )
        for client, worker in self._workers.items():
            self._compare_clocks(client, worker)

    def prepare(self, assignment: Assignment) -> None:
        """Give each its share, and wait until all are ready; raises NoCrew."""
        for index, client in enumerate(self._workers):
            self._runner.send_message(messages.ASSIGNMENT, assignment.of(index).to_wire(), client)
        self._wait(PREPARE_SECONDS, lambda worker: worker.is_ready, "were ready")
        self._runner.start(self._wanted, spawn_rate=self._wanted)
        limit = time.perf_counter() + BEGIN_SECONDS
        while len(self._runner.clients.running) < self._wanted:
            gevent.sleep(0.02)
            if time.perf_counter() > limit:
                raise NoCrew(
                    f"{len(self._runner.clients.running)} of {self._wanted} workers began in {BEGIN_SECONDS:g} s"
                )
        # Locust places its users anew when a worker comes or goes, and would end one in the middle of its share.
        self._runner.start = lambda *_, **__: None

    @property
    def workers(self) -> int:
        return self._wanted

    @property
    def settled(self) -> int:
        return min((worker.settled for worker in self._workers.values() if not worker.is_lost), default=0)

    @property
    def in_flight(self) -> int:
        return sum(worker.in_flight for worker in self._workers.values() if not worker.is_lost)

    @property
    def is_done(self) -> bool:
        return all(worker.is_done or worker.is_lost for worker in self._workers.values())

    @property
    def is_lost(self) -> bool:
        return all(worker.is_lost for worker in self._workers.values())

    def announce(self, segments: Sequence[Segment]) -> None:
        self._tell(messages.SEGMENTS, {"segments": [segment.to_wire() for segment in segments]})

    def begin(self, zero: float) -> None:
        self._zero = zero
        for client, worker in self._workers.items():
            self._runner.send_message(messages.BEGIN, {"zero": zero + worker.clock.seconds}, client)

    def finish(self) -> None:
        self._tell(messages.FINISH, {})

    def stop(self) -> None:
        self._tell(messages.STOP, {})

    def take(self) -> Taken:
        self._watch()
        taken, self._taken = self._taken, Taken()
        return taken

    def close(self) -> None:
        self._is_ending = True
        self._runner.quit()

    def _tell(self, word: str, data: dict[str, Any]) -> None:
        for client, worker in self._workers.items():
            if not worker.is_lost:
                self._runner.send_message(word, data, client)

    def _compare_clocks(self, client: str, worker: Worker) -> None:
        limit = time.perf_counter() + ANSWER_SECONDS
        while len(worker.trips) < ROUND_TRIPS:
            self._answered.clear()
            self._asked_at = time.perf_counter()
            self._runner.send_message(messages.CLOCK, {"round": len(worker.trips)}, client)
            if not self._answered.wait(max(0.0, limit - time.perf_counter())):
                raise NoCrew(f"worker {worker.hello.name} did not tell its clock in {ANSWER_SECONDS:g} s")
        worker.clock = offset(worker.trips, same_machine=bool(machine()) and worker.hello.machine == machine())

    def _wait(self, seconds: float, is_so: Callable[[Worker], bool], words: str) -> None:
        limit = time.perf_counter() + seconds
        while not all(is_so(worker) for worker in self._workers.values()):
            gevent.sleep(0.02)
            cannot = [worker.cannot for worker in self._workers.values() if worker.cannot] + self._fates()
            if cannot:
                raise NoCrew(cannot[0])
            if time.perf_counter() > limit:
                count = sum(is_so(worker) for worker in self._workers.values())
                raise NoCrew(f"{count} of {self._wanted} workers {words} in {seconds:g} s")

    def _watch(self) -> None:
        """See who is not heard of any more: by Locust's heartbeats, or by the end of a process that was begun here."""
        self._taken.troubles += [] if self._is_ending else self._fates()
        for client, worker in self._workers.items():
            node = self._runner.clients.get(client)
            if worker.is_done or worker.is_lost or (node is not None and node.state != "missing"):
                continue
            worker.is_lost = True
            second = max(0, int(time.perf_counter() - self._zero))
            self._taken.troubles.append(
                f"worker {worker.hello.name} was lost at second {second}: "
                "its share of the load was not sent from there on, and what it had seen and not told is missing"
            )

    def _hear_hello(self, client: str, data: Mapping[str, Any]) -> None:
        hello = Hello.from_wire(data)
        words = refusal(hello, code_fingerprint())
        if not words and len(self._workers) >= self._wanted and client not in self._workers:
            words = f"the run has its {self._wanted} workers, and does not take worker {hello.name}"
        if words:
            self._refusals.append(words)
            self._runner.send_message(messages.REFUSED, {"words": words}, client)
        else:
            self._workers.setdefault(client, Worker(hello))

    def _hear_clock(self, client: str, data: Mapping[str, Any]) -> None:
        worker = self._workers.get(client)
        if worker is not None and int(data["round"]) == len(worker.trips):
            worker.trips.append(RoundTrip(self._asked_at, time.perf_counter(), float(data["now"])))
            self._answered.set()

    def _hear_ready(self, client: str, _: Mapping[str, Any]) -> None:
        worker = self._workers.get(client)
        if worker is not None:
            worker.is_ready = True

    def _hear_cannot(self, client: str, data: Mapping[str, Any]) -> None:
        worker = self._workers.get(client)
        if worker is not None:
            worker.cannot = str(data["words"])

    def _hear_seen(self, client: str, data: Mapping[str, Any]) -> None:
        worker = self._workers.get(client)
        if worker is None:
            return
        try:
            seen = Seen.from_wire(data)
        except (KeyError, ValueError, TypeError) as fault:
            self._taken.troubles.append(f"worker {worker.hello.name} reported what cannot be read: {fault}")
            return
        self._taken.timeline.merge(seen.timeline)
        self._taken.generator += seen.generator
        self._taken.troubles += seen.troubles
        worker.settled = seen.settled
        worker.in_flight = seen.in_flight
        worker.is_done = seen.is_done

    def _hear_leaving(self, client: str, data: Mapping[str, Any]) -> None:
        worker = self._workers.get(client)
        if worker is not None and not worker.is_done:
            worker.is_lost = True
            self._taken.troubles.append(f"worker {worker.hello.name} left: {data['words']}")


def _reason(fault: BaseException) -> str:
    return (
        "the address is in use" if isinstance(fault, SystemExit) else str(fault).removeprefix("Socket bind failure: ")
    )
