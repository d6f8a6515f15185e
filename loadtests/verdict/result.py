"""What a verdict is, and the exit status that says it."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Status(IntEnum):
    """The exit status of every command here."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    INCONCLUSIVE = 3
    UNREACHABLE = 4
    """The target could not be asked, or is not ready, before anything was measured."""
    INTERRUPTED = 130


class Mark(StrEnum):
    """How a single gate came out."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    """Nothing was asked: the promise says nothing of it, or no label is known. It changes no verdict."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate in one phase."""

    name: str
    """As `p99 in during-change`."""
    measure: str
    phase: str
    mark: Mark
    seen: float | None
    """None where there is nothing to see, or what is seen is longer than was waited for."""
    limit: str
    """As `at most 0.25`."""
    low: float | None = None
    high: float | None = None
    """The 95 % interval of what was seen, where it has one."""
    samples: int = 0
    words: str = ""
    """Why it came out so, in a sentence, with numbers."""


@dataclass(frozen=True, slots=True)
class Verdict:
    status: Status
    gates: tuple[GateResult, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why it is as it is, the weightiest first, a sentence each; empty where all passed."""
    capacity: float | None = None
    """Of a search: the largest rate that held."""
    notes: tuple[str, ...] = field(default=())
    """What a reader should know and no gate asks."""
