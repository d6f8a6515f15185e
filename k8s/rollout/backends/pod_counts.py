"""How many pods of each version make a share, behind a Service that leads to both. Pure.

The stable version keeps all its pods until the canary has as many: what goes
wrong before that finds the stable version in full strength. So a share is
c / (n + c) with n stable pods and at most n of the canary, and nothing lies
between half and everything.
"""

from dataclasses import asdict, dataclass

from k8s.rollout.backends.weights import is_same, share


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for last, as it is written on the Service."""

    stable: str
    canary: str
    pods: int
    """Of the stable version before the rollout, and of the canary after it."""
    percent: float = 0.0
    before: float = 0.0
    """The share that this one takes the place of."""

    def at(self, percent: float) -> tuple[int, int]:
        """Give the pods of both that make a share."""
        if percent <= 0:
            return self.pods, 0
        if percent >= 100:
            return 0, self.pods
        return self.pods, _canary_pods(self.pods, percent)

    @property
    def counts(self) -> tuple[int, int]:
        return self.at(self.percent)

    def is_on_the_way(self, stable: int, canary: int) -> bool:
        """Whether these numbers lie between what was and what is to be; others were made by somebody else."""
        pairs = zip((stable, canary), self.at(self.before), self.counts, strict=True)
        return all(min(one, other) <= now <= max(one, other) for now, one, other in pairs)

    def later(self, percent: float) -> "Wish":
        """Give the wish for another share."""
        if is_same(percent, self.percent):
            return self
        return Wish(**{**asdict(self), "percent": percent, "before": self.percent})

    def next_counts(self, now: tuple[int, int], ready: tuple[int, int]) -> tuple[int, int]:
        """Give the numbers to ask for: more at once, and fewer only as the others are ready to take over."""
        stable, canary = self.counts
        if stable < now[0]:
            stable = min(now[0], max(stable, self.pods - ready[1]))
        if canary < now[1]:
            # A stable version that was never taken away is there in full, but for what its nodes take from it.
            missing = self.pods - ready[0] if self.before >= 100 or not ready[0] else 0
            canary = min(now[1], max(canary, missing))
        return stable, canary


def shares(pods: int) -> list[float]:
    """Give the shares that can be made between nothing and everything."""
    return [share(pods, canary) for canary in range(1, pods + 1)]


def nearest(pods: int, percent: float) -> float:
    """Give the share that can be made; one that is neither nothing nor everything becomes neither."""
    if percent <= 0:
        return 0.0
    return 100.0 if percent >= 100 else share(pods, _canary_pods(pods, percent))


def _canary_pods(pods: int, percent: float) -> int:
    return min(range(1, max(pods, 1) + 1), key=lambda canary: abs(share(pods, canary) - percent))


def in_words(pods: int) -> str:
    """Give a number of pods as people write it."""
    return "1 pod" if pods == 1 else f"{pods} pods"
