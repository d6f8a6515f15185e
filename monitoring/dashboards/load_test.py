"""What callers saw while a load test ran, to be laid beside what the servers say of the same minutes.

Folded, since most of the time there is no load test.
"""

from monitoring.dashboards.expressions import quantile, rate
from monitoring.dashboards.kinds import Lines, Stat, TimeSeries
from monitoring.dashboards.layout import Row
from monitoring.dashboards.look import Colour, Thresholds, Unit, limit, reference
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import PLACE, Query, now
from monitoring.slo import Promise

RESPONSES = "loadtest_response_duration_seconds"
LAG = "loadtest_schedule_lag_seconds"
EMPTY = "No load test"
UNTIL = "a load test runs with `--metrics-port` and Prometheus scrapes it"


def load_test(promise: Promise) -> Row:
    return Row("Load test", (_seen(promise), _itself()), folded=True)


def _seen(promise: Promise) -> tuple[Panel, ...]:
    good = f'{PLACE},outcome="ok"'
    return (
        TimeSeries(
            title="Load",
            description="Requests a second that the load test's plan asks for, and those that have ended. "
            "From loadtest_target_rate and loadtest_requests_total.",
            width=8,
            height=8,
            queries=(
                Query(f"sum(loadtest_target_rate{{{PLACE}}})", "planned"),
                Query(rate("loadtest_requests_total", where=PLACE), "ended"),
            ),
            unit=Unit.REQUESTS_PER_SECOND,
            overrides=(reference("planned"),),
            empty=EMPTY,
            empty_until=UNTIL,
        ),
        TimeSeries(
            title="Response times that callers saw",
            description="Of good answers, from when a request was due: what is above the server's own is lost on the "
            "way, or in a queue before it. From loadtest_response_duration_seconds.",
            width=8,
            height=8,
            queries=tuple(
                Query(quantile(rank, RESPONSES, where=good), name)
                for rank, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
            ),
            unit=Unit.SECONDS,
            thresholds=limit(promise.latency.threshold_seconds),
            limits=Lines.DASHED,
            empty=EMPTY,
            empty_until=UNTIL,
        ),
        TimeSeries(
            title="Failures that callers saw",
            description="Requests a second that did not end well, by class: refused connections and resets are seen "
            "here alone. From loadtest_requests_total.",
            width=8,
            height=8,
            queries=(Query(rate("loadtest_requests_total", "error", where=f'{PLACE},error!=""'), "{{error}}"),),
            unit=Unit.REQUESTS_PER_SECOND,
            stacked=True,
            empty=EMPTY,
            empty_until=UNTIL,
        ),
    )


def _itself() -> tuple[Panel, ...]:
    return (
        TimeSeries(
            title="How late the load was sent",
            description="The 99th percentile of how much later than planned requests were sent; where it is large, the "
            "load test is slow and not the server. From loadtest_schedule_lag_seconds.",
            width=8,
            height=6,
            queries=(Query(quantile(0.99, LAG, where=PLACE), "p99"),),
            unit=Unit.SECONDS,
            empty=EMPTY,
            empty_until=UNTIL,
        ),
        TimeSeries(
            title="Callers that wait",
            description="Requests of the load test that wait for their answers. From loadtest_users.",
            width=8,
            height=6,
            queries=(Query(f"sum(loadtest_users{{{PLACE}}})", "waiting"),),
            unit=Unit.WHOLE,
            empty=EMPTY,
            empty_until=UNTIL,
        ),
        Stat(
            title="Profile and verdict",
            description="Which profile it is, and what it came to. From loadtest_verdict_info.",
            width=8,
            height=6,
            queries=(now(f"max by (profile, verdict) (loadtest_verdict_info{{{PLACE}}})", "{{profile}}: {{verdict}}"),),
            unit=Unit.WHOLE,
            thresholds=Thresholds(Colour.BLUE),
            with_names=True,
            empty=EMPTY,
            empty_until=UNTIL,
        ),
    )
