"""How soon a long body can be decoded, where a few threads decode for all models.

These threads have a queue as well, before that of the batches: what waits there
and is not counted lets everybody in, and is decoded when it is too late. So it
is known how many bytes are on their way to each model, and what a byte of its
bodies takes, as it was found out by decoding. Pure: it is told the time.
"""

from math import inf
from weakref import WeakSet

from serving.latency import LatencyTable

IDLE_READS_TO_DOUBT = 10
"""An estimate is doubted after so many times its own length without a body, as `forecast.py` doubts its own."""

BYTE = 1
"""The only size in the table: what a byte takes."""


class DecodingLine:
    """All that waits for the same threads, or is decoded by them."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.of_models: WeakSet[DecodeForecast] = WeakSet()

    @property
    def seconds(self) -> float:
        """How long the threads have to do."""
        return sum(each.work_seconds for each in self.of_models) / self.threads


class DecodeForecast:
    """The long bodies of one model."""

    def __init__(self, line: DecodingLine) -> None:
        self._line = line
        line.of_models.add(self)
        self._of_a_byte = LatencyTable((BYTE,))
        self._ended = -inf
        self._bodies = 0
        self._bytes = 0
        self.rows = 0
        """On their way to the model's queue."""

    @property
    def work_seconds(self) -> float:
        return self._estimate(self._bytes)

    def seconds(self, size_bytes: int, now: float) -> float:
        """How long it takes until a body that comes now is decoded; zero where nothing is known."""
        return self._line.seconds + (0.0 if self._is_doubted(size_bytes, now) else self._estimate(size_bytes))

    def began(self, rows: int, size_bytes: int, now: float) -> None:
        if self._is_doubted(size_bytes, now):
            self._of_a_byte.doubt(BYTE)
        self._bodies += 1
        self._bytes += size_bytes
        self.rows += rows

    def ended(self, rows: int, size_bytes: int, now: float, seconds: float | None) -> None:
        """Forget a body that began; `seconds` is what decoding it took, None where it was not decoded."""
        self._bodies -= 1
        self._bytes -= size_bytes
        self.rows -= rows
        self._ended = now
        if seconds is not None and size_bytes:
            self._of_a_byte.observe(BYTE, seconds / size_bytes)

    def _estimate(self, size_bytes: int) -> float:
        seconds = self._of_a_byte.careful_seconds(BYTE)
        return seconds * size_bytes if seconds != inf else 0.0

    def _is_doubted(self, size_bytes: int, now: float) -> bool:
        return not self._bodies and now - self._ended > IDLE_READS_TO_DOUBT * self._estimate(size_bytes)
