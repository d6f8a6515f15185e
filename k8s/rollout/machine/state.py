"""All that is remembered of a rollout from one look to the next, and over a kill.

Written down before what was decided is done, so that whoever takes over does it
again. Times are seconds since the epoch, since another process may read them.
"""

from dataclasses import dataclass

from k8s.rollout.machine.phase import Phase
from k8s.rollout.outcome import Exit


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log of decisions."""

    at: float
    phase: Phase
    percent: float
    sentence: str


@dataclass(frozen=True, slots=True)
class State:
    """Where a rollout is."""

    identity: str
    """Of this rollout: the same in every process that goes on with it."""
    plan_digest: str
    began: float
    stable: str = ""
    canary: str = ""
    """What the backend calls the sides: who goes on means the same ones, though the weights have changed since."""
    phase: Phase = Phase.PREFLIGHT
    since: float = 0.0
    """When this phase began."""
    step: int = 0
    percent: float = 0.0
    """The canary's share as it is meant to be."""
    windows_passed: int = 0
    metrics_errors: int = 0
    """In a row."""
    api_errors: int = 0
    exit: Exit | None = None
    """Set as soon as the end is known, though traffic is still on its way back."""
    reason: str = ""
    """The end in one sentence."""
    log: tuple[Entry, ...] = ()
