"""What a client of the load tests promises.

A client never raises for what a server or a network does: everything that can
become of a request is an Exchange. It sends a request once and never again,
but for the one case in which the server has said that it did not look at it
(a gRPC stream above GOAWAY's last, or REFUSED_STREAM), which is retried once,
as every gRPC library does.
"""

from typing import NamedTuple, Protocol

from loadtests.measure.outcome import Outcome
from loadtests.requests.question import Question, Reply


class Exchange(NamedTuple):
    """What became of one request."""

    outcome: Outcome
    """OK where the server answered with success: whether rightly, `Question.judge` says."""
    code: str
    """As `Observation.code`."""
    reply: Reply | None = None
    """There where the outcome is OK."""
    words: str = ""
    """Of a failure, in a line: the server's own words where it had any."""


class Client(Protocol):
    """Sends requests of one stream. Callable from many greenlets at once; each holds a connection while it waits."""

    def ask(self, question: Question, timeout_seconds: float) -> Exchange:
        """Send it, and wait for its answer for so long at most."""

    def close(self) -> None:
        """End all connections."""
