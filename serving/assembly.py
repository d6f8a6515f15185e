"""Rows of several requests to one batch, and the batch's outputs back to rows.

Pure functions of arrays: the one place that knows where in a batch a request's
rows lie.
"""

from collections.abc import Sequence

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
