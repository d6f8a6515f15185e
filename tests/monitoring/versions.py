"""Two versions of a service beside each other, and what is amiss with the new one: histories for gates to judge.

Each version is a Deployment of its own (`variant`), as two releases of the chart
are. Only what gates ask for is kept.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from k8s.rollout.gates.questions import QUESTIONS
from tests.monitoring.draws import counter
from tests.monitoring.history import DESCRIBED, Scraped
from tests.monitoring.history_observations import observations
from tests.monitoring.history_operations import operations
from tests.monitoring.history_platform import KINDS, MEBIBYTE, platform
from tests.monitoring.past import Floats, Past, Series
from tests.monitoring.situation import NAMESPACE, Clock, Pod

CLOCK = Clock(hours=0.5, step=15)
STABLE = "stable"
ASKED = frozenset(re.findall(r"(?:ecluse|process|kube)_\w+", " ".join(QUESTIONS.values())))

Change = Callable[[Pod], None]


def unchanged(pod: Pod) -> None:
    """Nothing is amiss."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version, its pods, and what is amiss with them."""

    variant: str
    number: str = "2"
    """Of the model."""
    rate: float = 5.0
    """Requests a second, of all pods."""
    pods: int = 2
    change: Change = unchanged
    memory: Callable[[Floats], Floats] | None = None
    """Mebibytes by the seconds since the history began."""

    @property
    def matchers(self) -> str:
        return f'namespace="{NAMESPACE}",variant="{self.variant}"'


def since(minutes: float) -> npt.NDArray[np.bool_]:
    """Which ticks are in the last so many minutes."""
    return np.asarray(CLOCK.since(minutes / 60))


def history(*versions: Version) -> Past:
    """All of them over one clock."""
    series = [each for place, version in enumerate(versions) for each in _series(version, 100 * place)]
    return Past(CLOCK.times, tuple(series), {name: str(metric.kind) for name, metric in DESCRIBED.items()} | KINDS)


def _series(version: Version, first: int) -> Iterator[Series]:
    for number in range(version.pods):
        pod = _pod(version, number)
        version.change(pod)
        pod.known = pod.alive.copy()
        pod.born |= np.diff(pod.alive.astype(int), prepend=0) == 1
        scraped = Scraped(pod, CLOCK, first + number, np.random.default_rng((7, first, number)))
        scraped.target["variant"] = version.variant
        operations(scraped)
        observations(scraped)
        platform(scraped)
        seconds = (CLOCK.times - CLOCK.times[0]) / 1000
        for each in scraped.series:
            if each.name == "process_resident_memory_bytes" and version.memory is not None:
                yield replace(each, values=np.where(pod.alive, version.memory(seconds) * MEBIBYTE, np.nan))
            elif re.sub("_(bucket|sum|count)$", "", each.name) in {re.sub("_(bucket|sum)$", "", one) for one in ASKED}:
                yield each


def _pod(version: Version, number: int) -> Pod:
    ticks = len(CLOCK.times)
    alive = np.ones(ticks, dtype=bool)
    rate = np.full(ticks, version.rate / version.pods)
    return Pod(
        name=f"{version.variant}-6d8f9c7b54-{number}",
        revision="6d8f9c7b54",
        version=version.number,
        alive=alive,
        known=alive.copy(),
        born=np.arange(ticks) == 0,
        rate=rate,
        failing=np.full(ticks, 2e-5),
        shed=np.zeros(ticks),
        refused=np.full(ticks, 0.004),
        inference=np.full(ticks, 0.009),
        queue=np.full(ticks, 0.0006),
        lag=np.full(ticks, 0.0006),
        drifted=np.zeros(ticks),
        collapsed=np.zeros(ticks),
        accuracy=np.full(ticks, 0.977),
        ready=np.ones(ticks),
        labels=rate * 0.3,
    )


def labelled_elsewhere(pod_of: Version, about: str, correct: float, labels: float) -> Iterator[Series]:
    """Labels of another version that this version's pods were sent, at so many a second."""
    alive = np.ones(len(CLOCK.times), dtype=bool)
    target = {"namespace": NAMESPACE, "variant": pod_of.variant, "pod": "elsewhere", "instance": "10.0.0.9:8080"}
    model = {"model_name": "mnist", "model_version": about, "class": "3"}
    for name, rate in (("actual", labels), ("predicted", labels), ("correct", correct)):
        values = counter(np.full(len(alive), rate * CLOCK.step), alive, np.arange(len(alive)) == 0)
        yield Series(f"ecluse_feedback_{name}_total", {**target, **model}, values)
