"""Where a rollout can be."""

from enum import StrEnum


class Phase(StrEnum):
    """In this order where all goes well; any may lead to RESTORING."""

    PREFLIGHT = "preflight"
    """Is the stable version well, are its metrics there, is its promise kept?"""
    DEPLOYING = "deploying"
    """The canary is made and becomes ready, with no traffic."""
    SMOKE = "smoke"
    """It answers a request as the stable one does."""
    SHIFTING = "shifting"
    """A step's share is set, and is waited for until it is effective."""
    SETTLING = "settling"
    """Requests flow for two scrapes before they count."""
    ANALYSING = "analysing"
    """Gates are judged, window after window."""
    WAITING = "waiting"
    """A step's pause, or a person's approval."""
    VERIFYING = "verifying"
    """The canary has everything, and is judged a last time while the stable one can still take it back."""
    PROMOTING = "promoting"
    """The canary becomes the stable one."""
    RESTORING = "restoring"
    """The canary's share is taken back, until that is effective."""
    DISCARDING = "discarding"
    """What it had begun is answered; then the canary goes."""
    ENDED = "ended"
