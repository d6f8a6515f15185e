"""A few rollouts in simulated time: good ones go through, bad ones are taken back, and a seed is a rollout."""

from dataclasses import replace

import pytest

from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Step
from tests.rollout_study.faults import FAULTS, WELL
from tests.rollout_study.rollout import planned, roll_out
from tests.rollout_study.world import Version, World

PLAN = planned(steps=(Step(percent=10), Step(percent=50)))


def test_a_version_as_good_as_the_stable_one_is_promoted() -> None:
    ending = roll_out(PLAN, World(20, WELL, WELL, (3,)))
    assert ending.exit is Exit.PROMOTED, ending.reason


@pytest.mark.parametrize("fault", ["5 % errors", "latency doubled", "a class taken for another"])
def test_a_worse_version_is_taken_back(fault: str) -> None:
    ending = roll_out(PLAN, World(20, FAULTS[fault], WELL, (3,)))
    assert ending.exit is Exit.ABORTED, ending.reason
    assert ending.percent <= 50


def test_too_few_requests_promote_nothing() -> None:
    hurried = planned(steps=(Step(percent=1),))
    ending = roll_out(hurried, World(1, WELL, WELL, (3,)))
    assert ending.exit is Exit.INCONCLUSIVE
    assert "50 are needed" in ending.reason


def test_a_seed_is_a_rollout() -> None:
    noisy = replace(WELL, errors=0.004)

    def again(version: Version) -> tuple[object, float]:
        world = World(20, version, WELL, (5,))
        return roll_out(PLAN, world).exit, world.canary_requests

    assert again(noisy) == again(noisy)
