"""All requests of one kind that were planned for one second: what workers send and runs are made of.

Two cells of the same second and kind, from two workers or two reports of one,
are added to what one would have held.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtests.measure.histogram import Histogram
from loadtests.measure.observation import Observation
from loadtests.measure.outcome import Outcome

EXAMPLES = 3
"""Failures of each outcome that are kept word by word."""


@dataclass(slots=True)
class Cell:
    responses: dict[Outcome, Histogram] = field(default_factory=dict)
    """From when a request was due until it ended. Its counts are the counts of the outcomes."""
    services: Histogram = field(default_factory=Histogram)
    """From when it was sent, of those that were."""
    lags: Histogram = field(default_factory=Histogram)
    """From when it was due until it was sent, of those that were."""
    codes: Counter[str] = field(default_factory=Counter)
    failed_codes: dict[Outcome, Counter[str]] = field(default_factory=dict)
    """Of these, the codes of each failure."""
    versions: Counter[str] = field(default_factory=Counter)
    """Of the model, of those who told it."""
    rows: int = 0
    """Of those that ended well."""
    labelled: int = 0
    right: int = 0
    examples: dict[Outcome, list[str]] = field(default_factory=dict)

    def count(self, outcome: Outcome) -> int:
        return self.responses[outcome].total if outcome in self.responses else 0

    @property
    def total(self) -> int:
        return sum(histogram.total for histogram in self.responses.values())

    def add(self, seen: Observation) -> None:
        histogram = self.responses.get(seen.outcome)
        if histogram is None:
            histogram = self.responses[seen.outcome] = Histogram()
        histogram.add(seen.response_seconds)
        if seen.outcome is not Outcome.DROPPED:
            self.services.add(seen.service_seconds)
            self.lags.add(seen.lag_seconds)
        self.codes[seen.code] += 1
        if seen.version:
            self.versions[seen.version] += 1
        if seen.outcome is Outcome.OK:
            self.rows += seen.rows
            self.labelled += seen.labelled
            self.right += seen.right
        else:
            self.failed_codes.setdefault(seen.outcome, Counter())[seen.code] += 1
            if seen.words:
                self._tell(seen.outcome, [seen.words])

    def merge(self, other: "Cell") -> None:
        for outcome, histogram in other.responses.items():
            self.responses.setdefault(outcome, Histogram()).merge([histogram])
        self.services.merge([other.services])
        self.lags.merge([other.lags])
        self.codes.update(other.codes)
        self.versions.update(other.versions)
        self.rows += other.rows
        self.labelled += other.labelled
        self.right += other.right
        for outcome, codes in other.failed_codes.items():
            self.failed_codes.setdefault(outcome, Counter()).update(codes)
        for outcome, words in other.examples.items():
            self._tell(outcome, words)

    def pack(self) -> None:
        """Take little room, for as long as nothing is added."""
        for histogram in (*self.responses.values(), self.services, self.lags):
            histogram.pack()

    def _tell(self, outcome: Outcome, words: list[str]) -> None:
        kept = self.examples.setdefault(outcome, [])
        kept += [each for each in words if each not in kept][: max(0, EXAMPLES - len(kept))]

    def to_wire(self) -> dict[str, Any]:
        """Give it in JSON's types, without what is empty."""
        wire = {
            "responses": {outcome.value: _counts(histogram) for outcome, histogram in self.responses.items()},
            "services": _counts(self.services),
            "lags": _counts(self.lags),
            "codes": dict(self.codes),
            "failed_codes": {outcome.value: dict(codes) for outcome, codes in self.failed_codes.items()},
            "versions": dict(self.versions),
            "rows": self.rows,
            "labelled": self.labelled,
            "right": self.right,
            "examples": {outcome.value: words for outcome, words in self.examples.items()},
        }
        return {key: value for key, value in wire.items() if value}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "Cell":
        """Read what `to_wire` gave; raises KeyError, ValueError or TypeError for anything else."""
        return cls(
            responses={Outcome(outcome): _histogram(counts) for outcome, counts in wire.get("responses", {}).items()},
            services=_histogram(wire.get("services", {})),
            lags=_histogram(wire.get("lags", {})),
            codes=Counter(wire.get("codes", {})),
            failed_codes={Outcome(outcome): Counter(codes) for outcome, codes in wire.get("failed_codes", {}).items()},
            versions=Counter(wire.get("versions", {})),
            rows=int(wire.get("rows", 0)),
            labelled=int(wire.get("labelled", 0)),
            right=int(wire.get("right", 0)),
            examples={Outcome(outcome): list(words) for outcome, words in wire.get("examples", {}).items()},
        )


def _counts(histogram: Histogram) -> dict[str, int]:
    return {str(lowest): count for lowest, count in histogram.counts.items()}


def _histogram(counts: Mapping[str, int]) -> Histogram:
    if any(count < 1 for count in counts.values()):
        raise ValueError("a bucket holds less than one")
    return Histogram({int(lowest): int(count) for lowest, count in counts.items()})
