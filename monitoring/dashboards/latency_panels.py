"""The panels of traffic, errors and latency that more than one dashboard shows."""

from monitoring.dashboards.expressions import mean, quantile, rate, share
from monitoring.dashboards.kinds import Lines, TimeSeries
from monitoring.dashboards.look import Colour, Unit, allowed, coloured, limit
from monitoring.dashboards.query import VERSION, Query
from monitoring.slo import Promise

REQUESTS = "ecluse_requests_total"
DURATION = "ecluse_request_duration_seconds"

CODE_COLOURS = (
    coloured("/^2/", Colour.GREEN, is_pattern=True),
    coloured("/^4/", Colour.YELLOW, is_pattern=True),
    coloured("/^5/", Colour.RED, is_pattern=True),
    coloured("499", Colour.PURPLE),
    coloured("503", Colour.ORANGE),
    coloured("504", Colour.DARK_RED),
)


def by_code(width: int, height: int, *, listed: bool = False) -> TimeSeries:
    return TimeSeries(
        title="Requests by status",
        description="Inference requests answered a second, by HTTP status; a gRPC status counts as the HTTP status it "
        "means, 499 is a caller that left, 503 is what was turned away. From ecluse_requests_total.",
        width=width,
        height=height,
        queries=(Query(f"{rate(REQUESTS, 'code')} > 0", "{{code}}"),),
        unit=Unit.REQUESTS_PER_SECOND,
        stacked=True,
        overrides=CODE_COLOURS,
        legend=() if listed else ("mean", "lastNotNull"),
    )


def error_ratios(width: int, height: int, promise: Promise) -> TimeSeries:
    everything = rate(REQUESTS)
    return TimeSeries(
        title="Share of errors",
        description="Share of requests answered 5xx, which the objective counts, and 4xx, which it does not. The "
        "dashed "
        f"line is what the objective allows: {allowed(promise.availability.objective):.4g}. From "
        "ecluse_requests_total.",
        width=width,
        height=height,
        queries=(
            Query(share(rate(REQUESTS, where=f'{VERSION},code=~"5.."'), everything), "5xx"),
            Query(share(rate(REQUESTS, where=f'{VERSION},code=~"4.."'), everything), "4xx"),
        ),
        unit=Unit.RATIO,
        thresholds=limit(allowed(promise.availability.objective)),
        limits=Lines.DASHED,
        overrides=(coloured("5xx", Colour.RED), coloured("4xx", Colour.YELLOW)),
    )


def latencies(width: int, height: int, promise: Promise) -> TimeSeries:
    return TimeSeries(
        title="Latency",
        description="From a request's arrival to its answer: mean, median, 95th and 99th percentile, over all servers. "
        f"The dashed line is the objective's {promise.latency.threshold_seconds:g} s. From "
        "ecluse_request_duration_seconds.",
        width=width,
        height=height,
        queries=(
            Query(quantile(0.99, DURATION), "p99"),
            Query(quantile(0.95, DURATION), "p95"),
            Query(quantile(0.5, DURATION), "p50"),
            Query(mean(DURATION), "mean"),
        ),
        unit=Unit.SECONDS,
        thresholds=limit(promise.latency.threshold_seconds),
        limits=Lines.DASHED,
        overrides=(
            coloured("p99", Colour.PURPLE),
            coloured("p95", Colour.BLUE),
            coloured("p50", Colour.LIGHT_BLUE),
            coloured("mean", Colour.GREY),
        ),
    )


def rejected(width: int, height: int) -> TimeSeries:
    return TimeSeries(
        title="Turned away, by reason",
        description="Requests turned away a second: queue_full and late are overload, draining and loading belong to a "
        "rollout, too_large and bad_input are the caller's. From ecluse_rejected_total.",
        width=width,
        height=height,
        queries=(Query(f"{rate('ecluse_rejected_total', 'reason')} > 0", "{{reason}}"),),
        unit=Unit.REQUESTS_PER_SECOND,
        stacked=True,
        legend=("mean", "lastNotNull"),
        empty="None",
        empty_until="a request is turned away",
    )
