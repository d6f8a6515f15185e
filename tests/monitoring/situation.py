"""How a simulated service fares over time: which pods live, what is asked of them, and what goes wrong.

Pure data for `history.py`, which makes series of it. A service is two pods of
one revision, replaced by two of the next half-way; incidents
begin after that and change numbers of the pods they befall.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from tests.monitoring.past import Floats

NAMESPACE = "models"
JOB = "models/ecluse"
VARIANT = "ecluse-predictor"
MODEL_NAME = "mnist"
OLD_REVISION, NEW_REVISION = "6d8f9c7b54", "7b9c6d4f8d"
END = 1_767_960_000.0
"""Where a history ends by default: 2026-01-09 12:00 UTC. Its numbers do not depend on it."""


class Incident(StrEnum):
    """What can go wrong, in the last hour unless told otherwise."""

    BAD_REVISION = "bad-revision"
    """The new revision, beside the old, fails one request in eight."""
    SLOW = "slow"
    """The model takes a hundred times as long."""
    OVERLOAD = "overload"
    """Six times the traffic: queues are full, a third is turned away."""
    DRIFT = "drift"
    """Pictures from another camera: features move, confidence falls."""
    COLLAPSE = "collapse"
    """The model says 8 for 95 of 100."""
    WRONG_LABELS = "wrong-labels"
    """The world has changed: the model is as sure as ever, and wrong."""
    UNAVAILABLE = "unavailable"
    """The model cannot be loaded on any pod."""
    RESTART = "restart"
    """One pod ends and comes back, its counters at nothing."""
    DOWN = "down"
    """No pod can be scraped."""
    SILENCE = "silence"
    """Nobody asks."""
    BLOCKED_LOOP = "blocked-loop"
    """A user's code holds the event loop."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Ticks at which everything is scraped."""

    hours: float = 6.0
    step: int = 30
    end: float = END

    @property
    def times(self) -> npt.NDArray[np.int64]:
        count = round(self.hours * 3600 / self.step) + 1
        seconds = self.end - self.step * np.arange(count - 1, -1, -1)
        return np.round(seconds * 1000).astype(np.int64)

    def since(self, hours: float) -> npt.NDArray[np.bool_]:
        """Which ticks are in the last so many hours."""
        return self.times >= (self.end - hours * 3600) * 1000


@dataclass(slots=True)
class Pod:
    """One pod over all ticks. Numbers are of the pod alone."""

    name: str
    revision: str
    version: str
    alive: npt.NDArray[np.bool_]
    """Scraped with success."""
    known: npt.NDArray[np.bool_]
    """Scraped at all, with success or not."""
    born: npt.NDArray[np.bool_]
    """Ticks at which a process begins: counters start at nothing."""
    rate: Floats
    """Requests per second."""
    failing: Floats
    shed: Floats
    refused: Floats
    """Shares that end in 500, in 503 by design, and in 4xx."""
    inference: Floats
    queue: Floats
    """Median seconds."""
    lag: Floats
    drifted: Floats
    collapsed: Floats
    """How far features, and classes, have gone over: 0 to 1."""
    accuracy: Floats
    ready: Floats
    labels: Floats = field(default_factory=lambda: np.zeros(0))
    """Late labels per second."""


def pods(clock: Clock, incidents: frozenset[Incident], *, hours: float = 1.0) -> list[Pod]:
    """The pods of a service that these incidents befall in the last so many hours."""
    ticks = len(clock.times)
    befallen = clock.since(hours)
    rollout = clock.since(clock.hours / 2)
    index = np.arange(ticks)
    stays = Incident.BAD_REVISION in incidents
    both = rollout & (index < np.argmax(rollout) + 180 // clock.step)
    # Where the new revision is bad the old one is still there: that is what it is compared with.
    old = np.ones(ticks, dtype=bool) if stays else ~rollout | both
    found = []
    for number, (revision, version, alive) in enumerate(
        [(OLD_REVISION, "1", old), (OLD_REVISION, "1", old), (NEW_REVISION, "2", rollout), (NEW_REVISION, "2", rollout)]
    ):
        # Half a day from valley to peak, and each pod's own share of it.
        swing = 1 + 0.25 * np.sin(2 * np.pi * clock.times / 1000 / 43200) + 0.05 * np.sin(index / 37 + number)
        shared = np.where(rollout & (both | stays), 0.5, 1.0)
        pod = Pod(
            name=f"{VARIANT}-{revision}-{'bcdfg'[number]}x{number}kq",
            revision=revision,
            version=version,
            alive=alive.copy(),
            known=alive.copy(),
            born=np.diff(alive.astype(int), prepend=0) == 1,
            rate=12.0 * swing * shared,
            failing=np.full(ticks, 2e-5),
            shed=np.zeros(ticks),
            refused=np.full(ticks, 0.004),
            inference=np.full(ticks, 0.0022),
            queue=np.full(ticks, 0.0006),
            lag=np.full(ticks, 0.0006),
            drifted=np.zeros(ticks),
            collapsed=np.zeros(ticks),
            accuracy=np.full(ticks, 0.977),
            ready=np.ones(ticks),
        )
        pod.labels = pod.rate * 0.1
        for incident in sorted(incidents):
            befall(pod, incident, befallen, first=number == 2)
        found.append(pod)
    return found


def befall(pod: Pod, incident: Incident, during: npt.NDArray[np.bool_], *, first: bool) -> None:
    """Change the numbers of one pod; `first` is the first of the new revision."""
    match incident:
        case Incident.BAD_REVISION if pod.revision == NEW_REVISION:
            pod.failing[during] = 0.12
            pod.inference[during] *= 6
        case Incident.SLOW:
            pod.inference[during] *= 100
            pod.queue[during] *= 60
        case Incident.OVERLOAD:
            pod.rate[during] *= 6
            pod.shed[during] = 0.33
            pod.queue[during] = 0.18
        case Incident.DRIFT:
            pod.drifted[during] = 1.0
            pod.accuracy[during] = 0.71
        case Incident.COLLAPSE:
            pod.collapsed[during] = 1.0
            pod.accuracy[during] = 0.15
        case Incident.WRONG_LABELS:
            pod.accuracy[during] = 0.6
        case Incident.UNAVAILABLE:
            pod.ready[during] = 0.0
            pod.shed[during] = 1.0
        case Incident.RESTART if first:
            begins = int(np.argmax(during))
            pod.alive[begins : begins + 3] = False
            pod.born[begins + 3] = True
        case Incident.DOWN:
            pod.alive[during] = False
        case Incident.SILENCE:
            pod.rate[during] = 0.0
            pod.labels[during] = 0.0
        case Incident.BLOCKED_LOOP:
            pod.lag[during] = 0.3
        case _:
            pass  # what befalls others
