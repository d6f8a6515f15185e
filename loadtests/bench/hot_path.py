"""A profile of the server under full load: py-spy's stacks and the kernel's clock.

py-spy looks from outside and stops nothing for long; the processor time of a
request is taken without it, just before, so the figures are of an undisturbed
server and py-spy gives the shares alone. It sees Python's threads; TensorFlow
runs a graph on one of its own while the caller sleeps, and the kernel says how
long.
"""

import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from loadtests.bench.closed_loop import Load, measure
from loadtests.bench.cpu_time import process_cpu_seconds, threads_cpu_seconds
from loadtests.bench.protocols import PROTOCOLS, Target
from loadtests.bench.rest_v2 import fetch_inputs
from loadtests.bench.stages import Part, add_up
from loadtests.bench.tensors import made_rows

SAMPLES_PER_SECOND = 250

TENSORFLOW_THREADS = "tf_"
"""How TensorFlow names its threads."""


@dataclass(frozen=True, slots=True)
class HotPath:
    """What a request costs the server, and on what."""

    model: str
    protocol: str
    connections: int
    requests_per_second: float
    cpu_microseconds: float
    parts: tuple[Part, ...]

    def microseconds(self, part: Part) -> float:
        return part.share * self.cpu_microseconds


def profile(target: Target, protocol: str, load: Load, folder: Path) -> HotPath | None:
    """Measure, then look; None where this machine does not let py-spy look."""
    request = PROTOCOLS[protocol](target, made_rows(fetch_inputs(target.model_name, target.http_port)))
    request.ask()
    cpu_seconds = partial(process_cpu_seconds, target.process_id)
    graph_began = threads_cpu_seconds(target.process_id, TENSORFLOW_THREADS)
    all_began = cpu_seconds() or 0.0
    sample = measure(request.open_connection, request.port, load, cpu_seconds)
    graph = threads_cpu_seconds(target.process_id, TENSORFLOW_THREADS) - graph_began
    graph_share = graph / max((cpu_seconds() or 0.0) - all_began, 1e-9)
    stacks = folder / f"stacks-{target.model_name}-{protocol.replace(' ', '-')}.txt"
    stacks.unlink(missing_ok=True)
    watching = subprocess.Popen(
        _command(target.process_id, load.seconds, stacks), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        measure(
            request.open_connection,
            request.port,
            Load(load.connections, load.warm_up_seconds, load.seconds + 1),
            cpu_seconds,
        )
    finally:
        watching.wait()
    if sample.server_cpu_seconds is None or not stacks.exists():
        return None
    requests = len(sample.latencies_seconds)
    return HotPath(
        target.model_name,
        protocol,
        load.connections,
        requests / sample.seconds,
        sample.server_cpu_seconds / requests * 1e6,
        tuple(add_up(stacks.read_text(encoding="utf-8").splitlines(), graph_share)),
    )


def _command(process_id: int, seconds: float, stacks: Path) -> list[str]:
    # Beside the interpreter of a virtual environment that nobody has activated.
    beside = Path(sys.executable).with_name("py-spy")
    return [
        *(str(beside) if beside.exists() else "py-spy", "record", "--pid", str(process_id), "--format", "raw"),
        *("--rate", str(SAMPLES_PER_SECOND), "--duration", str(max(1, round(seconds))), "--output", str(stacks)),
    ]
