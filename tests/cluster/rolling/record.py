"""Every response there was, one a line: nothing is summed up before it is written down.

A response is lost where its caller did not get the right answer, whatever the
reason: no connection (status 0), any status but 200 or OK, another's rows. What
the server gave as its reason is kept beside it, since a server that says it is
full has not lost anything by leaving.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from tests.cluster.rolling.arrivals import Kind

NO_CONNECTION = "0"
"""The status of a request that no server answered."""
WRONG = "wrong"
"""The status of an answer that was to another question."""
ANSWERED = ("200", "OK")

OVERLOAD = ("queue_full", "late")
"""Reasons that a server gives when it has more to do than it can, whether or not anything changes."""


class Response(NamedTuple):
    """What became of one request. Times are those of this machine's monotonic clock, in seconds."""

    kind: Kind
    number: int
    scheduled: float
    sent: float
    """When a caller took it up; later than scheduled only where the callers are short of processor."""
    ended: float
    status: str
    version: str
    """Of the model that answered, where the protocol tells it."""
    reason: str
    """The server's own word for its refusal."""
    trouble: str
    """In a sentence, what went wrong."""

    @property
    def is_lost(self) -> bool:
        return self.status not in ANSWERED

    @property
    def is_overload(self) -> bool:
        return self.is_lost and self.reason in OVERLOAD

    @property
    def seconds(self) -> float:
        """Since it was due: a caller who had to wait for the server to come back has waited."""
        return self.ended - self.scheduled


class Writer:
    """Writes responses as they come."""

    def __init__(self, file: IO[str]) -> None:
        self._rows = csv.writer(file)
        self._rows.writerow(Response._fields)

    def write(self, response: Response) -> None:
        self._rows.writerow(response)


def read(path: Path) -> list[Response]:
    """Give the responses of a file, in the order in which they were due."""
    with path.open(newline="") as file:
        return sorted(_responses(csv.DictReader(file)), key=lambda response: response.scheduled)


def _responses(rows: Iterable[dict[str, str]]) -> Iterator[Response]:
    for row in rows:
        yield Response(
            Kind(row["kind"]),
            int(row["number"]),
            float(row["scheduled"]),
            float(row["sent"]),
            float(row["ended"]),
            row["status"],
            row["version"],
            row["reason"],
            row["trouble"],
        )
