"""What a worker says of itself when it comes, and whether it may take part. Pure but for reading its own code.

Workers draw their arrivals and make their questions by themselves, so all must
run the code that the master runs: another edition would send another load, and
no figure would tell.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
PARTS = ("clients", "engine", "measure", "profile", "requests")
"""Of the package, what a worker runs."""


@dataclass(frozen=True, slots=True)
class Hello:
    name: str
    """Host and process, for people."""
    machine: str
    """The same for all processes that share a clock; empty where that cannot be told."""
    code: str
    """The fingerprint of what it runs."""

    def to_wire(self) -> dict[str, Any]:
        """Give it in JSON's types."""
        return asdict(self)

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "Hello":
        """Read what `to_wire` gave; raises KeyError or TypeError for anything else."""
        return cls(str(wire["name"]), str(wire["machine"]), str(wire["code"]))


def refusal(worker: Hello, code: str) -> str:
    """Give the sentence that turns a worker away; empty for one that may take part."""
    if worker.code == code:
        return ""
    return (
        f"worker {worker.name} runs other code ({worker.code}) than the master ({code}): "
        "start both from the same image or the same checkout"
    )


@cache
def code_fingerprint(package: Path = PACKAGE) -> str:
    """Sum up the code that a worker runs."""
    digest = hashlib.sha256()
    for part in PARTS:
        for path in sorted((package / part).rglob("*.py")):
            digest.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def machine() -> str:
    """Name this machine's running system; two containers of one kernel have the same name and the same clock."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
