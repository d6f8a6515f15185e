"""What a decision has done to the cluster; the thin part carries it out, and again after a kill."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deploy:
    """Make the canary with no traffic."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Give the canary this share."""

    percent: float


@dataclass(frozen=True, slots=True)
class Promote:
    """Make the canary the stable one."""


@dataclass(frozen=True, slots=True)
class Discard:
    """Take the canary away."""


Act = Deploy | Shift | Promote | Discard
