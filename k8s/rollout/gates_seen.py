"""Look at a window through Prometheus: ask what the gates need, and judge it."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from k8s.rollout.gates.ask import OWN, questions
from k8s.rollout.gates.finding import Finding
from k8s.rollout.gates.judge import judge
from k8s.rollout.gates.promised import Promise, promised
from k8s.rollout.gates.quiet import REQUESTS, quiet_steps
from k8s.rollout.gates.sample import Sample
from k8s.rollout.plan.form import Gate, Plan
from k8s.rollout.prometheus import NoMetrics
from k8s.rollout.seen import Health
from k8s.rollout.side import Side

LATELY_SECONDS = 600


class Asked(Protocol):
    """What answers PromQL; raises k8s.rollout.prometheus.NoMetrics."""

    def query(self, promql: str, at: float | None = None) -> list[Sample]: ...


def look(
    prometheus: Asked,
    gates: Sequence[Gate],
    matchers: Mapping[Side, str],
    window_seconds: float,
    confidence: float,
    canary_health: Health | None = None,
    stable_health: Health | None = None,
    *,
    promise: Promise | None = None,
    at: float | None = None,
) -> tuple[Finding, ...]:
    """Judge the sides that have matchers, over the last so many seconds; raises NoMetrics.

    With both the canary is held against the stable version; one alone is held against absolute limits.
    """
    promise = promise or promised()
    at = _now(prometheus) if at is None else at
    answers = {
        (side, name): _answer(prometheus, name, promql, at)
        for (side, name), promql in questions(gates, matchers, window_seconds, promise).items()
    }
    healths = {Side.CANARY: canary_health, Side.STABLE: stable_health}
    return judge(
        gates,
        answers,
        sides=matchers,
        window_seconds=window_seconds,
        confidence=confidence,
        promise=promise,
        pods={side: health.pods for side, health in healths.items() if health is not None and health.ready},
    )


def too_quiet(
    prometheus: Asked, plan: Plan, matchers: str, promise: Promise, nearest: Callable[[float], float]
) -> list[str]:
    """Say which steps too few requests come for, by those that the stable version has had of late; raises NoMetrics."""
    promql = REQUESTS.replace("$side", matchers).replace("$window", f"{LATELY_SECONDS}s")
    rates = [each for each in prometheus.query(promql) if math.isfinite(each.value)]
    # Without any series it is no matter of numbers: the gates will say what is missing.
    return [*quiet_steps(plan, rates[0].value, promise, nearest)] if rates else []


def _now(prometheus: Asked) -> float | None:
    """One moment for all questions, by Prometheus' own clock: counts of two moments are no share of each other."""
    times = prometheus.query("time()")
    return times[0].value if times else None


def _answer(prometheus: Asked, name: str, promql: str, at: float | None) -> list[Sample]:
    try:
        return prometheus.query(promql, at)
    except NoMetrics as error:
        if name.startswith(OWN):
            raise NoMetrics(f"gate {name.removeprefix(OWN)}: {error}") from error
        raise
