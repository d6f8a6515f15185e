"""Conclude from the answers of Prometheus what each gate says of one window.

FAILED where it is sure that a limit is broken, PASSED where every limit is kept
by enough samples (or broken by no more than the limit itself often brings), else
INCONCLUSIVE: so is whatever is missing, no number, or of too few scrapes. A gate
that is `optional` is left out while it has no data or less than its minimum.
Where one side alone is looked at it is held against the absolute limits, and
gates without such are left out. Pure.
"""

from collections.abc import Callable, Iterable, Mapping

from k8s.rollout.gates import classes, growth, levels, means, quantiles, shares
from k8s.rollout.gates.ask import name_of
from k8s.rollout.gates.evidence import Evidence, Seen
from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.gates.measures import MEASURES, Kind, Measure
from k8s.rollout.gates.reading import NoNumber, NotThere, Reading
from k8s.rollout.gates.sample import Answers
from k8s.rollout.gates.subject import Subject
from k8s.rollout.gates.words import shown
from k8s.rollout.plan.form import Gate
from k8s.rollout.side import Side
from monitoring.slo import SCRAPES_PER_WINDOW, Promise

HOW: Mapping[Kind, Callable[[Subject], Seen]] = {
    Kind.SHARE: shares.see,
    Kind.QUANTILE: quantiles.see,
    Kind.WITHIN: quantiles.within,
    Kind.LEVEL: levels.see,
    Kind.CLASSES: classes.see,
    Kind.MEAN: means.see,
    Kind.GROWTH: growth.see,
}
NO_GATE = "gates"
"""The name of the finding where none is left that could be judged."""


def judge(
    gates: Iterable[Gate],
    answers: Answers,
    *,
    sides: Iterable[Side],
    window_seconds: float,
    confidence: float,
    promise: Promise,
    pods: Mapping[Side, int] | None = None,
) -> tuple[Finding, ...]:
    """Judge the canary beside the stable version, or one of them alone; `pods` are those that there must be."""
    looked_at = set(sides)
    side = Side.CANARY if Side.CANARY in looked_at else Side.STABLE
    here = Reading(side, answers)
    there = Reading(Side.STABLE, answers) if looked_at == {Side.CANARY, Side.STABLE} else None
    found = []
    for gate in gates:
        measure = MEASURES[gate.measure]
        subject = Subject(gate, measure, here, there, confidence, promise, window_seconds)
        if there is None and gate.most is None and gate.least is None:
            continue
        finding = _finding(subject, (pods or {}).get(side, 0))
        if finding is not None:
            found.append(finding)
    return tuple(found) or (_nothing(here, there),)


def _nothing(here: Reading, there: Reading | None) -> Finding:
    why = (
        f"no gate has an absolute limit (most, least) to judge the {here.side} version alone by"
        if there is None
        else "every gate is optional, and none has enough data"
    )
    return Finding(NO_GATE, Judgement.INCONCLUSIVE, why)


def _finding(subject: Subject, pods: int) -> Finding | None:
    try:
        _scraped(subject, pods)
        seen = HOW[subject.measure.kind](subject)
    except NotThere as nothing:
        return None if subject.gate.optional else _unknown(subject, str(nothing))
    except NoNumber as wrong:
        return _unknown(subject, str(wrong))
    decisive = min(seen.evidence, key=lambda each: _first(each, subject.measure))
    is_few = seen.samples < subject.minimum and decisive.judgement is Judgement.INCONCLUSIVE
    if subject.gate.optional and is_few:
        return None
    return _told(subject, seen, decisive)


def _scraped(subject: Subject, pods: int) -> None:
    """See that there is a window at all: of both sides, from every pod, of four scrapes."""
    if subject.gate.measure == "query":
        return
    for reading in (subject.here, subject.there):
        if reading is None:
            continue
        if not reading.is_scraped:
            raise NoNumber(
                f"Prometheus has no series of the {reading.side} version within the window: is it scraped, "
                "and with the labels that the chart's monitor sets?"
            )
        if reading.scrapes < SCRAPES_PER_WINDOW:
            raise NoNumber(
                f"the {reading.side} version was scraped {reading.scrapes} times within the window so far, "
                f"and {SCRAPES_PER_WINDOW} are needed"
            )
    if subject.here.pods < pods:
        raise NoNumber(f"Prometheus scrapes {subject.here.pods} of the {pods} pods of the {subject.here.side} version")


def _first(evidence: Evidence, measure: Measure) -> tuple[int, float]:
    """What failed decides, then what is not sure, then the strictest limit."""
    order = (Judgement.FAILED, Judgement.INCONCLUSIVE, Judgement.PASSED)
    return order.index(evidence.judgement), evidence.limit if measure.more_is_worse else -evidence.limit


def _unknown(subject: Subject, why: str) -> Finding:
    return Finding(name_of(subject.gate), Judgement.INCONCLUSIVE, why, unit=subject.measure.unit)


def _told(subject: Subject, seen: Seen, decisive: Evidence) -> Finding:
    unit, of = subject.measure.unit, subject.measure.of
    counted = f" of {seen.samples:,} {of}" if unit == "ratio" and of != "scrapes" else ""
    value = seen.value
    is_canary = subject.here.side is Side.CANARY
    return Finding(
        gate=name_of(subject.gate),
        judgement=decisive.judgement,
        sentence=f"{shown(value, unit)}{counted}; {decisive.words}",
        canary=value if is_canary else None,
        stable=seen.stable if is_canary else value,
        limit=decisive.limit,
        unit=unit,
        samples=seen.samples,
    )
