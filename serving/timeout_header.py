"""What a caller over HTTP says of how long it waits, in a header.

HTTP has no word of its own for it, as gRPC has in `grpc-timeout`. One header
is for callers; the other is set by Envoy, hence by Istio and Knative, on what
it sends to a server when its route has a timeout. The sooner counts.
"""

from collections.abc import Mapping
from math import inf

from serving.errors import InvalidRequest

HEADERS = (b"x-request-timeout-ms", b"x-envoy-expected-rq-timeout-ms")
"""Milliseconds; zero, as in Envoy, is no timeout."""

LONGEST = 12
"""Digits: thirty years."""


def timeout_seconds(headers: Mapping[bytes, bytes]) -> float:
    """Read the headers, whose names are in lower case; infinite where neither is there."""
    seconds = inf
    for name in HEADERS:
        value = headers.get(name)
        if value is None:
            continue
        if not value.isdigit() or len(value) > LONGEST:
            raise InvalidRequest(
                f"{name.decode()} is {value.decode('latin-1')[:40]!r}, expected a whole number of milliseconds"
            )
        seconds = min(seconds, int(value) / 1000 or inf)
    return seconds
