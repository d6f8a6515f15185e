"""Judge latency: by the share of requests above a limit, since a quantile itself has no simple bounds.

That p99 is at most 250 ms is that at most 1 % take longer. Against the stable
version the limit is its own quantile, at the upper end of where that may be,
times the factor.
"""

import math

from k8s.rollout.gates.evidence import Evidence, Seen
from k8s.rollout.gates.finding import Judgement
from k8s.rollout.gates.histogram import Histogram
from k8s.rollout.gates.reading import NoNumber, NotThere
from k8s.rollout.gates.shares import Counted, judged
from k8s.rollout.gates.statistics import chance_of, keeps, least_share
from k8s.rollout.gates.subject import Subject
from k8s.rollout.gates.words import shown, too_few


def see(subject: Subject) -> Seen:
    """Judge a quantile of a histogram."""
    (name,) = subject.measure.asks
    here = subject.here.histogram(name)
    if here.total < 1:
        raise NotThere(f"there were no successful requests to the {subject.here.side} version")
    quantile = subject.measure.quantile
    evidence = []
    stable = None
    if subject.bound is not None:
        words = f"{shown(subject.bound, 'seconds')} is the most"
        evidence.append(_held(subject, here, subject.bound, subject.bound, words))
    if subject.is_relative and subject.there is not None:
        there = subject.there.histogram(name)
        if there.total < 1:
            raise NoNumber("there were no successful requests to the stable version to compare with")
        stable = there.quantile(quantile)
        limit = stable * subject.times + subject.more
        words = f"{shown(limit, 'seconds')} is the most beside the stable version's {shown(stable, 'seconds')}"
        sure = limit
        if here.above(limit) > (1 - quantile) * here.total:
            sure = _upper(there, quantile, subject) * subject.times + subject.more
        if there.total < subject.minimum:
            words = too_few(subject, there.total, "stable")
            evidence.append(Evidence(Judgement.INCONCLUSIVE, limit, words))
        else:
            evidence.append(_held(subject, here, limit, sure, words))
    return Seen(here.quantile(quantile), round(here.total), tuple(evidence), stable)


def within(subject: Subject) -> Seen:
    """Judge the share under the promise's threshold, which is a bound of the histogram."""
    (name,) = subject.measure.asks
    threshold = subject.promise.latency.threshold_seconds

    def counted(histogram: Histogram) -> Counted:
        return Counted(histogram.above(threshold), histogram.total)

    here = counted(subject.here.histogram(name))
    there = counted(subject.there.histogram(name)) if subject.is_relative and subject.there else None
    return judged(subject, here, there)


def _upper(there: Histogram, quantile: float, subject: Subject) -> float:
    """The stable version's quantile where it is largest; half as sure as the canary's, since both would have to err."""
    total = there.total / subject.alike
    above = least_share((1 - quantile) * total, total, 1 - math.sqrt(1 - subject.confidence))
    return there.quantile(1 - above)


def _held(subject: Subject, here: Histogram, limit: float, sure: float, words: str) -> Evidence:
    share = 1 - subject.measure.quantile
    last = here.bounds[-2] if len(here.bounds) > 1 else 0.0
    if sure > last and here.above(last) > share * here.total:
        words = f"{words}, and the histogram does not tell times above {shown(last, 'seconds')} apart"
        return Evidence(Judgement.INCONCLUSIVE, limit, words)
    alike = subject.alike
    if chance_of(here.above(sure) / alike, here.total / alike, share) < 1 - subject.confidence:
        return Evidence(Judgement.FAILED, limit, words)
    if here.total < subject.minimum:
        return Evidence(Judgement.INCONCLUSIVE, limit, too_few(subject, here.total, subject.here.side))
    if not keeps(here.above(limit), here.total, share):
        return Evidence(Judgement.INCONCLUSIVE, limit, f"{words}, and that may still be chance")
    is_within = here.above(limit) <= share * here.total
    return Evidence(Judgement.PASSED, limit, words if is_within else f"{words}, and so few do not break it")
