"""What an HTTP status and its words mean for a load test. Pure.

A 503 is load that was shed only where the server says so: by our `reason`, by
Envoy's header for a circuit that is open, or in the words of Knative's queue. A
server that is loading or draining, and a gateway without a server behind it,
have failed their callers, which is what a rolling update must not do. 429 says
by itself that it is load.
"""

from collections.abc import Mapping

import orjson

from loadtests.measure.outcome import Outcome

LOAD = frozenset({"queue_full", "overloaded_bytes", "late", "too_many_connections"})
"""The reasons by which Écluse says that it has too much to do."""

KNATIVE = "pending request queue full"
"""What Knative's proxy beside a model says with 503."""

LONGEST_WORDS = 300


def outcome_of(status: int, reason: str, headers: Mapping[str, str], words: str) -> Outcome:
    """Classify an answer; `reason` is the server's own, empty where it gives none."""
    if 200 <= status < 300:
        return Outcome.OK
    if status == 429:
        return Outcome.SHED
    if status == 503:
        is_load = reason in LOAD or (not reason and ("x-envoy-overloaded" in headers or KNATIVE in words))
        return Outcome.SHED if is_load else Outcome.SERVER
    if status == 504:
        return Outcome.DEADLINE
    return Outcome.SERVER if status >= 500 else Outcome.CLIENT


def read_failure(body: bytes) -> tuple[str, str]:
    """Give the server's reason and its words in a line, each empty where there are none."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", in_a_line(body.decode("utf-8", "replace"))
    if not isinstance(told, dict):
        return "", in_a_line(body.decode("utf-8", "replace"))
    reason, error = told.get("reason"), told.get("error")
    words = error if isinstance(error, str) else body.decode("utf-8", "replace")
    return reason if isinstance(reason, str) else "", in_a_line(words)


def in_a_line(words: str) -> str:
    line = " ".join(words[: 4 * LONGEST_WORDS].split())
    return line if len(line) <= LONGEST_WORDS else f"{line[: LONGEST_WORDS - 3]}..."
