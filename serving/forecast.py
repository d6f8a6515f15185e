"""When the answer to a request can be expected.

Says no to a request that would be answered too late while it has cost nothing
yet. Knows what runs and what waits from those who do, and keeps only when the
lane was last seen at work.
"""

from collections.abc import Callable
from math import inf

from serving.batch_cap import BatchCap
from serving.errors import DeadlineExceeded, PredictedLate
from serving.latency import LatencyTable
from serving.queueing import Queue
from serving.schedule import Ahead, Policy, predict
from serving.timeout import Timeout, in_words
from serving.turns import Turns, Waiter

IDLE_RUNS_TO_DOUBT = 10
"""An estimate is doubted after so many times its own length without a run.

Were it believed for ever, one that is too high would turn every request away
and never be corrected. So an idle lane tries, for at most a tenth of its time.
"""


class Forecast:
    """What is expected of one model's batches."""

    def __init__(
        self,
        policy: Policy,
        latency: LatencyTable,
        cap: BatchCap,
        queue: Queue,
        turns: Turns,
        waiter: Waiter,
        clock: Callable[[], float],
    ) -> None:
        self._policy = policy
        self._default_timeout = Timeout.of(policy.default_timeout_seconds)
        self._latency = latency
        self._cap = cap
        self._queue = queue
        self._turns = turns
        self._waiter = waiter
        self._clock = clock
        self._running = 0
        self._ended = clock()

    def began(self) -> None:
        self._running += 1

    def ended(self, now: float) -> None:
        self._running -= 1
        self._ended = now

    def seconds(self, rows: int) -> float:
        """How long a batch of so many rows runs, or as many of them as it may take; zero where nothing is known."""
        seconds = self._latency.seconds(self._policy.bucket(min(rows, self._cap.rows)))
        return seconds if seconds != inf else 0.0

    def careful_seconds(self, rows: int) -> float:
        """As `seconds`, but rather too long than too short."""
        seconds = self._latency.careful_seconds(self._policy.bucket(min(rows, self._cap.rows)))
        return seconds if seconds != inf else 0.0

    def is_doubted(self, rows: int, now: float) -> bool:
        """Whether a batch of this size was not tried for so long that it should be."""
        return not self._running and now - self._ended > IDLE_RUNS_TO_DOUBT * self.seconds(rows)

    def check(
        self, rows: int, timeout: Timeout, priority: int, coming_rows: int = 0, ready_seconds: float = 0.0
    ) -> None:
        """Raise PredictedLate where a request that joined now would be answered after its timeout.

        Or in `ready_seconds`, behind rows that are to come before it. Raises DeadlineExceeded where the timeout has
        passed already.
        """
        timeout = min(timeout, self._default_timeout)
        left_seconds = timeout.left_seconds
        if left_seconds == inf:
            return
        if left_seconds <= 0:
            raise DeadlineExceeded(f"{timeout} had passed before it could be queued")
        now = self._clock()
        if not self._queue.requests and not coming_rows and self.is_doubted(rows, now):
            seconds = ready_seconds
        else:
            due_seconds = min(left_seconds, self._policy.ageing_seconds)
            seconds = self._predict(rows, now, due_seconds, priority, coming_rows, ready_seconds)
        if left_seconds < seconds < inf:
            waiting = self._queue.rows + coming_rows
            raise PredictedLate(
                f"the answer is expected in {in_words(seconds)}, as {waiting} rows are waiting, and the "
                f"request's timeout is {in_words(timeout.asked_seconds)}"
            )

    def _predict(
        self, rows: int, now: float, due_seconds: float, priority: int, coming_rows: int, ready_seconds: float
    ) -> float:
        free_at = self._turns.free_at()
        ahead = Ahead(
            rows=self._queue.rows_ahead(self._policy.level_of(priority), now + due_seconds) + coming_rows,
            lines=len(self._queue.lines),
            lane_seconds=0.0 if free_at is None else max(0.0, free_at - now),
            others_seconds=self._turns.others_seconds(self._waiter),
            lanes=self._turns.lanes,
            ready_seconds=ready_seconds,
        )
        return predict(rows, ahead, cap=self._cap.rows, policy=self._policy, seconds=self._latency.careful_seconds)
