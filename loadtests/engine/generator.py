"""Send each request when it is due, whatever the others wait for, and keep what became of it.

The open loop of one worker: a spawner that sleeps until the next arrival, and
a greenlet for each request that is on its way. It knows segments, which are
announced to it ahead, and neither phases nor verdicts; a request over the
limit of those in flight is dropped, which is an observation like any other.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import gevent
from gevent.event import Event

from loadtests.clients.exchange import Client
from loadtests.engine.alarm import alarm
from loadtests.measure.observation import Observation
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import GeneratorSecond
from loadtests.measure.timeline import Timeline
from loadtests.profile.arrivals import Arrival
from loadtests.profile.segment import Segment, segment_at
from loadtests.requests.question import Question

DRAWN_AHEAD_SECONDS = 0.4
"""How long before a second begins its arrivals are drawn."""
SETTLING_SECONDS = 0.02
TROUBLES = 5
"""Faults of the load test itself that are told one by one."""

Draw = Callable[[Segment, int], Sequence[Arrival]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A kind of request with all that is needed to send it."""

    name: str
    client: Client
    questions: Mapping[str, Sequence[Question]]
    """By what is done to pictures; empty where nothing is."""


class Generator:
    """One worker's share of the load. Seconds count from `begin`, on the clock of `time.perf_counter`."""

    def __init__(
        self, streams: Sequence[Loaded], draw: Draw, *, worker: str, most_in_flight: int, timeout_seconds: float
    ) -> None:
        self._streams = streams
        self._draw = draw
        self._worker = worker
        self._most_in_flight = most_in_flight
        self._timeout = timeout_seconds
        self._alarm = alarm()
        self._zero = 0.0
        self._begun = Event()
        self._segments: dict[int, Segment] = {}
        self._announced = Event()
        self._is_all_announced = False
        self._is_stopped = False
        self._unsettled: Counter[int] = Counter()
        self._sending = 0
        """The second whose requests are being sent: all before it have been."""
        self._timeline = Timeline()
        self._meters: list[GeneratorSecond] = []
        self._troubles: deque[str] = deque()
        self._troubles_seen = 0
        self.in_flight = 0
        self.is_done = False
        """All has been sent that will be, and all of it has ended."""

    def announce(self, segments: Sequence[Segment]) -> None:
        """Take in what follows; one that is announced again has another end."""
        self._segments |= {segment.index: segment for segment in segments}
        self._announced.set()

    def begin(self, zero: float) -> None:
        """Make this moment second 0; it should lie ahead."""
        self._zero = zero
        self._begun.set()

    def finish(self) -> None:
        """Send what was announced, however late, and nothing after it: no more will be announced."""
        self._is_all_announced = True
        self._announced.set()

    def stop(self) -> None:
        """Send nothing more. What is on its way is waited for by `run`."""
        self._is_stopped = True
        self._begun.set()
        self._announced.set()
        self._alarm.ring()

    def run(self) -> None:
        """Send until the end, and come back when all that was sent has ended, too."""
        self._begun.wait()
        meter = gevent.spawn(self._meter)
        try:
            due = self._drawn(self._sending)
            while due is not None:
                following = self._send_all(self._sending, due)
                self._sending += 1
                due = self._drawn(self._sending) if following is None else following
        except gevent.GreenletExit:
            self._trouble(f"worker {self._worker} was ended in second {self._sending}, before its load was")
            raise
        finally:
            while self.in_flight:
                gevent.sleep(SETTLING_SECONDS)
            meter.kill()
            # What they held open is needed for the reports.
            for loaded in self._streams:
                loaded.client.close()
            self.is_done = True

    @property
    def settled(self) -> int:
        """The second before which all that was planned has ended."""
        return min(self._unsettled, default=self._sending)

    def take(self) -> tuple[Timeline, list[GeneratorSecond], list[str]]:
        """Give away what was seen since the last time."""
        meters, self._meters = self._meters, []
        troubles = [self._troubles.popleft() for _ in range(len(self._troubles))]
        return self._timeline.take(), meters, troubles

    def _drawn(self, second: int) -> Sequence[Arrival] | None:
        """Draw the arrivals of a second once it is known what it belongs to; None where the load is over."""
        while not self._is_stopped:
            segment = self._segment_of(second)
            if segment is not None:
                return self._draw(segment, second)
            if self._is_all_announced:
                return None
            self._announced.clear()
            self._announced.wait()
        return None

    def _segment_of(self, second: int) -> Segment | None:
        return segment_at(self._segments.values(), second)

    def _send_all(self, second: int, due: Sequence[Arrival]) -> Sequence[Arrival] | None:
        """Send the arrivals of a second, and draw the next in a pause before its end, where it is known."""
        drift = self._drift_of(second)
        draws_at = self._zero + second + 1 - DRAWN_AHEAD_SECONDS
        following: Sequence[Arrival] | None = None
        for arrival in due:
            at = self._zero + arrival.at
            if following is None and at > draws_at:
                self._sleep_until(draws_at)
                following = self._drawn_if_known(second + 1)
            self._sleep_until(at)
            if self._is_stopped:
                return None
            self._send(second, arrival, drift)
        if following is None:
            self._sleep_until(draws_at)
            following = self._drawn_if_known(second + 1)
        return following

    def _drawn_if_known(self, second: int) -> Sequence[Arrival] | None:
        segment = self._segment_of(second)
        return None if segment is None or self._is_stopped else self._draw(segment, second)

    def _drift_of(self, second: int) -> str:
        segment = self._segment_of(second)
        return segment.drift if segment is not None else ""

    def _sleep_until(self, moment: float) -> None:
        if time.perf_counter() < moment and not self._is_stopped:
            self._alarm.sleep_until(moment)

    def _send(self, second: int, arrival: Arrival, drift: str) -> None:
        loaded = self._streams[arrival.stream]
        if self.in_flight >= self._most_in_flight:
            now = time.perf_counter() - self._zero
            words = f"{self.in_flight:,} requests were waiting for their answers"
            self._timeline.add(Observation(loaded.name, arrival.at, now, now, Outcome.DROPPED, "dropped", words=words))
            return
        questions = loaded.questions[drift]
        self.in_flight += 1
        self._unsettled[second] += 1
        gevent.spawn_raw(self._ask, second, arrival.at, loaded, questions[arrival.pick % len(questions)])

    def _ask(self, second: int, planned: float, loaded: Loaded, question: Question) -> None:
        try:
            self._timeline.add(self._answered(planned, loaded, question))
        except Exception as fault:  # noqa: BLE001  whatever it is, the run must know that its load was not whole
            self._trouble(f"a request of {loaded.name} was lost to {type(fault).__name__}: {fault}")
        finally:
            self.in_flight -= 1
            self._unsettled[second] -= 1
            if not self._unsettled[second]:
                del self._unsettled[second]

    def _answered(self, planned: float, loaded: Loaded, question: Question) -> Observation:
        zero = self._zero
        sent = time.perf_counter() - zero
        exchange = loaded.client.ask(question, self._timeout)
        ended = time.perf_counter() - zero
        if exchange.reply is None:
            outcome, code, words = exchange.outcome, exchange.code, exchange.words
            return Observation(loaded.name, planned, sent, ended, outcome, code, question.rows, words=words)
        judgement = question.judge(exchange.reply)
        return Observation(
            loaded.name,
            planned,
            sent,
            ended,
            Outcome.WRONG if judgement.wrong else Outcome.OK,
            exchange.code,
            question.rows,
            judgement.version,
            judgement.labelled,
            judgement.right,
            judgement.wrong,
        )

    def _trouble(self, words: str) -> None:
        self._troubles_seen += 1
        if self._troubles_seen <= TROUBLES:
            self._troubles.append(words)

    def _meter(self) -> None:
        """Note each second what this process takes of a core."""
        gevent.sleep(max(0.0, self._zero - time.perf_counter()))
        second, used = 0, time.process_time()
        while True:
            gevent.sleep(max(0.0, self._zero + second + 1 - time.perf_counter()))
            now, took = time.perf_counter() - self._zero, time.process_time()
            if now >= second + 1:
                elapsed = now - second
                self._meters.append(
                    GeneratorSecond(second, self._worker, round((took - used) / elapsed, 4), self.in_flight)
                )
                second, used = int(now), took
