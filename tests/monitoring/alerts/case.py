"""What is played to the alerts: series over time, and the moments at which an alert must fire or be quiet.

Every case is played in a namespace of its own, so that hundreds of them share
one run of promtool: all rules keep the namespace of what they look at.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

Values = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """How far apart samples are, for how many of them, and which groups of rules are evaluated."""

    name: str
    minutes: int
    samples: int
    groups: tuple[str, ...] = ()
    """All but those of budgets where none is named: they look back over thousands of steps."""

    def plays(self, group: str) -> bool:
        return group in self.groups if self.groups else not group.endswith("-budget")


MINUTES = Scene("minutes", minutes=1, samples=91)
TWOS = Scene(
    "budget",
    minutes=2,
    samples=26 * 30 + 1,
    groups=("ecluse-requests", "ecluse-requests-budget", "ecluse-requests-alerts"),
)
FOURS = Scene("week", minutes=4, samples=15 * 24 * 7 + 30, groups=("ecluse-requests", "ecluse-requests-alerts"))
TENS = Scene(
    "days",
    minutes=10,
    samples=3 * 144 + 12,
    groups=tuple(f"ecluse-{family}{part}" for family in ("requests", "latency") for part in ("", "-long", "-alerts")),
)
HALF_HOURS = Scene(
    "reference",
    minutes=30,
    samples=9 * 48 + 1,
    groups=(
        *("ecluse-requests-long", "ecluse-labels", "ecluse-quality-alerts"),
        *(f"ecluse-predictions-{part}" for part in ("expected", "15m", "1h", "24h", "alerts")),
    ),
)
SCENES = (MINUTES, TWOS, FOURS, TENS, HALF_HOURS)


@dataclass(frozen=True, slots=True)
class Series:
    """A name with labels, and its value at each scrape; `_` where there is none, `stale` where the target is gone."""

    name: str
    values: Values

    def within(self, namespace: str) -> str:
        name, labels = re.fullmatch(r"(\w+)(?:\{(.*)\})?", self.name).groups()  # type: ignore[union-attr]
        return f'{name}{{namespace="{namespace}"{"," + labels if labels else ""}}}'


@dataclass(frozen=True, slots=True)
class Case:
    """What is seen, and whether the alert fires at each of some moments, in minutes."""

    alert: str
    what: str
    moments: Mapping[int, bool]
    series: tuple[Series, ...]
    scene: Scene = MINUTES

    @property
    def fires(self) -> bool:
        return any(self.moments.values())

    @property
    def namespace(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", f"{self.alert} {self.what}".lower())


def fires(alert: str, what: str, *series: Series | tuple[Series, ...], at: int = 45, scene: Scene = MINUTES) -> Case:
    return Case(alert, what, {at: True}, _flat(series), scene)


def quiet(alert: str, what: str, *series: Series | tuple[Series, ...], at: int = 45, scene: Scene = MINUTES) -> Case:
    return Case(alert, what, {at: False}, _flat(series), scene)


def clears(
    alert: str, what: str, *series: Series | tuple[Series, ...], at: int, again: int, scene: Scene = MINUTES
) -> Case:
    """It fires at one moment, and no longer at a later one."""
    return Case(alert, what, {at: True, again: False}, _flat(series), scene)


def _flat(series: tuple[Series | tuple[Series, ...], ...]) -> tuple[Series, ...]:
    return tuple(one for each in series for one in (each if isinstance(each, tuple) else (each,)))


Phase = tuple[float | str, int]
"""A rate or a value, and for how many scrapes it lasts."""

LONGEST = max(scene.samples for scene in SCENES)


def counter(name: str, *phases: float | Phase) -> Series:
    """What rises by so much from scrape to scrape; the last phase lasts to the end. `reset` starts again at nothing."""
    total, values = 0.0, ["0"]
    for rate, samples in _phases(phases):
        for _ in range(samples):
            if isinstance(rate, str):
                total = 0.0
                values.append("0" if rate == "reset" else rate)
            else:
                total += rate
                values.append(f"{total:.10g}")
    return Series(name, tuple(values))


def gauge(name: str, *phases: float | Phase) -> Series:
    return Series(
        name,
        tuple(
            value if isinstance(value, str) else f"{value:.10g}"
            for value, samples in _phases(phases)
            for _ in range(samples)
        ),
    )


def histogram(name: str, labels: str, counts: Mapping[str, float], total: float = 0) -> tuple[Series, ...]:
    """What is observed up to each bound from scrape to scrape, as Prometheus counts: all that is not above it."""
    return (
        *(counter(f'{name}_bucket{{{labels},le="{bound}"}}', count) for bound, count in counts.items()),
        counter(f"{name}_count{{{labels}}}", counts["+Inf"]),
        counter(f"{name}_sum{{{labels}}}", total),
    )


def _phases(phases: tuple[float | Phase, ...]) -> list[Phase]:
    given = [phase if isinstance(phase, tuple) else (phase, LONGEST) for phase in phases]
    return [(value, int(samples)) for value, samples in given]
