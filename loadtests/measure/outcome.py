"""How a request can end.

The words stand in reports, in gates and in the label `error` of the load's own
metrics. A server that says it has too much to do has refused and not failed:
SHED is a class of its own.
"""

from enum import StrEnum


class Outcome(StrEnum):
    OK = "ok"
    SHED = "shed"
    """503 or 429, UNAVAILABLE or RESOURCE_EXHAUSTED, with a reason that names too much load."""
    DEADLINE = "deadline"
    """504 or DEADLINE_EXCEEDED: the server says that the caller's deadline has passed."""
    SERVER = "server"
    """Any other 5xx, or a gRPC status that means one."""
    CLIENT = "client"
    """4xx: the load itself was wrong."""
    CONNECTION = "connection"
    """Refused, reset, closed before or within the answer."""
    TIMEOUT = "timeout"
    """No answer in the time that the load waits."""
    WRONG = "wrong"
    """An answer with another shape, another number of rows, or of another request."""
    DROPPED = "dropped"
    """Never sent, since as many as may be were waiting for their answers: whoever would have asked was not answered."""

    @property
    def is_failure(self) -> bool:
        return self is not Outcome.OK


ANSWERED = frozenset({Outcome.OK, Outcome.SHED, Outcome.DEADLINE, Outcome.SERVER, Outcome.CLIENT, Outcome.WRONG})
"""A server said something."""
NO_PORT = "no-port"
"""The code of a request for which this machine had no port or no file left to connect with: the generator's fault."""
