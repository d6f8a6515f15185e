"""What a model version has done so far, in the shape of Triton's statistics extension.

A request costs nothing here: how many there were and how long they took is
known to the metrics already and read from them when somebody asks. Only what no
metric has, the runs by their number of rows, is tallied, once a run. Pure.
"""

from collections.abc import Callable, Mapping
from time import time
from typing import Any

Spent = tuple[float, float]
"""How often something happened, and how many seconds that took in all."""

NEVER: Spent = (0, 0.0)

STAGES = {"queue": "queue", "compute_input": "assemble", "compute_infer": "inference", "compute_output": "encode"}
"""Triton's words for the stages of our metrics."""
ENDINGS = {"success": ("success",), "fail": ("client_error", "server_error")}
"""And for the outcomes of requests."""

NANOSECONDS = 1e9
MILLISECONDS = 1e3


class Tally:
    """Runs of a model that gave an answer, by how many rows they had without padding."""

    def __init__(self, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._runs: dict[int, list[float]] = {}
        self.last_run = 0.0
        """When the last run ended, in seconds since the epoch; zero before the first."""

    def ran(self, rows: int, assemble_seconds: float, run_seconds: float) -> None:
        self.last_run = self._clock()
        sums = self._runs.get(rows)
        if sums is None:
            sums = self._runs[rows] = [0, 0.0, 0.0]
        sums[0] += 1
        sums[1] += assemble_seconds
        sums[2] += run_seconds

    @property
    def runs(self) -> int:
        return int(sum(sums[0] for sums in self._runs.values()))

    @property
    def rows(self) -> int:
        return int(sum(rows * sums[0] for rows, sums in self._runs.items()))

    def by_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "batch_size": rows,
                "compute_input": duration((runs, assemble_seconds)),
                "compute_infer": duration((runs, run_seconds)),
                # Rows are handed out and written request by request: a batch has no such time of its own.
                "compute_output": duration((runs, 0.0)),
            }
            for rows, (runs, assemble_seconds, run_seconds) in sorted(self._runs.items())
        ]


def describe(name: str, version: str, tally: Tally, spent: Mapping[str, Spent]) -> dict[str, Any]:
    """Write the statistics of one version; `spent` has Triton's words for what requests spend time on.

    A model that runs its requests itself has no tally: each counts as a run of one.
    """
    succeeded = int(spent.get("success", NEVER)[0])
    has_runs = tally.runs > 0
    words = ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss")
    return {
        "name": name,
        "version": version,
        "last_inference": int(tally.last_run * MILLISECONDS),
        "inference_count": tally.rows if has_runs else succeeded,
        "execution_count": tally.runs if has_runs else succeeded,
        "inference_stats": {word: duration(spent.get(word, NEVER)) for word in words},
        "batch_stats": tally.by_rows(),
    }


def duration(spent: Spent) -> dict[str, int]:
    count, seconds = spent
    return {"count": int(count), "ns": round(seconds * NANOSECONDS)}
