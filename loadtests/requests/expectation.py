"""What each question was answered with before: a server that answers otherwise now has mixed something up.

For models that answer the same question the same way, as `repeatable.py`
tries before the load begins. A version is compared with itself alone, and a
protocol that tells no version with the first answer. Numbers with a point may
differ by what batches of other sizes make of their last digits. Holds a bounded
number of bytes, and forgets nothing.
"""

from typing import Any

import numpy as np

from loadtests.requests.answer import Answer
from loadtests.requests.datatypes import FLOATING

RELATIVE = {"FP16": 2e-2, "BF16": 6e-2}
FINE_RELATIVE = 1e-3
ABSOLUTE = {"FP16": 1e-2, "BF16": 3e-2}
FINE_ABSOLUTE = 1e-4
MOST_ELEMENTS = 2**20
"""Elements of all answers kept: what takes 32 MiB as Python's numbers."""

Kept = dict[str, tuple[tuple[int, ...], Any]]


class Expectation:
    """The first answers to the questions of one kind, by version."""

    def __init__(self, most_elements: int = MOST_ELEMENTS) -> None:
        self._kept: dict[tuple[int, str], Kept] = {}
        self._room = most_elements

    def differs(self, key: int, answer: Answer) -> str:
        """Say in what an answer is unlike the first to the same question of the same version; keep it if it is that."""
        kept = self._kept.get((key, answer.version))
        if kept is None:
            size = sum(len(output.values) for output in answer.outputs)
            if size <= self._room:
                self._room -= size
                self._kept[key, answer.version] = _own(answer)
            return ""
        for name, datatype, shape, values in answer.outputs:
            before = kept.get(name)
            if before is None or before[0] != shape or not _alike(datatype, before[1], values):
                of = f" of version {answer.version}" if answer.version else ""
                return f"output {name!r} is not what the same question was answered with before{of}"
        return ""


def _own(answer: Answer) -> Kept:
    # A view would hold the whole body.
    return {
        output.name: (output.shape, output.values.copy() if isinstance(output.values, np.ndarray) else output.values)
        for output in answer.outputs
    }


def _alike(datatype: str, before: Any, values: Any) -> bool:
    if isinstance(values, np.ndarray):
        if np.array_equal(before, values):
            return True
    elif before == values:
        return True
    if datatype not in FLOATING and not (datatype == "" and all(type(value) is float for value in values)):
        return False
    one, other = np.asarray(before, dtype=np.float64), np.asarray(values, dtype=np.float64)
    relative, absolute = RELATIVE.get(datatype, FINE_RELATIVE), ABSOLUTE.get(datatype, FINE_ABSOLUTE)
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=relative, atol=absolute))
