"""The best classes of an output instead of the output: Triton's classification extension.

Each is written as Triton does, "score:index" or "score:index:label", best first.
An output of rows is judged row by row, any other as a whole. Of equal scores
the lower index comes first; NaN is the worst of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from serving.datatypes import NAMES
from serving.errors import InvalidRequest

KINDS = "iufV"
"""numpy's kinds of datatypes that have an order of scores; V is bfloat16."""
NO_SCORES = ("BOOL", "BYTES")


@dataclass(frozen=True, slots=True)
class TopClasses:
    """How many classes of an output its caller wants, and what they are called."""

    count: int
    labels: Sequence[str] = ()
    rows: int | None = None
    """How many rows the request had, or None where the model has none."""

    def of(self, name: str, scores: np.ndarray) -> np.ndarray:
        """Give the classes as BYTES of shape [rows, count], or [count]; raises InvalidRequest where there are none."""
        if scores.dtype.kind not in KINDS:
            raise no_scores(name, NAMES[scores.dtype])
        if self.rows is None or scores.shape[:1] != (self.rows,):
            classes: np.ndarray = self._best(scores.reshape(1, -1))[0]
            return classes
        return self._best(scores.reshape(self.rows, -1))

    def _best(self, scores: np.ndarray) -> np.ndarray:
        count = min(self.count, scores.shape[1])
        chosen = np.empty((len(scores), count), dtype=np.object_)
        for row, order in enumerate(_descending(scores)[:, :count]):
            for place, index in enumerate(order.tolist()):
                chosen[row, place] = self._said(scores[row, index], index)
        return chosen

    def _said(self, score: np.generic, index: int) -> bytes:
        # C++'s std::to_string, which Triton writes with: six decimals for what is floating.
        said = f"{int(score)}" if score.dtype.kind in "iu" else f"{float(score):f}"
        label = f":{self.labels[index]}" if index < len(self.labels) else ""
        return f"{said}:{index}{label}".encode()


def no_scores(name: str, datatype: str) -> InvalidRequest:
    return InvalidRequest(
        f"output {name!r} is {datatype}, which has no classes: parameter 'classification' needs numbers"
    )


def _descending(scores: np.ndarray) -> np.ndarray:
    """Order the indices of each row; a stable sort of the mirrored row keeps ties in order."""
    if scores.dtype.kind not in "iu":
        scores = scores.astype(np.float64)
        scores[np.isnan(scores)] = -np.inf
    mirrored = np.argsort(scores[:, ::-1], axis=1, kind="stable")
    order: np.ndarray = scores.shape[1] - 1 - mirrored[:, ::-1]
    return order
