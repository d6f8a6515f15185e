"""The two versions of a rollout."""

from enum import StrEnum


class Side(StrEnum):
    """Who has the traffic, and who is to have it."""

    STABLE = "stable"
    CANARY = "canary"
