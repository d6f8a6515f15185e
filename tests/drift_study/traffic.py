"""Which rows come in a window: at random, in runs, again and again, or by the hour.

Pure: gives the numbers of rows of a pool as [windows, rows]. What the rows are,
others know; only their classes matter here.
"""

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
Random = np.random.Generator


def independent(pool: int, windows: int, rows: int, random: Random) -> Rows:
    """Each row whatever came before."""
    return random.integers(0, pool, (windows, rows))


def runs_of_a_class(labels: Rows, windows: int, rows: int, length: float, random: Random) -> Rows:
    """Rows of one class after each other, `length` on average: a batch of forms that are alike."""
    begins = random.random((windows, rows)) < 1 / length
    begins[:, 0] = True
    classes = np.sort(np.unique(labels))
    # The classes of runs come as often as those of rows do.
    of_run = random.choice(len(classes), (windows, rows), p=np.array([(labels == each).mean() for each in classes]))
    run = np.maximum.accumulate(np.where(begins, np.arange(rows), 0), axis=1)
    return _of_classes(labels, classes, np.take_along_axis(of_run, run, axis=1), random)


def copies(pool: int, windows: int, rows: int, times: int, random: Random) -> Rows:
    """Each row so many times in a row: a caller who asks again, a camera that looks at one thing."""
    few = random.integers(0, pool, (windows, -(-rows // times)))
    return np.repeat(few, times, axis=1)[:, :rows]


def by_the_hour(labels: Rows, windows: int, rows: int, swing: float, random: Random) -> Rows:
    """Windows at any hour of a day in which each class comes more and less often by `swing`, at hours of its own."""
    classes = np.sort(np.unique(labels))
    usual = np.array([(labels == each).mean() for each in classes])
    hours = 2 * np.pi * random.random((windows, 1))
    weights = usual * (1 + swing * np.sin(hours + 2 * np.pi * np.arange(len(classes)) / len(classes)))
    edges = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    drawn = random.random((windows, rows))
    which = (drawn[:, :, np.newaxis] > edges[:, np.newaxis, :-1]).sum(axis=2)
    return _of_classes(labels, classes, which, random)


def with_more_of(labels: Rows, windows: int, rows: int, label: int, times: float, random: Random) -> Rows:
    """Rows of one class so many times as often as in the pool."""
    weights = np.where(labels == label, times, 1.0)
    return random.choice(len(labels), (windows, rows), p=weights / weights.sum())


def _of_classes(labels: Rows, classes: Rows, which: Rows, random: Random) -> Rows:
    """Draw a row of the class that is asked for in each place."""
    order = np.argsort(labels, kind="stable")
    counts = np.array([(labels == each).sum() for each in classes])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.asarray(order[starts[which] + (random.random(which.shape) * counts[which]).astype(np.int64)])
