"""What a run saw, in numbers: one measurement at a time, then over its rounds.

The median over rounds stands for a case and the least and greatest for its
spread. Everything here is a value; files are written from `to_json` and
`to_csv`, prose from `report.py`, and the picture from `chart.py`.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

import numpy as np

from loadtests.bench.closed_loop import Sample
from loadtests.machine import Machine


@dataclass(frozen=True, slots=True)
class Measurement:
    """One contender, one protocol, one number of connections, one round."""

    contender: str
    protocol: str
    connections: int
    round: int
    requests: int
    errors: int
    seconds: float
    requests_per_second: float
    p50_seconds: float
    p99_seconds: float
    client_cpu_share: float
    server_cpu_share: float | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A protocol that a contender did not answer, in the contender's words."""

    contender: str
    protocol: str
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked of the run; the report repeats it."""

    command: str
    model_inputs: str
    rounds: int
    seconds: float
    warm_up_seconds: float
    connections: tuple[int, ...]
    rows: int
    is_pinned: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that was seen of one model; report, charts and files are made of it."""

    model: str
    date: str
    machine: Machine
    plan: Plan
    titles: dict[str, str]
    body_bytes: dict[str, int]
    measurements: tuple[Measurement, ...]
    refusals: tuple[Refusal, ...]
    bounds: tuple[float, ...] = ()
    """Rows a second of raw TensorFlow in batches of `plan.rows`, a figure a round."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One case over its rounds: the median, and how far the rounds lie apart.

    The shares of the cores are the worst of the rounds: the client's greatest,
    the server's least.
    """

    requests_per_second: float
    least: float
    greatest: float
    p50_seconds: float
    p99_seconds: float
    client_cpu_share: float
    server_cpu_share: float | None
    errors: int

    @property
    def spread(self) -> float:
        """Distance of the extremes as a share of the median."""
        return (self.greatest - self.least) / self.requests_per_second


def reduce_sample(sample: Sample, *, contender: str, protocol: str, connections: int, round_number: int) -> Measurement:
    """Turn latencies into the figures that are kept."""
    p50, p99 = np.percentile(sample.latencies_seconds, [50, 99])
    requests = len(sample.latencies_seconds)
    return Measurement(
        contender=contender,
        protocol=protocol,
        connections=connections,
        round=round_number,
        requests=requests,
        errors=sample.errors,
        seconds=round(sample.seconds, 4),
        requests_per_second=round(requests / sample.seconds, 1),
        p50_seconds=round(float(p50), 7),
        p99_seconds=round(float(p99), 7),
        client_cpu_share=round(sample.client_cpu_seconds / sample.seconds, 3),
        server_cpu_share=(
            None if sample.server_cpu_seconds is None else round(sample.server_cpu_seconds / sample.seconds, 3)
        ),
    )


def summarise(run: Run, contender: str, protocol: str, connections: int) -> Summary | None:
    """Reduce the rounds of one case, or return None if it was not measured."""
    rounds = [
        each
        for each in run.measurements
        if (each.contender, each.protocol, each.connections) == (contender, protocol, connections)
    ]
    if not rounds:
        return None
    rates = [each.requests_per_second for each in rounds]
    return Summary(
        requests_per_second=median(rates),
        least=min(rates),
        greatest=max(rates),
        p50_seconds=median(each.p50_seconds for each in rounds),
        p99_seconds=median(each.p99_seconds for each in rounds),
        client_cpu_share=max(each.client_cpu_share for each in rounds),
        server_cpu_share=min(
            (each.server_cpu_share for each in rounds if each.server_cpu_share is not None), default=None
        ),
        errors=sum(each.errors for each in rounds),
    )


def protocols_of(run: Run) -> list[str]:
    """Name the protocols that were measured, in the order of the run."""
    return list(dict.fromkeys(each.protocol for each in run.measurements))


def to_json(runs: Sequence[Run]) -> str:
    return json.dumps([asdict(run) for run in runs], indent=2, ensure_ascii=False) + "\n"


def to_csv(runs: Sequence[Run]) -> str:
    text = io.StringIO()
    fields = ["model", *Measurement.__dataclass_fields__]
    writer = csv.DictWriter(text, fieldnames=fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows({"model": run.model} | asdict(each) for run in runs for each in run.measurements)
    return text.getvalue()
