"""Limits that no measure can be held against are told, and the default gates have none."""

import pytest

from k8s.rollout.gates.defaults import defaults
from k8s.rollout.gates.misfits import misfits
from k8s.rollout.gates.promised import promised
from k8s.rollout.plan.form import Gate


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        (Gate(measure="error_ratio", least=0.1), "least is not for the measure error_ratio, of which more is worse"),
        (
            Gate(measure="accuracy", most=0.9),
            "most is not for the measure accuracy, of which less is worse",
        ),
        (Gate(measure="error_ratio", most=2), "most must be a share from 0 to 1 for the measure error_ratio, and is 2"),
        (Gate(measure="p99", most=250), "most must be more than 0 and at most 10 seconds"),
        (Gate(measure="prediction_shift", most=0.1), "which compares the versions; give worse_by"),
        (Gate(measure="prediction_shift", worse_times=2), "which is a distance already; give worse_by"),
        (Gate(measure="memory_growth", worse_times=2), "are not for the measure memory_growth; give most"),
        (Gate(measure="p95", worse_times=0.5), "worse_times must be 1 or more, and is 0.5"),
        (Gate(measure="p95", worse_by=-1), "worse_by must be 0 or more, and is -1"),
    ],
)
def test_a_limit_that_does_not_fit_is_told(gate: Gate, told: str) -> None:
    (sentence,) = misfits(gate)
    assert told in sentence


def test_the_default_gates_fit() -> None:
    assert [sentence for gate in defaults(promised()) for sentence in misfits(gate)] == []


def test_of_an_unknown_measure_nothing_is_said() -> None:
    assert list(misfits(Gate(measure="speed", most=1))) == []
