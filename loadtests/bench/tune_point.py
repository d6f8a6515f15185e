"""What was seen of one setting of a knob under so many connections: a figure a turn."""

from dataclasses import dataclass, field

from loadtests.bench.closed_loop import Sample

WARM_UP_SECONDS = 0.2


@dataclass
class Point:
    """One setting under so many connections: a figure a turn."""

    setting: str
    connections: int
    answers: list[float] = field(default_factory=list)
    """For each second of processor time."""
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    """Share of all requests."""

    def note(self, sample: Sample) -> None:
        latencies = sorted(sample.latencies_seconds)
        self.answers.append(len(latencies) / (sample.server_cpu_seconds or sample.seconds))
        self.p50.append(latencies[len(latencies) // 2])
        self.p99.append(latencies[int(len(latencies) * 0.99)])
        # Refusals are counted from the first request on, answers behind the warm-up.
        before = len(latencies) * (1 + WARM_UP_SECONDS / sample.seconds)
        self.refused.append(sample.errors / (sample.errors + before))
