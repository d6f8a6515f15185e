"""Judge how far the canary's answers are distributed from the stable version's, over the same time.

Two things are asked, as of the drift alerts: is the effect large enough (PSI),
and is it more than chance (the PSI of a chi-squared that is exceeded so rarely).
Both sides are seen through the same share of the same callers, so that no
baseline is needed; callers that are sent to one side alone would look like drift.
"""

import math
from collections.abc import Mapping

from k8s.rollout.gates.evidence import Evidence, Seen
from k8s.rollout.gates.finding import Judgement
from k8s.rollout.gates.reading import NoNumber, NotThere, Reading
from k8s.rollout.gates.statistics import chi2_quantile
from k8s.rollout.gates.subject import Subject
from k8s.rollout.gates.words import shown, too_few

SHRINK_ROWS = 10
"""So many rows of both sides' common shape are mixed into each: an empty class does not explode."""


def see(subject: Subject) -> Seen:
    """Judge the distance of two distributions over the same classes."""
    (name,) = subject.measure.asks
    here = _classes(subject.here, name)
    there = _classes(subject.there, name) if subject.there is not None else {}
    rows, stable_rows = sum(here.values()), sum(there.values())
    if rows < 1:
        raise NotThere(f"there were no rows to the {subject.here.side} version")
    if stable_rows < 1:
        raise NoNumber("there were no rows to the stable version to compare with")
    limit = subject.more
    distance = psi(here, there)
    freedom = max(sum(1 for one in {*here, *there} if here.get(one, 0) + there.get(one, 0) > 0) - 1, 1)
    unit = subject.alike * (1 / rows + 1 / stable_rows)
    chance = chi2_quantile(freedom, subject.confidence) * unit
    evidence = _held(subject, (rows, stable_rows), distance, limit, chance, freedom * unit)
    return Seen(distance, round(rows), (evidence,))


def _classes(reading: Reading, name: str) -> Mapping[str, float]:
    seen_part = reading.seen_part
    return {one: max(count, 0.0) * seen_part for one, count in reading.numbers(name, "class").items()}


def psi(here: Mapping[str, float], there: Mapping[str, float]) -> float:
    """The population stability index of two sets of counts, both drawn a little towards what they have in common."""
    rows, stable_rows = sum(here.values()), sum(there.values())
    distance = 0.0
    for one in {*here, *there}:
        common = (here.get(one, 0.0) + there.get(one, 0.0)) / (rows + stable_rows)
        if common <= 0:
            continue
        live, usual = (
            (counts.get(one, 0.0) + SHRINK_ROWS * common) / (total + SHRINK_ROWS)
            for counts, total in ((here, rows), (there, stable_rows))
        )
        distance += (live - usual) * math.log(live / usual)
    return distance


def _held(
    subject: Subject, rows: tuple[float, float], distance: float, limit: float, chance: float, usual: float
) -> Evidence:
    """`chance` is what chance alone does not reach, `usual` what it does on average."""
    words = f"a PSI of {shown(limit, '')} is the most beside the stable version"
    if distance > limit + usual and distance > chance:
        return Evidence(Judgement.FAILED, limit, words)
    for count, side in zip(rows, (subject.here.side, "stable"), strict=True):
        if count < subject.minimum:
            return Evidence(Judgement.INCONCLUSIVE, limit, too_few(subject, count, side))
    if distance - usual > limit:
        return Evidence(Judgement.INCONCLUSIVE, limit, f"{words}, and that may still be chance")
    return Evidence(Judgement.PASSED, limit, words)
