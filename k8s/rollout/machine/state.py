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
    """Index in the plan's steps; one more than the last is everything."""
    percent: float = 0.0
    """The canary's share as it is meant to be."""
    before: float = 0.0
    """Its share before it was shifted to that."""
    windows_passed: int = 0
    metrics_errors: int = 0
    """In a row."""
    api_errors: int = 0
    """In a row."""
    looked: float = 0.0
    """When was looked last, whoever did."""
    is_stale: bool = False
    """Whether nobody looked for long in this phase, so that its evidence no longer holds together."""
    spent: float = 0.0
    """Seconds in this phase in which somebody looked."""
    step_spent: float = 0.0
    """The same of this step, or of the way back."""
    unconcluded: float = 0.0
    """The same of settling and analysing since a step last passed its gates."""
    silent: float = 0.0
    """Seconds since the API server last told all that was asked."""
    unready: float = 0.0
    """Seconds for which the canary has not been ready."""
    ready: float = 0.0
    """Seconds for which it has."""
    counted_from: float = 0.0
    """Since when requests count as evidence."""
    window_from: float = 0.0
    """When the window in progress began."""
    smoked: bool = False
    had_pods: bool = False
    """Whether the canary has ever had a ready pod."""
    had_traffic: bool = False
    is_acting: bool = False
    """Whether the decision before asked for something to be done; it may not be done."""
    canary_revision: str = ""
    stable_revision: str = ""
    restarts: int = 0
    """The canary's, when it became ready."""
    said: str = ""
    """Why it does not go on, as it was last told."""
    exit: Exit | None = None
    """Set as soon as the end is known, though traffic is still on its way back."""
    reason: str = ""
    """The end in one sentence."""
    log: tuple[Entry, ...] = ()

    def is_where(self, other: "State") -> bool:
        """Whether nothing was decided between the two, though clocks have run on."""
        return (self.phase, self.step, self.percent, self.exit) == (other.phase, other.step, other.percent, other.exit)
