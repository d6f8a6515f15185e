"""How a rollout ends, and what a script sees of it."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit status of the command; scripts depend on these numbers."""

    PROMOTED = 0
    USAGE = 1
    ABORTED = 2
    """By a gate, by the canary's own trouble, or by a person: traffic is back where it was."""
    INCONCLUSIVE = 3
    """What was to be seen was not seen in the time there was: traffic is back where it was."""
    INFRASTRUCTURE = 4
    """API server or Prometheus, or another rollout that holds the lock."""
    PAUSED = 130
    """Interrupted: traffic stays where it is, and the same command goes on."""
