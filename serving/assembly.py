"""Rows of several requests to one batch, and the batch's outputs back to rows.

Pure functions of arrays: the one place that knows where in a batch a request's
rows lie, and how a request too large for one batch is parted.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from serving.errors import ModelFailed
from serving.signature import Tensors


def assemble(requests: Sequence[Tensors], rows: Sequence[int], bucket: int) -> Tensors:
    """Join requests of `rows` rows each, and pad them to `bucket` rows.

    The padding repeats a row of the batch: unlike zeros, it cannot make the
    model refuse what its callers sent.
    """
    if len(requests) == 1 and rows[0] == bucket:
        return requests[0]
    joined: Tensors = {}
    for name, first in requests[0].items():
        array = np.empty((bucket, *first.shape[1:]), dtype=first.dtype)
        at = 0
        for tensors, count in zip(requests, rows, strict=True):
            array[at : at + count] = tensors[name]
            at += count
        array[at:] = first[0]
        joined[name] = array
    return joined


def scatter(outputs: Tensors, rows: Sequence[int], bucket: int) -> list[Tensors]:
    """Cut the outputs of a batch into each request's own, as views.

    Raises ModelFailed where the outputs do not have a row for each row.
    """
    for name, array in outputs.items():
        if array.ndim == 0 or array.shape[0] != bucket:
            raise ModelFailed(
                f"output {name!r} has shape {list(array.shape)} for a batch of {bucket} rows, "
                "so its rows cannot be given to their callers"
            )
    cuts, at = [], 0
    for count in rows:
        cuts.append({name: array[at : at + count] for name, array in outputs.items()})
        at += count
    return cuts


def cut(tensors: Tensors, rows: int, max_rows: int) -> Iterator[tuple[Tensors, int]]:
    """Part a request into pieces of at most `max_rows` rows, as views; gives each with its rows."""
    for at in range(0, rows, max_rows):
        yield {name: tensor[at : at + max_rows] for name, tensor in tensors.items()}, min(max_rows, rows - at)


def join(outputs: Sequence[Tensors]) -> Tensors:
    """Put the outputs of a request's pieces together; raises ModelFailed where their shapes differ."""
    try:
        return {name: np.concatenate([output[name] for output in outputs]) for name in outputs[0]}
    except ValueError:
        raise ModelFailed(
            f"the request was run in {len(outputs)} parts, whose outputs differ in shape and cannot be joined"
        ) from None
