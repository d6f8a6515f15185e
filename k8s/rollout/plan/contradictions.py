"""What is wrong with a plan whose fields are all well.

Steps that fall, gates that judge nothing, times that do not add up.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from k8s.rollout.gates.misfits import misfits
from k8s.rollout.plan.form import Gate, Plan

QUERY = "query"


def contradictions(plan: Plan, measures: Collection[str] | None) -> list[str]:
    """Give a sentence for each, with its place; `measures` are the names that gates may use, where they are known."""
    return [*_steps(plan), *_gates(plan, measures), *_times(plan)]


def _steps(plan: Plan) -> Iterator[str]:
    for number, (before, step) in enumerate(zip(plan.steps, plan.steps[1:], strict=False), 2):
        if step.percent <= before.percent:
            least = f"{before.percent:g}, the step's before"
            yield f"steps.{number}.percent must be more than {least}, and is {step.percent:g}"


def _gates(plan: Plan, measures: Collection[str] | None) -> Iterator[str]:
    for number, gate in enumerate(plan.gates, 1):
        yield from (f"gates.{number}.{trouble}" for trouble in _gate(gate, measures))
    names = Counter(gate.name or gate.measure for gate in plan.gates)
    for name, times in names.items():
        if times > 1:
            yield f"gates: {times} have the name {name}; give each a name of its own"


def _gate(gate: Gate, measures: Collection[str] | None) -> Iterator[str]:
    if gate.measure == QUERY:
        if not gate.query:
            yield "query is missing, which the measure query asks"
        elif "{matchers}" not in gate.query:
            yield "query must have {matchers} in it, or it cannot tell the versions apart"
    else:
        if measures is not None and gate.measure not in measures:
            near = get_close_matches(gate.measure, measures, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted({*measures, QUERY}))}"
            yield f"measure {gate.measure} is not known; {hint}"
        if gate.query:
            yield f"query is for the measure query, and this one is {gate.measure}"
    yield from misfits(gate)
    bounds = (gate.most, gate.least, gate.worse_by, gate.worse_times)
    if all(bound is None for bound in bounds):
        yield f"measure {gate.measure} has no bound; give most, least, worse_by or worse_times"
    if gate.most is not None and gate.least is not None and gate.least > gate.most:
        yield f"least must be no more than most, {gate.most:g}, and is {gate.least:g}"


def _times(plan: Plan) -> Iterator[str]:
    limits = plan.limits
    for number, step in enumerate(plan.steps, 1):
        least = step.windows * limits.window_seconds
        if least > limits.inconclusive_seconds:
            yield (
                f"steps.{number} cannot end: {step.windows} windows of {limits.window_seconds:g} s are {least:g} s, "
                f"and limits.inconclusive_seconds is {limits.inconclusive_seconds:g}"
            )
