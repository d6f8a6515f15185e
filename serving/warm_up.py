"""Run every batch size before the first caller does.

The first runs of a graph are tens of times slower than the rest. Warm-up takes
that cost before the model is called ready, fills the latency table, and finds
out whether the rows of a batch really come out as rows, which a signature
alone does not prove.
"""

from dataclasses import dataclass
from math import inf
from time import perf_counter

import numpy as np

from serving.datatypes import BYTES
from serving.errors import InvalidRequest
from serving.lane import Run
from serving.latency import LatencyTable
from serving.signature import UNKNOWN, Signature, Tensors

TIMED_RUNS = 3
SLOW_SECONDS = 0.5
"""A model slower than this is timed once a bucket: start-up matters more than precision."""


@dataclass(frozen=True, slots=True)
class Warmth:
    """What warm-up found out."""

    is_batched: bool
    seconds: float
    note: str = ""
    """Why the model is served otherwise than its signature suggests; empty when it is not."""


def warm_up(run: Run, signature: Signature, latency: LatencyTable, buckets: tuple[int, ...]) -> Warmth:
    """Run made-up rows through every bucket; raises ModelFailed where the model does."""
    started = perf_counter()
    is_batched, note = signature.is_batched, ""
    try:
        for bucket in buckets if signature.is_batched else buckets[:1]:
            outputs = _time(run, synthetic(signature, bucket), bucket, latency)
            strange = _not_rows(outputs, bucket) if is_batched else None
            if strange is not None:
                is_batched = False
                note = f"output {strange!r} does not have a row for each row of the input, so requests run alone"
                break
    except InvalidRequest as error:
        # Zeros may be no valid input at all; the model may still serve real ones.
        note = f"warm-up input was refused: {error}"
        # Where one row was taken and more were not, it is their number that the model refuses.
        is_batched = is_batched and latency.seconds(buckets[0]) == inf
    return Warmth(is_batched, perf_counter() - started, note)


def synthetic(signature: Signature, rows: int) -> Tensors:
    """Make zeros, or empty strings, with one of each dimension that the model leaves open."""
    tensors: Tensors = {}
    for spec in signature.inputs:
        shape = [1 if size == UNKNOWN else size for size in spec.shape or ()]
        if signature.is_batched:
            shape[0] = rows
        fill: object = b"" if spec.datatype == BYTES else 0
        tensors[spec.name] = np.full(shape, fill, dtype=spec.dtype)
    return tensors


def _time(run: Run, tensors: Tensors, bucket: int, latency: LatencyTable) -> Tensors:
    began = perf_counter()
    outputs = run(tensors)
    first = perf_counter() - began
    durations = []
    for _ in range(1 if first > SLOW_SECONDS else TIMED_RUNS):
        began = perf_counter()
        run(tensors)
        durations.append(perf_counter() - began)
    latency.calibrate(bucket, sorted(durations)[len(durations) // 2])
    return outputs


def _not_rows(outputs: Tensors, rows: int) -> str | None:
    for name, array in outputs.items():
        if array.ndim == 0 or array.shape[0] != rows:
            return name
    return None
