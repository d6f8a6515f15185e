"""model_card.json: where a version comes from, for whoever meets it later.

Data and checksums, code, versions, settings, time and quality: enough to train
the same weights again and to see whether they are as good. It names no path and
no user of the machine it was made on. Building it changes nothing.
"""

import platform
import shutil
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from model.data import Dataset
from model.hyperparameters import Hyperparameters
from model.quality import Quality

SCHEMA_VERSION = 1


def describe(
    *,
    name: str,
    model_version: int,
    dataset: Dataset,
    hyperparameters: Hyperparameters,
    weights: int,
    training_seconds: float,
    quality: Quality,
) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "version": model_version,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "signature": {
            "name": "serving_default",
            "inputs": {"image": "UINT8 [-1, 28, 28]"},
            "outputs": {"probabilities": "FP32 [-1, 10]", "digit": "INT64 [-1]"},
        },
        "data": asdict(dataset.source)
        | {
            "rows": {
                "train": len(dataset.train),
                "validation": len(dataset.validation),
                "test": len(dataset.test),
            }
        },
        "git": git_state(Path(__file__).parent),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": _tensorflow_version(),
            "keras": version("keras"),
            "numpy": np.__version__,
        },
        "hyperparameters": asdict(hyperparameters) | {"learning_rate_schedule": "half a cosine to zero"},
        "weights": weights,
        "training_seconds": round(training_seconds, 1),
        "metrics": {"measured_on": "test rows"} | asdict(quality),
    }


def git_state(folder: Path) -> dict[str, Any] | None:
    """The commit and whether the tree differs from it; nothing where there is no git or no repository."""
    git = shutil.which("git")
    if git is None:
        return None
    answers = []
    for question in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]):
        done = subprocess.run(  # noqa: S603 - every word is ours, and no shell reads them
            [git, "-C", str(folder), *question], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            return None
        answers.append(done.stdout.strip())
    return {"commit": answers[0], "has_uncommitted_changes": bool(answers[1])}


def _tensorflow_version() -> str:
    from model.framework import tf

    return str(tf.__version__)
