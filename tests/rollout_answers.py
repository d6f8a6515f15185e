"""What Prometheus would answer about two versions, made of plain counts: for tests of gates without one."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from k8s.rollout.gates.finding import Finding
from k8s.rollout.gates.judge import judge
from k8s.rollout.gates.promised import promised
from k8s.rollout.gates.sample import Question, Sample
from k8s.rollout.plan.form import Gate
from k8s.rollout.side import Side
from monitoring.contract.values import LATENCY_SECONDS

SCRAPES = 10**9
"""So many that what `increase` stretches is nothing."""
CONFIDENCE = 0.995
PROMISE = promised()
BOTH = (Side.CANARY, Side.STABLE)


def number(value: float, **labels: str) -> list[Sample]:
    return [Sample(labels, value)]


def durations(counts: Mapping[float, float]) -> list[Sample]:
    """Cumulative buckets of so many requests that took so long each."""
    bounds = (*LATENCY_SECONDS, math.inf)
    return [
        Sample(
            {"le": "+Inf" if math.isinf(bound) else str(bound)}, sum(n for took, n in counts.items() if took <= bound)
        )
        for bound in bounds
    ]


def classes(*counts: float) -> list[Sample]:
    return [Sample({"class": str(index)}, count) for index, count in enumerate(counts)]


def parts(*megabytes: float) -> list[Sample]:
    return [Sample({"pod": "a", "part": str(place)}, 2**20 * value) for place, value in enumerate(megabytes, start=1)]


def about(side: Side, *, scrapes: float = SCRAPES, pods: int = 1, **answers: Sequence[Sample]) -> dict[Question, Any]:
    """The answers about one side."""
    found = {"scrapes": number(scrapes), "pods": number(pods), **answers}
    return {(side, name): samples for name, samples in found.items()}


def shares(side: Side, errors: float, requests: float, **more: Any) -> dict[Question, Any]:
    return about(side, errors=number(errors), requests=number(requests), **more)


def judged(gate: Gate, *answers: Mapping[Question, Any], window: float = 300.0, **options: Any) -> Finding | None:
    """What one gate says of both sides, None where it is left out."""
    together = {question: found for each in answers for question, found in each.items()}
    found = judge(
        [gate],
        together,
        **{
            "sides": {side for side, _ in together},
            "window_seconds": window,
            "confidence": CONFIDENCE,
            "promise": PROMISE,
            **options,
        },
    )
    return next((finding for finding in found if finding.gate != "gates"), None)
