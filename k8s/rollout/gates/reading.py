"""What came back of one side, as numbers that can be relied on; what cannot raises, and is never taken for good."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from k8s.rollout.gates.histogram import Histogram
from k8s.rollout.gates.sample import Answers, Sample
from k8s.rollout.side import Side


class NotThere(Exception):
    """There is no such data at all; the message says what was looked for."""


class NoNumber(Exception):
    """What is there is no number to go by."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The answers about one side."""

    side: Side
    answers: Answers

    def _samples(self, name: str) -> tuple[Sample, ...]:
        samples = tuple(self.answers.get((self.side, name), ()))
        if not samples:
            raise NotThere(f"Prometheus has no {name.replace('_', ' ')} of the {self.side} version")
        for sample in samples:
            if not math.isfinite(sample.value):
                raise NoNumber(f"{name.replace('_', ' ')} of the {self.side} version is {sample.value}")
        return samples

    def number(self, name: str) -> float:
        """The one number of a question."""
        samples = self._samples(name)
        if len(samples) > 1:
            raise NoNumber(f"{name} gives {len(samples)} series for the {self.side} version, and one is expected")
        return samples[0].value

    def numbers(self, name: str, label: str) -> Mapping[str, float]:
        """The numbers of a question by one label."""
        return {sample.labels.get(label, ""): sample.value for sample in self._samples(name)}

    def rows(self, name: str) -> tuple[Sample, ...]:
        """All series of a question."""
        return self._samples(name)

    def counted(self, name: str) -> float:
        """A number of events, as many as were seen: `increase` stretches them over the whole window."""
        return max(self.number(name), 0.0) * self.seen_part

    def histogram(self, name: str) -> Histogram:
        """The buckets of a question, as counts."""
        bounds = {}
        seen_part = self.seen_part
        for sample in self._samples(name):
            try:
                bounds[float(sample.labels.get("le", ""))] = max(sample.value, 0.0) * seen_part
            except ValueError:
                raise NoNumber(f"{name} of the {self.side} version has a bucket without a bound") from None
        if math.inf not in bounds:
            raise NoNumber(f"{name} of the {self.side} version lacks the bucket of all")
        return Histogram.of(bounds)

    @property
    def is_scraped(self) -> bool:
        return bool(self.answers.get((self.side, "scrapes")))

    @property
    def scrapes(self) -> int:
        """Of the pod that was scraped most often within the window."""
        return round(self.number("scrapes")) if self.is_scraped else 0

    @property
    def pods(self) -> int:
        """Those that are scraped now."""
        return round(self.number("pods")) if self.answers.get((self.side, "pods")) else 0

    @property
    def looks(self) -> int:
        """Scrapes of all pods."""
        return self.scrapes * max(self.pods, 1)

    @property
    def seen_part(self) -> float:
        """N scrapes see N - 1 of the N intervals that `increase` answers for."""
        return (self.scrapes - 1) / self.scrapes if self.scrapes > 1 else 0.0
