"""docs/rollout.md tells every field of a plan with its default, every way to end, every backend and every option."""

import re

import pytest

from k8s.rollout.options import BACKENDS
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Gate, Limits, Plan, Step
from tests.helm import REPOSITORY

PAGE = (REPOSITORY / "docs/rollout.md").read_text(encoding="utf-8")


def row(name: str) -> str:
    (found,) = [line for line in PAGE.splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[1]]
    return found


@pytest.mark.parametrize("name", [*Plan.model_fields.keys() - {"limits"}])
def test_every_field_of_a_plan_is_told(name: str) -> None:
    assert row(name)


@pytest.mark.parametrize("name", Step.model_fields)
def test_every_field_of_a_step_is_told(name: str) -> None:
    assert row(f"steps.{name}")


@pytest.mark.parametrize("name", Gate.model_fields)
def test_every_field_of_a_gate_is_told(name: str) -> None:
    assert row(f"gates.{name}")


@pytest.mark.parametrize("name", Limits.model_fields)
def test_every_limit_is_told_with_what_it_is_by_itself(name: str) -> None:
    assert row(f"limits.{name}").split("|")[2].strip() == f"{getattr(Limits(), name):g}"


def test_the_steps_are_those_that_are_taken_by_themselves() -> None:
    percents = ", ".join(f"{step.percent:g}" for step in Plan().steps)
    assert f"| {percents} % |" in row("steps")
    assert row("steps.windows").split("|")[2].strip() == str(Step(percent=1).windows)


def test_every_way_to_end_is_told() -> None:
    told = {int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert told == {int(exit_) for exit_ in Exit}


@pytest.mark.parametrize("backend", [each for each in BACKENDS if each != "auto"])
def test_every_backend_is_told(backend: str) -> None:
    assert row(backend)
