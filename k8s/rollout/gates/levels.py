"""Judge numbers that are no counts: they are means over a whole window already, and are held against their limits."""

from k8s.rollout.gates.ask import questions_of
from k8s.rollout.gates.evidence import Evidence, Seen
from k8s.rollout.gates.finding import Judgement
from k8s.rollout.gates.subject import Subject
from k8s.rollout.gates.words import shown


def see(subject: Subject) -> Seen:
    """Judge one number; of the measure `query` either side may be the worse one."""
    (name,) = questions_of(subject.gate)
    here, unit, gate = subject.here.number(name), subject.measure.unit, subject.gate
    evidence = []
    stable = None
    if gate.most is not None:
        evidence.append(_held(here <= gate.most, gate.most, f"{shown(gate.most, unit)} is the most"))
    if gate.least is not None:
        evidence.append(_held(here >= gate.least, gate.least, f"{shown(gate.least, unit)} is the least"))
    if subject.is_relative and subject.there is not None:
        stable = subject.there.number(name)
        limit = stable * subject.times + subject.more
        words = f"{shown(limit, unit)} is the most beside the stable version's {shown(stable, unit)}"
        evidence.append(_held(here <= limit, limit, words))
    return Seen(here, subject.here.looks, tuple(evidence), stable)


def _held(holds: bool, limit: float, words: str) -> Evidence:
    return Evidence(Judgement.PASSED if holds else Judgement.FAILED, limit, words)
