"""A worker that comes to a master: Locust's WorkerRunner, and the other half of `remote_crew`.

It does as it is told until the master says that it is over. A master that is
not heard of any more ends it, so that no load goes on with nobody to judge it.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event

from loadtests.engine import messages
from loadtests.engine.assignment import Assignment
from loadtests.engine.hello import Hello, code_fingerprint, machine
from loadtests.engine.load_user import environment, listen
from loadtests.engine.messages import Seen
from loadtests.engine.preparing import generator, load
from loadtests.profile.segment import Segment
from loadtests.requests.target import BadTarget
from loadtests.verdict.result import Status

if TYPE_CHECKING:
    from loadtests.engine.generator import Generator

SILENCE_SECONDS = 15.0
"""Without a heartbeat of the master's, which sends one a second."""
REPORT_SECONDS = 1.0
GONE = "the master is gone, so the load was ended"
TRY_SECONDS = 5.0
TRY_AGAIN_SECONDS = 0.5


class Worker:
    def __init__(self, host: str, port: int, headers: Mapping[str, str]) -> None:
        self._name = f"{socket.gethostname()}-{os.getpid()}"
        self._headers = headers
        self._generator: Generator | None = None
        self._troubles: list[str] = []
        self._over = Event()
        self._status, self._failure = Status.PASSED, ""
        self._has_reported_all = False
        self._heard: float | None = None
        self._heard_at = time.perf_counter()
        self._runner = environment(self._run, self._troubles.append).create_worker_runner(host, port)
        listen(
            self._runner,
            {
                messages.REFUSED: self._hear_refused,
                messages.CLOCK: self._hear_clock,
                messages.ASSIGNMENT: self._hear_assignment,
                messages.SEGMENTS: self._hear_segments,
                messages.BEGIN: self._hear_begin,
                messages.FINISH: self._hear_finish,
                messages.STOP: self._hear_stop,
            },
        )
        hello = Hello(self._name, machine(), code_fingerprint())
        self._runner.send_message(messages.HELLO, hello.to_wire())

    def work(self) -> tuple[Status, str]:
        """Come back when it is over; with a sentence where that was not the master's wish."""
        for number in (signal.SIGINT, signal.SIGTERM):
            gevent.signal_handler(number, self._leave, number)
        while not self._over.wait(REPORT_SECONDS):
            self._report()
            self._look_for_the_master()
            if not self._runner.greenlet:
                break  # Locust's `quit` has ended all of it
        if self._failure:
            self._runner.greenlet.kill(block=True, timeout=1)
        self._runner.client.close(linger=1000)
        return self._status, self._failure

    def _run(self) -> None:
        if self._generator is not None:
            self._generator.run()
            self._report()

    def _report(self) -> None:
        if self._generator is None or self._has_reported_all:
            return
        timeline, meters, troubles = self._generator.take()
        own, self._troubles[:] = list(self._troubles), []
        self._has_reported_all = self._generator.is_done
        sending = self._generator
        seen = Seen(timeline, meters, own + troubles, sending.settled, sending.in_flight, sending.is_done)
        self._runner.send_message(messages.SEEN, seen.to_wire())

    def _look_for_the_master(self) -> None:
        # What Locust notes is the time of day, which may be set anew in the middle of a run.
        heard, now = self._runner.last_heartbeat_timestamp, time.perf_counter()
        if heard != self._heard:
            self._heard, self._heard_at = heard, now
        if now - self._heard_at > SILENCE_SECONDS:
            self._end(GONE)

    def _leave(self, number: int) -> None:
        words = f"it was told to end by {signal.Signals(number).name}"
        self._report()
        self._runner.send_message(messages.LEAVING, {"words": words})
        self._end(f"worker {self._name} was told to end by {signal.Signals(number).name}")

    def _end(self, failure: str, status: Status = Status.INCONCLUSIVE) -> None:
        self._status, self._failure = status, failure
        if self._generator is not None:
            self._generator.stop()
        self._over.set()

    def _hear_refused(self, _: str, data: Mapping[str, Any]) -> None:
        self._end(str(data["words"]), Status.USAGE)

    def _hear_clock(self, _: str, data: Mapping[str, Any]) -> None:
        self._runner.send_message(messages.CLOCK_IS, {"round": data["round"], "now": time.perf_counter()})

    def _hear_assignment(self, _: str, data: Mapping[str, Any]) -> None:
        try:
            assignment = Assignment.from_wire(data)
            self._generator = generator(assignment, load(assignment, self._headers), self._name)
        except Exception as fault:  # noqa: BLE001  whatever it is, the master must hear of it, or it waits
            words = str(fault) if isinstance(fault, BadTarget) else f"{type(fault).__name__}: {fault}"
            self._runner.send_message(messages.CANNOT, {"words": f"worker {self._name} cannot take part: {words}"})
        else:
            self._runner.send_message(messages.READY, {})

    def _hear_segments(self, _: str, data: Mapping[str, Any]) -> None:
        if self._generator is not None:
            self._generator.announce([Segment.from_wire(each) for each in data["segments"]])

    def _hear_begin(self, _: str, data: Mapping[str, Any]) -> None:
        if self._generator is not None:
            self._generator.begin(float(data["zero"]))

    def _hear_finish(self, *_: Any) -> None:
        if self._generator is not None:
            self._generator.finish()

    def _hear_stop(self, *_: Any) -> None:
        if self._generator is not None:
            self._generator.stop()


def end_with(parent: int) -> None:
    """From here on, end this process with the one that began it, whatever it is at: nobody is left to be told."""

    def watch() -> None:
        while os.getppid() == parent:
            gevent.sleep(REPORT_SECONDS)
        print(f"loadtests: {GONE}", file=sys.stderr, flush=True)
        os._exit(Status.INCONCLUSIVE)

    gevent.spawn(watch)


def wait_for(host: str, port: int, seconds: float) -> str:
    """Wait until somebody listens there; give a sentence where nobody does."""
    limit = time.perf_counter() + seconds
    is_told = False
    while True:
        try:
            socket.create_connection((host, port), TRY_SECONDS).close()
            return ""
        except OSError as fault:
            if time.perf_counter() > limit:
                return f"no master was at {host}:{port} in {seconds:g} s: {fault.strerror or fault}"
            if not is_told:
                is_told = True
                words = f"{host}:{port}, which is not there yet ({fault.strerror or fault}), for {seconds:g} s"
                print(f"loadtests: waiting for the master at {words}", file=sys.stderr, flush=True)
        gevent.sleep(TRY_AGAIN_SECONDS)
