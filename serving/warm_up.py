"""Run every batch size before the first caller does.

The first runs of a graph are tens of times slower than the rest. Warm-up takes
that cost before the model is called ready, with requests that the model brings
along or with made-up rows, fills the latency table, and finds
out whether the rows of a batch really come out as rows, each the same as it
would alone, which a signature does not prove.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from time import perf_counter
from typing import Any

import numpy as np

from serving.datatypes import BYTES
from serving.device import Run
from serving.errors import InvalidRequest, ServingError
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
    replayed: int = 0
    """Requests of the file that the model took."""


def warm_up(
    run: Run, signature: Signature, latency: LatencyTable, buckets: tuple[int, ...], requests: Sequence[Tensors] = ()
) -> Warmth:
    """Run every bucket with rows of the `requests`, or else made-up ones; raises ModelFailed where the model does."""
    started = perf_counter()
    is_batched, note = signature.is_batched, ""
    taken = [request for request in requests if _is_taken(run, request)]
    rows = _rows_of(taken, signature)
    try:
        for bucket in buckets if signature.is_batched else buckets[:1]:
            outputs = _time(run, rows(bucket), bucket, latency)
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
        # Nor is it known then whether an output of any rank has rows.
        is_batched = is_batched and all(spec.shape is not None for spec in signature.outputs)
    if is_batched and len(buckets) > 1 and not rows_are_independent(run, *_two_rows(taken, signature)):
        is_batched = False
        note = "the outputs of a row depend on the rows beside it, so requests run alone"
    return Warmth(is_batched, perf_counter() - started, note, len(taken))


def _is_taken(run: Run, request: Tensors) -> bool:
    """Run a request of the file as it is: one that the model does not take teaches nothing."""
    try:
        run(request)
    except ServingError:
        return False
    return True


def _rows_of(requests: Sequence[Tensors], signature: Signature) -> Callable[[int], Tensors]:
    """Make batches of any size out of the requests' rows, over and over, or of made-up ones."""
    if not requests:
        return partial(synthetic, signature)
    if not signature.is_batched:
        return lambda _rows: requests[0]
    alike = _alike(requests)
    return lambda rows: {name: np.take(together, range(rows), axis=0, mode="wrap") for name, together in alike.items()}


def _alike(requests: Sequence[Tensors]) -> Tensors:
    """Join the rows of one shape, of which there are the most: only those can share a batch."""
    by_shape = defaultdict[Any, list[Tensors]](list)
    for request in requests:
        by_shape[tuple((name, request[name].shape[1:]) for name in sorted(request))].append(request)
    most = max(by_shape.values(), key=lambda group: sum(len(next(iter(request.values()))) for request in group))
    return {name: np.concatenate([request[name] for request in most]) for name in most[0]}


def _two_rows(requests: Sequence[Tensors], signature: Signature) -> tuple[Tensors, Tensors]:
    """Give two rows that differ: of the requests if there are such, else made-up ones."""
    if requests:
        alike = _alike(requests)
        first = {name: array[:1] for name, array in alike.items()}
        for row in range(1, len(next(iter(alike.values())))):
            other = {name: array[row : row + 1] for name, array in alike.items()}
            if any(not np.array_equal(first[name], other[name]) for name in first):
                return first, other
    return synthetic(signature, 1, 1), synthetic(signature, 1, 2)


def synthetic(signature: Signature, rows: int, value: int = 0) -> Tensors:
    """Make rows of one number, or strings so long, with one of each dimension that the model leaves open."""
    tensors: Tensors = {}
    for spec in signature.inputs:
        shape = [1 if size == UNKNOWN else size for size in spec.shape or ()]
        if signature.is_batched:
            shape[0] = rows
        fill: object = b"a" * value if spec.datatype == BYTES else value
        tensors[spec.name] = np.full(shape, fill, dtype=spec.dtype)
    return tensors


def rows_are_independent(run: Run, ones: Tensors, twos: Tensors) -> bool:
    """Run two different rows alone and together: a caller must not hear of its neighbours.

    A model that cannot be tried so, because it takes neither or answers the same
    row in two ways, is believed.
    """
    try:
        alone = run(ones), run(twos)
        again = run(ones), run(twos)
        together = run({name: np.concatenate([ones[name], twos[name]]) for name in ones})
    except ServingError:
        return True
    if any(_not_rows(outputs, 1) for outputs in alone + again) or _not_rows(together, 2):
        return False
    # Where there are numbers to compare, a class is left out: a tie may fall either way.
    floating = [name for name, array in together.items() if _is_floating(array)]
    for name in floating or together:
        for row in (0, 1):
            expected = alone[row][name]
            if _agree(expected, again[row][name]) and not _agree(expected, together[name][row : row + 1]):
                return False
    return True


def _agree(one: np.ndarray, other: np.ndarray) -> bool:
    """Compare two answers to one row, leaving room for sums taken in another order."""
    if one.shape != other.shape or not _is_floating(one):
        return bool(np.array_equal(one, other))
    one, other = one.astype(np.float64), other.astype(np.float64)
    room = 1e-3 * max(1.0, float(np.abs(np.nan_to_num(one)).max(initial=0.0)))
    return bool(np.allclose(one, other, rtol=0.05, atol=room, equal_nan=True))


def _is_floating(array: np.ndarray) -> bool:
    return array.dtype.kind in "fV"  # numpy calls bfloat16 V


def _time(run: Run, tensors: Tensors, bucket: int, latency: LatencyTable) -> Tensors:
    began = perf_counter()
    outputs = run(tensors)
    first = perf_counter() - began
    durations = []
    for _ in range(1 if first > SLOW_SECONDS else TIMED_RUNS):
        began = perf_counter()
        run(tensors)
        durations.append(perf_counter() - began)
    latency.calibrate(bucket, durations)
    return outputs


def _not_rows(outputs: Tensors, rows: int) -> str | None:
    for name, array in outputs.items():
        if array.ndim == 0 or array.shape[0] != rows:
            return name
    return None
