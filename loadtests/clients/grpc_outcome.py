"""What a gRPC status means for a load test. Pure.

UNAVAILABLE and RESOURCE_EXHAUSTED are load that was shed where the server's
`reason` says so; RESOURCE_EXHAUSTED without a reason says it by itself, as 429
does. An answer of HTTP without a gRPC status comes from a proxy, and is judged
as REST is.
"""

from collections.abc import Mapping
from urllib.parse import unquote

from loadtests.clients.rest_outcome import LOAD, in_a_line
from loadtests.clients.rest_outcome import outcome_of as outcome_of_http
from loadtests.measure.outcome import Outcome

STATUSES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE"),
    *("UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
"""By number."""

_OURS = frozenset(
    {
        *("INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "FAILED_PRECONDITION"),
        *("OUT_OF_RANGE", "UNIMPLEMENTED", "UNAUTHENTICATED"),
    }
)


def name_of(number: str) -> str:
    """Name the status that `grpc-status` writes as a number; UNKNOWN where it is none."""
    if number.isascii() and number.isdigit() and len(number) < 3 and int(number) < len(STATUSES):
        return STATUSES[int(number)]
    return "UNKNOWN"


def outcome_of(status: str, reason: str) -> Outcome:
    """Classify a status that the server has sent; `reason` is its own, empty where it gives none."""
    if status == "OK":
        return Outcome.OK
    if status == "DEADLINE_EXCEEDED":
        return Outcome.DEADLINE
    if status == "UNAVAILABLE":
        return Outcome.SHED if reason in LOAD else Outcome.SERVER
    if status == "RESOURCE_EXHAUSTED":
        return Outcome.SHED if not reason or reason in LOAD else Outcome.CLIENT
    return Outcome.CLIENT if status in _OURS else Outcome.SERVER


def read_trailers(fields: Mapping[str, str]) -> tuple[Outcome, str, str]:
    """Give the outcome, the status by name and the words of a call that ended with these fields and is not OK."""
    status = name_of(fields["grpc-status"])
    reason = fields.get("reason", "")
    words = in_a_line(unquote(fields.get("grpc-message", ""), errors="replace")) or status
    return outcome_of(status, reason), status, f"{reason}: {words}" if reason else words


def read_http(status: str, headers: Mapping[str, str]) -> tuple[Outcome, str, str]:
    """Give the same of an answer that has no gRPC status."""
    number = int(status) if status.isascii() and status.isdigit() else 0
    if number == 200:
        return Outcome.SERVER, "UNKNOWN", "the answer has no grpc-status"
    outcome = outcome_of_http(number, "", headers, "")
    return outcome, f"http-{status}", f"HTTP {status} without a gRPC status"
