"""Requests that were not answered well: which, where, and of which model."""

from monitoring.dashboards.expressions import WINDOW, quantile, rate, share
from monitoring.dashboards.kinds import Table, TimeSeries, cell
from monitoring.dashboards.latency_panels import DURATION, REQUESTS, by_code, error_ratios, rejected
from monitoring.dashboards.look import Colour, Override, Unit, allowed, coloured, limit, reference
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import NAMED, PLACE, VERSION, Query, column
from monitoring.slo import Promise

KNOWN = f"{VERSION}{NAMED}"


def errors(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
    failed = f'{VERSION},code=~"5.."'
    return (
        (
            by_code(8, 8),
            error_ratios(8, 8, promise),
            rejected(8, 8),
        ),
        (
            TimeSeries(
                title="Server errors by protocol",
                description="Share of requests answered 5xx, of each protocol. From ecluse_requests_total.",
                width=6,
                height=7,
                queries=(
                    Query(share(rate(REQUESTS, "protocol", where=failed), rate(REQUESTS, "protocol")), "{{protocol}}"),
                ),
                unit=Unit.RATIO,
                legend=(),
            ),
            TimeSeries(
                title="Server errors by server",
                description="Share of requests answered 5xx, of each server: one alone is a fault of that pod, all "
                "together of the model or of what it needs. From ecluse_requests_total.",
                width=6,
                height=7,
                queries=(
                    Query(share(rate(REQUESTS, "instance", where=failed), rate(REQUESTS, "instance")), "{{instance}}"),
                ),
                unit=Unit.RATIO,
                legend=(),
            ),
            TimeSeries(
                title="Good answers in time",
                description="Answers a second that were good and came in time: what callers get out of it, as against "
                "what they ask for. From ecluse_request_duration_seconds and ecluse_requests_total.",
                width=6,
                height=7,
                queries=(
                    Query(
                        f'sum(rate({DURATION}_bucket{{{VERSION},outcome="success",le="{float(promise.latency.threshold_seconds)!r}"}}'
                        f"[{WINDOW}]))",
                        "good and in time",
                    ),
                    Query(rate(REQUESTS), "asked for"),
                ),
                unit=Unit.REQUESTS_PER_SECOND,
                overrides=(coloured("good and in time", Colour.GREEN), reference("asked for")),
                legend=(),
            ),
            TimeSeries(
                title="Connections turned away",
                description="REST connections closed for what their caller did before a request was whole, a second. "
                "From ecluse_connections_turned_away_total.",
                width=6,
                height=7,
                queries=(Query(rate("ecluse_connections_turned_away_total", "reason", where=PLACE), "{{reason}}"),),
                unit=Unit.PER_SECOND,
                legend=(),
            ),
        ),
        (
            Table(
                title="Each model and version, now",
                description="Requests a second, the share of 5xx and of 4xx, and p95 over five minutes. From "
                "ecluse_requests_total and ecluse_request_duration_seconds.",
                width=24,
                height=5,
                queries=_by_version(),
                transformations=(
                    {"id": "merge", "options": {}},
                    {
                        "id": "organize",
                        "options": {
                            "excludeByName": {"Time": True},
                            "indexByName": {},
                            "renameByName": {
                                "model_name": "model",
                                "model_version": "version",
                                "Value #A": "requests/s",
                                "Value #B": "5xx",
                                "Value #C": "4xx",
                                "Value #D": "p95",
                            },
                        },
                    },
                ),
                overrides=(
                    Override("requests/s", {"unit": Unit.REQUESTS_PER_SECOND.value}),
                    Override(
                        "5xx",
                        {
                            "unit": Unit.RATIO.value,
                            "decimals": 2,
                            "custom.cellOptions": cell("color-text"),
                            "thresholds": limit(allowed(promise.availability.objective)).to_json(),
                        },
                    ),
                    Override("4xx", {"unit": Unit.RATIO.value, "decimals": 2}),
                    Override(
                        "p95",
                        {
                            "unit": Unit.SECONDS.value,
                            "custom.cellOptions": cell("color-text"),
                            "thresholds": limit(promise.latency.threshold_seconds).to_json(),
                        },
                    ),
                ),
                sort_by="requests/s",
            ),
        ),
    )


def _by_version() -> tuple[Query, ...]:
    by = ("model_name", "model_version")
    everything = rate(REQUESTS, *by, where=KNOWN, window="5m")

    def ratio(codes: str) -> str:
        return share(rate(REQUESTS, *by, where=f'{KNOWN},code=~"{codes}"', window="5m"), everything)

    return (
        column(everything),
        column(ratio("5..")),
        column(ratio("4..")),
        column(quantile(0.95, DURATION, *by, where=KNOWN, window="5m")),
    )
