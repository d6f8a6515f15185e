"""Full load for a long time, and what becomes of the server's memory.

Reads the resident memory of the server every ten seconds while it is asked as
fast as it answers. What counts is the last figure against that of minute one:
the first seconds still grow buffers, a leak goes on growing.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from loadtests.bench.closed_loop import Load, measure
from loadtests.bench.cpu_time import process_cpu_seconds
from loadtests.bench.protocols import PROTOCOLS, Target
from loadtests.bench.rest_v2 import fetch_inputs
from loadtests.bench.tensors import made_rows

EVERY_SECONDS = 10.0
PROTOCOL = "V2 JSON"
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Soak:
    """How long, how much was answered, and the resident bytes, one figure every ten seconds."""

    commit: str
    model: str
    connections: int
    seconds: float
    requests: int
    errors: int
    every_seconds: float
    resident_bytes: tuple[int, ...]

    @property
    def growth(self) -> float:
        """The last figure against that of minute one, as a share of it."""
        after_a_minute = self.resident_bytes[min(int(MINUTE / self.every_seconds), len(self.resident_bytes)) - 1]
        return self.resident_bytes[-1] / after_a_minute - 1


def soak(target: Target, connections: int, seconds: float, *, commit: str) -> Soak:
    """Load a server, and watch it meanwhile."""
    request = PROTOCOLS[PROTOCOL](target, made_rows(fetch_inputs(target.model_name, target.http_port)))
    request.ask()
    seen: list[int] = []
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(partial(resident_bytes, target.process_id), seen, over))
    watcher.start()
    try:
        sample = measure(
            request.open_connection,
            request.port,
            Load(connections, 0.0, seconds),
            partial(process_cpu_seconds, target.process_id),
        )
    finally:
        over.set()
        watcher.join()
    return Soak(
        commit,
        target.model_name,
        connections,
        seconds,
        len(sample.latencies_seconds),
        sample.errors,
        EVERY_SECONDS,
        tuple(seen),
    )


def _watch(read: Callable[[], int], seen: list[int], over: threading.Event) -> None:
    while not over.wait(EVERY_SECONDS):
        seen.append(read())
        print(f"{len(seen) * EVERY_SECONDS:6.0f} s  {seen[-1] / 2**20:8.1f} MiB", flush=True)
    seen.append(read())


def resident_bytes(process_id: int) -> int:
    """Read what a process has in memory; zero where the system does not say."""
    try:
        lines = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)


def save(result: Soak, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")


def load(path: Path) -> Soak | None:
    """Read the last soak, if there was one."""
    if not path.exists():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    return Soak(**(kept | {"resident_bytes": tuple(kept["resident_bytes"])}))
