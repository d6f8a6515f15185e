"""What a run was made on, for whoever compares it with another.

A throughput means nothing without the processor, the system, the versions and
the commit. No host name and no path: the report is published.
"""

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

_PACKAGES = ("kserve", "tensorflow-cpu", "tensorflow", "numpy", "uvicorn", "uvloop", "grpcio")


@dataclass(frozen=True, slots=True)
class Machine:
    """Processor, system, versions and commit, as words."""

    processor: str
    cores: int
    system: str
    versions: dict[str, str]
    commit: str


def describe_machine(repository: Path) -> Machine:
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {_release()}",
        versions={"Python": platform.python_version()} | _package_versions(),
        commit=_commit(repository),
    )


def _release() -> str:
    """Name the kernel's version without what a distributor or a cloud appends to it."""
    return platform.release().partition("-")[0]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _package_versions() -> dict[str, str]:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _commit(repository: Path) -> str:
    """Name the commit, and say when the files are not the commit's."""
    try:
        commit = _git(repository, "rev-parse", "--short=12", "HEAD")
        changes = _git(repository, "status", "--porcelain")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}, with changes that are not committed" if changes else commit


def _git(repository: Path, *arguments: str) -> str:
    # Who only looks takes no lock: it would stand in the way of others, and stay behind where the disk is full.
    command = ["git", "--no-optional-locks", "-C", str(repository), *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True)
    return output.stdout.strip()
