"""Judge whether memory goes on growing: what leaks does not slow down, and what warms up does.

The window is cut into parts. Where the last of them grow no faster than allowed
it passes; where each has grown, and the last not much less than the first, it
fails; all else waits for a longer window, in which the one becomes flat and the
other does not. So a fresh process is waited for, and a leak is found long
before any limit is.
"""

from collections import defaultdict
from itertools import pairwise

from k8s.rollout.gates.evidence import Evidence, Seen
from k8s.rollout.gates.finding import Judgement
from k8s.rollout.gates.questions import PARTS
from k8s.rollout.gates.reading import NotThere, Reading
from k8s.rollout.gates.subject import Subject
from k8s.rollout.gates.words import shown

LEAST_SECONDS = 180.0
"""Before that a version that warms up cannot be told from one that leaks."""
STEADY = 0.6
"""The last part grows by at least so much of the first where nothing slows down."""
LEAST_GROWN = 0.02
"""Of the memory itself, over the window; less is what allocators do."""
HOUR = 3600.0


def see(subject: Subject) -> Seen:
    """Judge the growth by the hour, as a part of the memory that there is."""
    parts = _parts(subject.here, subject.measure.asks[0])
    seconds = subject.window_seconds / PARTS
    grown = [after - before for before, after in pairwise(parts)]
    hourly = HOUR / seconds / parts[-1]
    late = (parts[-1] - parts[-3]) / 2 * hourly
    limit = subject.gate.most if subject.gate.most is not None else 0.0
    words = f"{shown(limit, 'ratio')} in an hour is the most"
    if late <= limit and grown[-1] * hourly <= limit:
        judgement = Judgement.PASSED
    elif (
        subject.window_seconds >= LEAST_SECONDS
        and min(grown) * hourly > limit
        and grown[-1] >= STEADY * grown[0]
        and parts[-1] - parts[0] > LEAST_GROWN * parts[-1]
    ):
        judgement = Judgement.FAILED
    else:
        judgement, words = Judgement.INCONCLUSIVE, f"{words}, and it may still be warming up"
    return Seen(late, subject.here.looks, (Evidence(judgement, limit, words),))


def _parts(reading: Reading, name: str) -> list[float]:
    """The mean over those pods that were there all the time."""
    by_pod: dict[frozenset[tuple[str, str]], dict[str, float]] = defaultdict(dict)
    for sample in reading.rows(name):
        pod = frozenset((label, value) for label, value in sample.labels.items() if label != "part")
        by_pod[pod][sample.labels.get("part", "")] = sample.value
    whole = [parts for parts in by_pod.values() if len(parts) == PARTS]
    if not whole:
        raise NotThere(f"no pod of the {reading.side} version was scraped through the whole window")
    return [sum(parts[str(number)] for parts in whole) / len(whole) for number in range(1, PARTS + 1)]
