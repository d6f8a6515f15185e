"""A plan that too few requests come for is told before it begins."""

import math

from k8s.rollout.gates.promised import promised
from k8s.rollout.gates.quiet import quiet_steps
from k8s.rollout.gates.sample import Sample
from k8s.rollout.gates_seen import too_quiet
from k8s.rollout.plan.form import Step
from tests.rollout_study.rollout import planned

PROMISE = promised()


def test_one_request_a_second_is_too_few_for_a_hundredth() -> None:
    first, second, advice = quiet_steps(planned(), 1.0, PROMISE)
    assert first.startswith("step 1 gives the canary 1 % of 1 requests a second: some 9 in 900 s, and gate error_ratio")
    assert second.startswith("step 2")
    assert advice == "begin with 8.4 % or more, or give a step more time (limits.inconclusive_seconds)"


def test_what_is_nearly_enough_is_told_with_how_many_it_takes() -> None:
    sentence, advice = quiet_steps(planned(steps=(Step(percent=1),)), 8.0, PROMISE)
    assert sentence.endswith("some 72 in 900 s, and gate error_ratio needs 50, which takes some 75 on average")
    assert advice.startswith("begin with 1.1 % or more")


def test_enough_requests_are_nothing_to_tell() -> None:
    assert list(quiet_steps(planned(), 20.0, PROMISE)) == []
    assert list(quiet_steps(planned(steps=(Step(percent=25), Step(percent=50))), 1.0, PROMISE)) == []


def test_no_requests_at_all_have_no_advice() -> None:
    assert len(list(quiet_steps(planned(), 0.0, PROMISE))) == 5


def test_the_share_that_can_be_made_counts() -> None:
    assert list(quiet_steps(planned(steps=(Step(percent=1),)), 1.0, PROMISE, nearest=lambda percent: 25.0)) == []


class Says:
    """A Prometheus that knows one rate, or none."""

    def __init__(self, *rates: float) -> None:
        self.rates = rates
        self.asked: list[str] = []

    def query(self, promql: str, at: float | None = None) -> list[Sample]:
        self.asked.append(promql)
        return [Sample({}, rate) for rate in self.rates]


def test_the_stable_versions_requests_of_late_are_what_counts() -> None:
    says = Says(1.0)
    told = too_quiet(says, planned(), 'variant="blue"', PROMISE, float)
    assert len(told) == 3
    assert says.asked == ['sum(rate(ecluse_requests_total{variant="blue"}[600s]))']


def test_a_version_without_series_is_the_gates_to_tell() -> None:
    assert too_quiet(Says(), planned(), 'variant="blue"', PROMISE, float) == []
    assert too_quiet(Says(math.nan), planned(), 'variant="blue"', PROMISE, float) == []
