"""What a run was ordered to do, read from the command line before anything is begun. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtests.engine.assignment import Addresses
from loadtests.profile.form import Profile
from monitoring.slo import Promise


@dataclass(frozen=True, slots=True)
class Order:
    profile: Profile
    profile_name: str
    promise: Promise
    addresses: Addresses
    headers: Mapping[str, str]
    model: str
    out: Path
    pictures: bytes | None = None
    processes: int = 1
    """Workers that are begun here; 1 puts the load on by the process itself."""
    expected_workers: int = 0
    """Workers that come by themselves, in place of those."""
    bind: str = "*"
    port: int = 5557
    """Where these are waited for."""
    worker_wait_seconds: float = 60
    ready_wait_seconds: float = 10
    give_up_after_seconds: float = 30
    metrics_port: int | None = None
    is_quiet: bool = False
    is_json: bool = False
    """Whether the last line is the summary in JSON."""
