"""What a batch costs on two kinds of device, and by when it is wanted.

A table for each, because the real ones go in steps: on a processor, two rows
take 2.7 times as long as one.
"""

from dataclasses import dataclass

BUCKETS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Cost:
    """Seconds a batch of each size, and how long its callers wait."""

    name: str
    seconds: dict[int, float]
    deadline_seconds: float

    @property
    def capacity(self) -> float:
        """Rows a second, where every batch has the best size."""
        return max(bucket / seconds for bucket, seconds in self.seconds.items())


GPU = Cost("accelerator", {bucket: 0.006 + 0.00025 * bucket for bucket in BUCKETS}, 0.050)
"""A fixed part and a part for each row."""

CPU = Cost(
    "processor",
    dict(zip(BUCKETS, (0.0015, 0.0040, 0.0047, 0.0055, 0.0074, 0.0101, 0.0139), strict=True)),
    0.030,
)
"""Measured on a SavedModel of four dense layers."""
