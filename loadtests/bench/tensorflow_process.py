"""Start what needs TensorFlow, in a process of its own, and read what it says.

The benchmark itself imports no framework: it would take the client's core.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from loadtests.bench.cores import pinned_to
from loadtests.bench.errors import BenchError
from loadtests.bench.servers import REPOSITORY
from loadtests.bench.tensors import Tensor


def raw_batches_per_second(
    folder: Path, batch: Sequence[Tensor], seconds: float, *, core: int | None, tensors: Path
) -> float:
    """Run a batch again and again with no server around it, on the server's core."""
    arrays: dict[str, Any] = {each.name: each.array for each in batch}
    np.savez(tensors, **arrays)
    said = _run(
        "loadtests.bench.raw_tensorflow", str(folder.resolve()), str(tensors.resolve()), str(seconds), core=core
    )
    return float(said.split()[-1])


def make_mlp(folder: Path) -> Path:
    """Make the model of the goals and its baseline, unless an earlier run has."""
    if not (folder / "1/assets.extra/baseline.json").exists():
        print("making the 784-512-10 model", flush=True)
        _run("loadtests.bench.mlp", str(folder.resolve()))
        rows = str(folder.resolve() / "held-out.npz")
        _run("model.baseline", str(folder.resolve()), rows, "--image", "28x28", "--pixels", "0,1")
    return folder


def _run(module: str, *arguments: str, core: int | None = None) -> str:
    command = [sys.executable, "-m", module, *arguments]
    with pinned_to(core):
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"`{' '.join(command[1:3])}` ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout
