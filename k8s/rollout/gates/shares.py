"""Judge shares: bad ones of all, by exact bounds of the binomial distribution.

Where less is worse, as of accuracy, what is compared is what is missing: 95 %
right are 5 % wrong, and `worse_times: 2` allows 10 % wrong.
"""

from dataclasses import dataclass

from k8s.rollout.gates.evidence import Evidence, Seen
from k8s.rollout.gates.finding import Judgement
from k8s.rollout.gates.reading import NoNumber, NotThere, Reading
from k8s.rollout.gates.statistics import chance_of, excess, keeps
from k8s.rollout.gates.subject import Subject
from k8s.rollout.gates.words import shown, too_few


@dataclass(frozen=True, slots=True)
class Counted:
    """So many bad ones of so many."""

    bad: float
    total: float

    @property
    def share(self) -> float:
        return self.bad / self.total


def see(subject: Subject) -> Seen:
    """Judge a share of two counted questions."""
    if "served" in subject.measure.asks:
        _told_apart(subject)
    here = _counted(subject, subject.here)
    there = _counted(subject, subject.there) if subject.is_relative and subject.there else None
    return judged(subject, here, there)


def _counted(subject: Subject, reading: Reading) -> Counted:
    name, of = subject.measure.asks[:2]
    total = reading.counted(of)
    counted = min(reading.counted(name), total)
    return Counted(counted if subject.measure.more_is_worse else total - counted, total)


def _told_apart(subject: Subject) -> None:
    """Labels carry the version that they are about, and nothing else of who answered."""
    if subject.there is None:
        return
    versions = [
        {(sample.labels.get("model_name"), sample.labels.get("model_version")) for sample in reading.rows("served")}
        for reading in (subject.here, subject.there)
    ]
    if versions[0] <= versions[1]:
        both = ", ".join(sorted(f"{version} of {name}" for name, version in versions[0]))
        raise NotThere(
            f"both versions serve {both}, so that nobody can tell whose rows the labels are of: "
            "give the new model another version number"
        )


def judged(subject: Subject, here: Counted, there: Counted | None) -> Seen:
    """Judge counts that are there."""
    if here.total < 1:
        raise NotThere(f"there were no {subject.measure.of} to the {subject.here.side} version")
    if subject.is_relative and (there is None or there.total < 1):
        raise NoNumber(f"there were no {subject.measure.of} to the stable version to compare with")
    evidence = []
    bound = subject.bound
    if bound is not None:
        most = bound if subject.measure.more_is_worse else 1 - bound
        evidence.append(_absolute(subject, here, most, bound))
    if there is not None:
        evidence.append(_relative(subject, here, there))
    return Seen(
        value=_as_told(subject, here.share),
        samples=round(here.total),
        evidence=tuple(evidence),
        stable=_as_told(subject, there.share) if there else None,
    )


def _absolute(subject: Subject, here: Counted, most: float, bound: float) -> Evidence:
    alike = subject.alike
    is_worse = chance_of(here.bad / alike, here.total / alike, most) < 1 - subject.confidence
    words = f"{shown(bound, subject.measure.unit)} is the {'most' if subject.measure.more_is_worse else 'least'}"
    return _evidence(subject, here, most, bound, words, is_worse=is_worse)


def _relative(subject: Subject, here: Counted, there: Counted) -> Evidence:
    alike = subject.alike
    counts = [(each.bad / alike, each.total / alike) for each in (here, there)]
    is_worse = excess(counts[0], counts[1], subject.times, subject.more, subject.confidence) > 0
    most = subject.times * there.share + subject.more
    limit = _as_told(subject, most)
    side = "most" if subject.measure.more_is_worse else "least"
    stable = shown(_as_told(subject, there.share), subject.measure.unit)
    words = f"{shown(limit, subject.measure.unit)} is the {side} beside the stable version's {stable}"
    if not is_worse and there.total < subject.minimum:
        return Evidence(Judgement.INCONCLUSIVE, limit, too_few(subject, there.total, "stable"))
    return _evidence(subject, here, most, limit, words, is_worse=is_worse)


def _evidence(subject: Subject, here: Counted, most: float, limit: float, words: str, *, is_worse: bool) -> Evidence:
    if is_worse:
        return Evidence(Judgement.FAILED, limit, words)
    if here.total < subject.minimum:
        return Evidence(Judgement.INCONCLUSIVE, limit, too_few(subject, here.total, subject.here.side))
    if not keeps(here.bad, here.total, most):
        return Evidence(Judgement.INCONCLUSIVE, limit, f"{words}, and that may still be chance")
    return Evidence(Judgement.PASSED, limit, words if here.share <= most else f"{words}, and so few do not break it")


def _as_told(subject: Subject, share: float) -> float:
    return share if subject.measure.more_is_worse else 1 - share
