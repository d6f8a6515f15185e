"""What a load test tells of itself while it runs: the callers' side, beside what servers say of the same seconds.

In names of their own, since no server exports them: they come from whoever
makes the load, on a port that it is given.
"""

from monitoring.contract.metric import Kind, Metric
from monitoring.contract.values import LAG_SECONDS, LATENCY_SECONDS

LOAD_OUTCOMES = ("ok", "shed", "deadline", "server", "client", "connection", "timeout", "wrong", "dropped")
"""How a request of a load test can end: `loadtests.measure.outcome` says what each means."""
VERDICTS = ("running", "passed", "failed", "inconclusive", "unreachable", "interrupted", "usage")
MOST_CODES = 50
OTHER_CODE = "other"

LOAD_TESTS = (
    Metric(
        "loadtest_response_duration_seconds",
        Kind.HISTOGRAM,
        "From when a request was due to the end of its answer, however late it was sent.",
        "load test panels",
        labels=("phase", "name", "outcome"),
        buckets=LATENCY_SECONDS,
    ),
    Metric(
        "loadtest_requests_total",
        Kind.COUNTER,
        "Requests of the load test that have ended.",
        "load test panels",
        labels=("phase", "code", "error"),
    ),
    Metric(
        "loadtest_schedule_lag_seconds",
        Kind.HISTOGRAM,
        "How much later than planned requests were sent; large, it is the load test that is slow.",
        "load test panels",
        buckets=LAG_SECONDS,
    ),
    Metric(
        "loadtest_target_rate",
        Kind.GAUGE,
        "Requests a second that the plan asks for now.",
        "load test panels",
    ),
    Metric(
        "loadtest_users",
        Kind.GAUGE,
        "Requests that wait for their answers.",
        "load test panels",
    ),
    Metric(
        "loadtest_verdict_info",
        Kind.GAUGE,
        "Constant 1; which profile it is, and what it came to.",
        "load test panels",
        labels=("profile", "verdict"),
    ),
)

LOAD_CLOSED = {"outcome": LOAD_OUTCOMES, "error": ("", *LOAD_OUTCOMES[1:]), "verdict": VERDICTS}
"""No error is an empty label, which Prometheus takes for none."""
LOAD_BOUNDED = {
    "phase": "the profile's phases, or the steps of its search",
    "name": "the profile's kinds of requests",
    "code": (
        "HTTP's status, gRPC's by name, or what became of the connection; "
        f"{MOST_CODES} at most, and `{OTHER_CODE}` for the rest"
    ),
    "profile": "the one that runs",
}
