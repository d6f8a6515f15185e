"""The knobs that `python -m loadtests.bench.tune` turns, one at a time, and the load under which each shows.

The first setting of a knob is what the others are compared with: what the server
takes by itself, or the one that lies nearest where that does not show.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.bench.servers import Contender


@dataclass(frozen=True, slots=True)
class Knob:
    """One question: what does this setting do under this load?"""

    name: str
    title: str
    variable: str
    settings: tuple[str, ...]
    connections: tuple[int, ...]
    rows: int = 1
    """Of each request; one goes as JSON, more go as binary tensors."""
    besides: Mapping[str, str] | None = None
    """What all of them are given."""

    @property
    def arms(self) -> tuple[Contender, ...]:
        return tuple(
            Contender(
                f"{self.name}-{setting}",
                f"{self.title} {setting}",
                "serving",
                {**(self.besides or {}), self.variable: setting},
            )
            for setting in self.settings
        )


KNOBS = (
    Knob("rows", "batch.maxRows", "BATCH_MAX_ROWS", ("64", "8", "1"), (1, 8, 32, 128)),
    Knob("wait", "batch.maxWaitSeconds", "BATCH_MAX_WAIT_SECONDS", ("0", "0.002", "0.01"), (1, 8, 32)),
    Knob("threads", "tensorflow.intraOpThreads", "TENSORFLOW_INTRA_OP_THREADS", ("1", "4"), (1, 4, 16), rows=64),
    # Of 16 rows each, so that some dozens of callers are an overload.
    Knob("queue", "batch.queueRows", "BATCH_QUEUE_ROWS", ("4096", "512", "128"), (8, 32, 128), rows=16),
    Knob(
        "deadline",
        "deadline.defaultSeconds",
        "DEADLINE_DEFAULT_SECONDS",
        ("0", "0.5", "0.2"),
        (8, 32, 128),
        rows=16,
    ),
)
