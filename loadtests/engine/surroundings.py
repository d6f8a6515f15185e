"""What a run was made with, for whoever compares it with another: commit, machine, versions."""

import os
import platform
from importlib import metadata
from pathlib import Path

from loadtests.machine import describe_machine

REPOSITORY = Path(__file__).parents[2]
COMMIT = "ECLUSE_COMMIT"
"""Names the commit where there is no repository: in the image."""


def surroundings() -> dict[str, str]:
    machine = describe_machine(REPOSITORY)
    return {
        "commit": os.environ.get(COMMIT) or machine.commit,
        "processor": machine.processor,
        "cores": str(os.cpu_count() or 1),
        "system": machine.system,
        "python": platform.python_version(),
        "locust": metadata.version("locust"),
        "gevent": metadata.version("gevent"),
    }
