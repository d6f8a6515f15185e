"""One request that has ended, as its caller saw it."""

from typing import NamedTuple

from loadtests.measure.outcome import Outcome


class Observation(NamedTuple):
    """Times are seconds since the start of the run, on the clock of who sent it."""

    stream: str
    """The name of its kind, from the profile."""
    planned: float
    """When it was due. The response time counts from here, however late it was sent."""
    sent: float
    """Equal to `ended` where it never was."""
    ended: float
    outcome: Outcome
    code: str
    """The HTTP status, the gRPC status by name, or what became of the connection: refused, reset, closed, timeout."""
    rows: int = 1
    version: str = ""
    """Of the model that answered; empty where it is not told."""
    labelled: int = 0
    """Rows whose label is known."""
    right: int = 0
    """Of these, how many were answered with it."""
    words: str = ""
    """Of a failure: what was said or seen, in a line."""

    @property
    def response_seconds(self) -> float:
        """From when it was due: what a caller of an open world waits."""
        return self.ended - self.planned

    @property
    def service_seconds(self) -> float:
        """From when it was sent."""
        return self.ended - self.sent

    @property
    def lag_seconds(self) -> float:
        """How late the generator was."""
        return self.sent - self.planned
