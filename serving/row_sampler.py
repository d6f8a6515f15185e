"""Which rows of a batch are looked at closely: so many a second, spread evenly.

What a second leaves over is kept for the next, up to a second's worth. Where
less than half of that is left each batch gives the same share of its rows, or
small batches would be seen far more than large ones. Within a batch rows are
taken at even distances from a place that moves on with each batch, so that
callers who send their rows in one order are not always seen by the same ones.
Pure: the clock is passed in.
"""

import numpy as np
import numpy.typing as npt

GOLDEN = 0.6180339887498949
"""A step round the circle that comes near every point of it before it comes back."""


class RowSampler:
    """How many rows of each batch may be looked at."""

    def __init__(self, rows_per_second: float, now: float) -> None:
        self._rate = rows_per_second
        # A row can only be taken whole, however seldom.
        self._most = max(rows_per_second, 1.0)
        self._allowed = self._most
        self._owed = 0.0
        """The part of a row that batches before this one gave too little."""
        self._then = now

    def take(self, rows: int, now: float) -> int:
        """Take as many of these rows as are allowed."""
        allowed = self._allowed + (now - self._then) * self._rate
        self._then = now
        if allowed > self._most:
            allowed = self._most
        # The fewer are left, the smaller the share: it settles where as many are taken as come to be allowed.
        share = 2 * allowed / self._most
        if share >= 1:
            taken = rows if rows <= allowed else int(allowed)
        else:
            wanted = min(self._owed, 1.0) + rows * share
            taken = min(int(wanted), rows, int(allowed))
            self._owed = wanted - taken
        self._allowed = allowed - taken
        return taken


def spread(rows: int, taken: int, turn: int) -> npt.NDArray[np.int64]:
    """Choose `taken` of `rows` rows at even distances, in order; other ones at each turn."""
    phase = turn * GOLDEN % 1.0
    places = ((np.arange(taken) + phase) * (rows / taken)).astype(np.int64)
    return np.minimum(places, rows - 1)
