"""Judge the mean of a histogram's values, as confidence: by how far they are spread, from enough of them.

No value is above 1, and what is compared is what is missing, as of shares.
"""

import math
from dataclasses import dataclass

from k8s.rollout.gates.evidence import Evidence, Seen
from k8s.rollout.gates.finding import Judgement
from k8s.rollout.gates.reading import NoNumber, NotThere, Reading
from k8s.rollout.gates.statistics import PLAUSIBLE, normal_quantile
from k8s.rollout.gates.subject import Subject
from k8s.rollout.gates.words import shown, too_few


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of so many values, and how sure it is."""

    value: float
    error: float
    count: float


def see(subject: Subject) -> Seen:
    """Judge a mean, of which less is worse."""
    here = _mean(subject, subject.here)
    if here is None:
        raise NotThere(f"there were no rows to the {subject.here.side} version")
    evidence = []
    there = None
    if subject.bound is not None:
        words = f"{shown(subject.bound, subject.measure.unit)} is the least"
        evidence.append(_held(subject, here, subject.bound, here.error, words))
    if subject.is_relative and subject.there is not None:
        there = _mean(subject, subject.there)
        if there is None:
            raise NoNumber("there were no rows to the stable version to compare with")
        limit = 1 - (subject.times * (1 - there.value) + subject.more)
        stable = shown(there.value, subject.measure.unit)
        words = f"{shown(limit, subject.measure.unit)} is the least beside the stable version's {stable}"
        if there.count < subject.minimum:
            words = too_few(subject, there.count, "stable")
            evidence.append(Evidence(Judgement.INCONCLUSIVE, limit, words))
        else:
            evidence.append(_held(subject, here, limit, math.hypot(here.error, there.error), words))
    return Seen(here.value, round(here.count), tuple(evidence), there.value if there else None)


def _mean(subject: Subject, reading: Reading) -> Mean | None:
    buckets, total = subject.measure.asks
    histogram = reading.histogram(buckets)
    if histogram.total < 1:
        return None
    value = reading.counted(total) / histogram.total
    # Of few values the spread is not known; no number between 0 and 1 spreads wider than this.
    widest = math.sqrt(max(value * (1 - value), 0.0))
    spread = widest if histogram.total < subject.minimum else histogram.spread(value)
    return Mean(value, spread * math.sqrt(subject.alike / histogram.total), histogram.total)


def _held(subject: Subject, here: Mean, limit: float, error: float, words: str) -> Evidence:
    enough = here.count >= subject.minimum
    if enough and limit - here.value > normal_quantile(subject.confidence) * error:
        return Evidence(Judgement.FAILED, limit, words)
    if not enough:
        return Evidence(Judgement.INCONCLUSIVE, limit, too_few(subject, here.count, subject.here.side))
    if limit - here.value > normal_quantile(1 - PLAUSIBLE) * error:
        return Evidence(Judgement.INCONCLUSIVE, limit, f"{words}, and that may still be chance")
    return Evidence(Judgement.PASSED, limit, words)
