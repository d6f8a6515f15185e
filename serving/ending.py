"""How one inference ended, as all hear of it who are told: the log, the collector of traces, the capture."""

from typing import NamedTuple


class Ending(NamedTuple):
    """The facts of an end, whatever the protocol."""

    request_id: str
    protocol: str
    model_name: str
    model_version: str
    """What was asked for, as long as nobody was found to answer."""
    code: int
    seconds: float
    reason: str | None = None
