"""What each question was answered with before: a server that answers otherwise now has mixed something up.

For models that answer the same question the same way, as `repeatable.py`
tries before the load begins. A version is compared with itself alone, and a
protocol that tells no version with the first answer. Numbers with a point may
differ by what batches of other sizes make of their last digits. Keeps a bounded
number of them, and forgets none.
"""

from typing import Any

import numpy as np

from loadtests.requests.answer import Answer
from loadtests.requests.datatypes import FLOATING

ROOM = {"FP16": 5e-2, "BF16": 1e-1}
FINE_ROOM = 1e-2
"""By how much a number may be off, as a share of the largest of its tensor: what batches of other sizes do to it."""
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
        is_rounded = False
        unlike = ""
        for name, datatype, shape, values in answer.outputs:
            before = kept.get(name)
            if before is None or before[0] != shape:
                return _told(name, answer)
            if _same(before[1], values):
                continue
            if not _is_floating(datatype, values):
                unlike = name
            elif _near(datatype, before[1], values):
                is_rounded = True
            else:
                return _told(name, answer)
        # A class may flip where the numbers that it is made of differ in their last digits.
        return _told(unlike, answer) if unlike and not is_rounded else ""


def _own(answer: Answer) -> Kept:
    # A view would hold the whole body.
    return {
        output.name: (output.shape, output.values.copy() if isinstance(output.values, np.ndarray) else output.values)
        for output in answer.outputs
    }


def _same(before: Any, values: Any) -> bool:
    if not isinstance(values, np.ndarray):
        return bool(before == values)
    # Nearly always the bytes are the same, and to compare these costs a tenth.
    if before.dtype == values.dtype and before.tobytes() == values.tobytes():
        return True
    return bool(np.array_equal(before, values))


def _is_floating(datatype: str, values: Any) -> bool:
    if datatype:
        return datatype in FLOATING
    return all(type(value) is float for value in values)


def _near(datatype: str, before: Any, values: Any) -> bool:
    one, other = np.asarray(before, dtype=np.float64), np.asarray(values, dtype=np.float64)
    room = ROOM.get(datatype, FINE_ROOM) * float(np.abs(one).max(initial=0))
    return bool((np.abs(one - other) <= room).all())


def _told(name: str, answer: Answer) -> str:
    of = f" of version {answer.version}" if answer.version else ""
    return f"output {name!r} is not what the same question was answered with before{of}"
