"""The number that a gate asks for: its own, the promise's, or a multiple of what the baseline showed."""

import math
from dataclasses import dataclass

from loadtests.profile.form import Gate, Profile
from loadtests.verdict.estimate import SHARES, Estimate
from loadtests.verdict.phrases import number, ratio, seconds
from monitoring.slo import Promise

SMALLEST_SLOWDOWN_SECONDS = 0.005
"""A limit taken from the baseline leaves a quantile this much above it: twice next to nothing is next to nothing."""
RATIOS = frozenset({"error_ratio", "goodput_ratio", "within_ratio", "accuracy", "achieved_ratio"})
MORE_IS_BETTER = frozenset({"goodput_ratio", "within_ratio", "accuracy", "requests", "achieved_ratio", "versions"})


@dataclass(frozen=True, slots=True)
class Limit:
    """At most or at least a number."""

    number: float
    is_most: bool
    words: str
    """As `at most 250 ms`."""
    baseline: Estimate | None = None
    """What it was taken from, which is not sure either."""
    times: float = 1

    def is_kept(self, value: float) -> bool:
        return value <= self.number if self.is_most else value >= self.number


@dataclass(frozen=True, slots=True)
class NoLimit:
    """Why there is nothing to hold a gate to."""

    why: str
    is_promised_nothing: bool = False
    """True where nobody asks for anything, so that nothing is amiss."""


def limits(
    gate: Gate, promise: Promise, baseline: Estimate | None, known_accuracy: float | None
) -> tuple[Limit | NoLimit, ...]:
    """Give all limits of a gate; one at least."""
    found: list[Limit | NoLimit] = []
    if gate.most is not None:
        found.append(Limit(gate.most, is_most=True, words=f"at most {shown(gate.measure, gate.most)}"))
    if gate.least is not None:
        found.append(Limit(gate.least, is_most=False, words=f"at least {shown(gate.measure, gate.least)}"))
    if gate.promised:
        found.append(_promised(gate, promise, baseline, known_accuracy))
    if gate.times_baseline is not None:
        found.append(_of_baseline(gate.measure, gate.times_baseline, baseline))
    return tuple(found) or (NoLimit("it names no limit: most, least, promised or times_baseline"),)


def shown(measure: str, value: float) -> str:
    """Write a value of this measure."""
    if measure in SHARES:
        return seconds(value)
    return ratio(value) if measure in RATIOS else number(value)


def without_a_limit(profile: Profile, promise: Promise) -> list[str]:
    """Say of each gate that can never be judged why, before any load is put on anything."""
    baseline = Estimate(1, 1, 1, 1) if any(phase.role == "baseline" for phase in profile.phases) else None
    return [
        f"gates.{place} ({gate.measure}) can never be judged: {limit.why}"
        for place, gate in enumerate(profile.gates)
        for limit in limits(gate, promise, baseline, known_accuracy=1.0)
        if isinstance(limit, NoLimit) and not limit.is_promised_nothing
    ]


def _promised(gate: Gate, promise: Promise, baseline: Estimate | None, known_accuracy: float | None) -> Limit | NoLimit:
    objective, threshold = promise.latency.objective, promise.latency.threshold_seconds
    match gate.measure:
        case "p50" | "p95" | "p99" | "p999":
            if SHARES[gate.measure] > objective:
                return NoLimit(
                    f"slo.yaml promises {ratio(objective)} of the requests within {seconds(threshold)}, "
                    f"and nothing of {gate.measure}",
                    is_promised_nothing=True,
                )
            return Limit(threshold, is_most=True, words=f"at most {seconds(threshold)}, as promised")
        case "within_ratio":
            return Limit(objective, is_most=False, words=f"at least {ratio(objective)}, as promised")
        case "error_ratio":
            most = round(1 - promise.availability.objective, 12)
            return Limit(most, is_most=True, words=f"at most {ratio(most)}, as promised")
        case "goodput_ratio":
            least = round(objective * promise.availability.objective, 12)
            return Limit(least, is_most=False, words=f"at least {ratio(least)}, as promised of both")
        case "accuracy":
            return _promised_accuracy(promise.quality.accuracy_drop, baseline, known_accuracy)
        case measure:
            return NoLimit(f"slo.yaml promises nothing of {measure}: give most or least")


def _promised_accuracy(drop: float, baseline: Estimate | None, known: float | None) -> Limit | NoLimit:
    sources = [] if known is None else [(known, "which the model is known for")]
    sources += [] if baseline is None else [(baseline.value, "of the baseline")]
    if not sources:
        return NoLimit("neither a baseline phase nor the model tells which accuracy it should have", True)
    expected, source = max(sources)
    least = max(0.0, expected - drop)
    words = f"at least {ratio(least)}: {ratio(drop)} less than the {ratio(expected)} {source}"
    return Limit(least, is_most=False, words=words)


def _of_baseline(measure: str, times: float, baseline: Estimate | None) -> Limit | NoLimit:
    if baseline is None:
        return NoLimit("there is no baseline phase in which this was seen")
    is_most = measure not in MORE_IS_BETTER
    number_ = times * baseline.value
    if measure in SHARES and is_most:
        number_ = max(number_, baseline.value + SMALLEST_SLOWDOWN_SECONDS)
    if math.isinf(number_):
        return NoLimit(f"its {measure} in the baseline was longer than was waited for")
    side = "at most" if is_most else "at least"
    words = f"{side} {shown(measure, number_)}: {times:g} times the baseline's {shown(measure, baseline.value)}"
    return Limit(number_, is_most, words, baseline, times)
