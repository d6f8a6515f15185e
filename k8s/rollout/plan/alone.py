"""What of a plan's gates can be judged of one side alone: bounds that need no other."""

from collections.abc import Iterable

from k8s.rollout.plan.form import Gate


def alone(gates: Iterable[Gate]) -> tuple[Gate, ...]:
    """Give the gates with absolute bounds, with these alone."""
    return tuple(
        gate.model_copy(update={"worse_by": None, "worse_times": None})
        for gate in gates
        if gate.most is not None or gate.least is not None
    )
