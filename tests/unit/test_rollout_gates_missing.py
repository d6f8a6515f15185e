"""Whatever is missing of a window in which all is well: no gate that needs it passes."""

import math

import pytest

from k8s.rollout.gates.ask import ALWAYS, questions_of
from k8s.rollout.gates.defaults import defaults
from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.gates.judge import judge
from k8s.rollout.gates.sample import Answers, Question, Sample
from k8s.rollout.side import Side
from tests.rollout_answers import BOTH, CONFIDENCE, PROMISE
from tests.rollout_study.faults import WELL
from tests.rollout_study.world import World

GATES = defaults(PROMISE)
WINDOW = 600.0
BESIDE = {(Side.CANARY, "served"), (Side.STABLE, "served"), (Side.STABLE, "pods")}
"""No number is taken from these: a version is there or not, and the stable version's pods are nobody's condition."""


def good() -> dict[Question, list[Sample]]:
    world = World(50, WELL, WELL, (2,))
    for _ in range(40):
        world.go_on(50)
    return world.answers(WINDOW, BOTH)


GOOD = good()


def judged(answers: Answers) -> dict[str, Finding]:
    found = judge(
        GATES, answers, sides=BOTH, window_seconds=WINDOW, confidence=CONFIDENCE, promise=PROMISE, pods={Side.CANARY: 2}
    )
    return {finding.gate: finding for finding in found}


def needing(name: str, side: Side) -> set[str]:
    """The gates that cannot judge without it."""
    return {
        gate.measure
        for gate in GATES
        if name in (*ALWAYS, *questions_of(gate))
        and (side is Side.CANARY or gate.worse_by is not None or gate.worse_times is not None or name == "scrapes")
    }


def test_all_is_well() -> None:
    found = judged(GOOD)
    assert set(found) == {gate.measure for gate in GATES}
    assert {finding.judgement for finding in found.values()} == {Judgement.PASSED}, found


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf], ids=["none", "nan", "inf", "-inf"])
@pytest.mark.parametrize(("side", "name"), sorted(question for question in GOOD if question not in BESIDE))
def test_what_is_missing_is_never_passed(side: Side, name: str, value: float | None) -> None:
    samples = [] if value is None else [Sample(sample.labels, value) for sample in GOOD[side, name]]
    found = judged({**GOOD, (side, name): samples})
    passed = {gate for gate, finding in found.items() if finding.judgement is Judgement.PASSED}
    assert not passed & needing(name, side), {gate: found[gate] for gate in passed & needing(name, side)}
    assert Judgement.FAILED not in {finding.judgement for finding in found.values()}
