"""Whatever is written down, a plan is read or its mistakes are told: nothing else ever comes out."""

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from k8s.rollout.gates.measures import MEASURES
from k8s.rollout.machine.state import State
from k8s.rollout.machine.state_json import from_json
from k8s.rollout.plan.form import Gate, Limits, Plan, Step
from k8s.rollout.plan.read import BadPlan, from_mapping
from monitoring.strict_yaml import NoYaml, parse

FIELDS = sorted({*Plan.model_fields, *Step.model_fields, *Gate.model_fields, *Limits.model_fields, "pauseSeconds", "x"})
WORDS = [*sorted(MEASURES), "query", "keep", "{matchers}", "", "5%"]

values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**400), 10**400),
        st.floats(),
        st.sampled_from(WORDS),
        st.dates(),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)),
    max_leaves=15,
)
known = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["ended", "x"])),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=6,
)
texts = st.text("{}[]:,-&*!#|>'\"\n\t\0 ab1.é€😀", max_size=40)
"""A closed alphabet, which takes no time to look up."""
STATE = [each.name for each in fields(State)]
plans = st.dictionaries(st.sampled_from(FIELDS), values, max_size=5)


def mistakes(reads: Callable[[], object], refusal: type[Exception]) -> list[str]:
    """Give what is told; anything else that is raised is a fault."""
    try:
        reads()
    except refusal as told:
        assert str(told)  # noqa: PT017 - it may as well not be raised
        return str(told).splitlines()
    return []


@pytest.mark.timeout(30)
@given(plans)
def test_anything_is_a_plan_or_is_told(written: dict[str, Any]) -> None:
    for line in mistakes(lambda: from_mapping(written, "plan.yaml", MEASURES), BadPlan):
        assert line.startswith("plan.yaml: ")


@pytest.mark.timeout(30)
@given(plans)
def test_what_is_a_plan_is_the_same_plan_when_it_is_read_again(written: dict[str, Any]) -> None:
    try:
        plan = from_mapping(written, "plan.yaml", MEASURES)
    except BadPlan:
        return
    again = parse(yaml.safe_dump(plan.model_dump(mode="json")))
    assert from_mapping(again, "plan.yaml", MEASURES) == plan


@pytest.mark.timeout(30)
@given(st.one_of(texts, st.binary(max_size=40)))
def test_any_text_is_yaml_or_is_told(text: str | bytes) -> None:
    assert len(mistakes(lambda: parse(text), NoYaml)) <= 1


@pytest.mark.timeout(30)
@given(st.one_of(texts, st.builds(json.dumps, st.dictionaries(st.sampled_from(STATE), known, max_size=6))))
def test_any_text_is_a_state_or_is_told(text: str) -> None:
    for line in mistakes(lambda: from_json(text), ValueError):
        assert line.startswith("the stored state of the rollout cannot be read")
