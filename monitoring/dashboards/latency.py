"""Latency and errors: what callers notice, against what was promised, and where the time goes."""

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.expressions import WINDOW, mean, quantile, rate, share
from monitoring.dashboards.frame import ANNOTATIONS, LINKS, VARIABLES
from monitoring.dashboards.kinds import Heatmap, Lines, Stat, Table, Text, TimeSeries, cell
from monitoring.dashboards.latency_panels import (
    DURATION,
    REQUESTS,
    by_code,
    error_ratios,
    latencies,
    rejected,
)
from monitoring.dashboards.layout import Row
from monitoring.dashboards.look import (
    Colour,
    Override,
    Thresholds,
    Unit,
    allowed,
    at_least,
    coloured,
    limit,
    percent,
    reference,
)
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import MODEL, NAMED, PLACE, VERSION, Query, buckets, column, now
from monitoring.slo import Promise

KNOWN = f"{VERSION}{NAMED}"

STAGE_COLOURS = tuple(
    coloured(stage, colour)
    for stage, colour in {
        "decode": Colour.LIGHT_BLUE,
        "queue": Colour.ORANGE,
        "assemble": Colour.PURPLE,
        "inference": Colour.BLUE,
        "encode": Colour.GREEN,
        "user_code": Colour.YELLOW,
    }.items()
)
BURNING = Thresholds(Colour.GREEN, ((1, Colour.YELLOW), (6, Colour.ORANGE), (14.4, Colour.RED)))
BURN_WINDOWS = ("5m", "1h", "6h", "3d")
BURN_COLOURS = (
    coloured("/ 5m$/", Colour.LIGHT_BLUE, is_pattern=True),
    coloured("/ 1h$/", Colour.BLUE, is_pattern=True),
    coloured("/ 6h$/", Colour.PURPLE, is_pattern=True),
    coloured("/ 3d$/", Colour.GREY, is_pattern=True),
)


def burn(kind: str, window: str, objective: str) -> str:
    """How many times faster than allowed faults come: at 1 the budget just lasts."""
    allowed_now = f"scalar(1 - max(slo:ecluse_{objective}:objective))"
    return f"model:ecluse_{kind}:ratio_rate{window}{{{MODEL}{NAMED}}} / {allowed_now}"


def _objectives(promise: Promise) -> tuple[Panel, ...]:
    return (
        Stat(
            title="Available",
            description="Share of requests of three days that were not answered 5xx, of the worst model chosen. Green "
            f"from the objective of {percent(promise.availability.objective)} on. From ecluse_requests_total.",
            width=4,
            height=4,
            queries=(now(f"1 - max(model:ecluse_errors:ratio_rate3d{{{MODEL}}})"),),
            unit=Unit.RATIO,
            decimals=3,
            highest=1,
            thresholds=Thresholds(Colour.RED, ((promise.availability.objective, Colour.GREEN),)),
        ),
        Stat(
            title="In time",
            description="Share of the good answers of three days that came within "
            f"{promise.latency.threshold_seconds:g} s, of "
            f"the worst model chosen. Green from the objective of {percent(promise.latency.objective)} on. "
            "From ecluse_request_duration_seconds.",
            width=4,
            height=4,
            queries=(now(f"1 - max(model:ecluse_slow:ratio_rate3d{{{MODEL}}})"),),
            unit=Unit.RATIO,
            decimals=3,
            highest=1,
            thresholds=Thresholds(Colour.RED, ((promise.latency.objective, Colour.GREEN),)),
        ),
        Stat(
            title="Error budget left",
            description="What is left of the faults that the objective allows in its window, of the worst model "
            "chosen. "
            "From ecluse_requests_total.",
            width=4,
            height=4,
            queries=(now(f"min(model:ecluse_error_budget:remaining_ratio{{{MODEL}}})"),),
            unit=Unit.RATIO,
            decimals=0,
            lowest=None,
            highest=1,
            thresholds=at_least(0, 0.25),
        ),
        Stat(
            title="Burn rate, errors",
            description="How many times faster than allowed faults came within the last hour, of the worst model "
            "chosen: 1 just lasts, 14.4 pages. From ecluse_requests_total.",
            width=4,
            height=4,
            queries=(now(f"max({burn('errors', '1h', 'availability')})"),),
            decimals=1,
            thresholds=BURNING,
        ),
        Stat(
            title="Burn rate, latency",
            description="How many times faster than allowed late answers came within the last hour, of the worst model "
            "chosen: 1 just lasts, 14.4 pages. From ecluse_request_duration_seconds.",
            width=4,
            height=4,
            queries=(now(f"max({burn('slow', '1h', 'latency')})"),),
            decimals=1,
            thresholds=BURNING,
        ),
        Stat(
            title="Requests within an hour",
            description="How many requests the last hour had. Below a hundred a single fault is a large share, and no "
            "burn rate pages. From ecluse_requests_total.",
            width=4,
            height=4,
            queries=(now(f"sum(increase(ecluse_requests_total{{{MODEL}}}[1h]))"),),
            decimals=0,
            thresholds=Thresholds(Colour.YELLOW, ((100, Colour.BLUE),)),
        ),
    )


def _burning(promise: Promise) -> tuple[Panel, ...]:
    def panel(title: str, kind: str, objective: str, metric: str, meaning: str) -> TimeSeries:
        return TimeSeries(
            title=title,
            description=f"How many times faster than allowed {meaning}, over four windows. Above 14.4 over 5 minutes "
            "and an hour somebody is paged; above 6 over 6 hours too; above 1 over 3 days a ticket is written. "
            f"From {metric}.",
            width=9,
            height=8,
            queries=tuple(
                Query(burn(kind, window, objective), f"{{{{model_name}}}} {window}") for window in BURN_WINDOWS
            ),
            thresholds=BURNING,
            limits=Lines.DASHED,
            overrides=BURN_COLOURS,
            legend=("max", "lastNotNull"),
        )

    return (
        panel("Error budget burns", "errors", "availability", REQUESTS, "faults come"),
        panel("Latency budget burns", "slow", "latency", DURATION, "late answers come"),
        Text(
            title="How to read a burn rate",
            description="What the two panels beside it mean.",
            width=6,
            height=8,
            content=(
                f"**Promise**: {percent(promise.availability.objective)} of requests without a fault of ours, and "
                f"{percent(promise.latency.objective)} of good "
                f"answers within {promise.latency.threshold_seconds:g} s.\n\n"
                "A burn rate of **1** spends the budget exactly within its window; **14.4** spends 2 % of a month's "
                "within an hour.\n\n"
                "- the short line high, the long low: it has just begun, or was a blip\n"
                "- both high: it is going on; somebody is paged\n"
                "- the long high, the short low: it is over, the budget is gone\n\n"
                "With fewer than 100 requests an hour one fault is a large share: nothing pages then."
            ),
        ),
    )


def _latency(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
    return (
        (
            latencies(12, 9, promise),
            Heatmap(
                title="How latency spreads",
                description="How many requests took how long: two bands are two kinds of requests, or a fault of some "
                "servers alone. From ecluse_request_duration_seconds.",
                width=12,
                height=9,
                queries=(buckets(f"sum by (le) (increase({DURATION}_bucket{{{VERSION}}}[{WINDOW}]))"),),
                unit=Unit.SECONDS,
            ),
        ),
        (
            TimeSeries(
                title="Late answers",
                description=f"Share of good answers that took longer than {promise.latency.threshold_seconds:g} s; "
                "the dashed "
                "line is what the objective allows. From ecluse_request_duration_seconds.",
                width=8,
                height=8,
                queries=(Query(f"model:ecluse_slow:ratio_rate5m{{{MODEL}{NAMED}}}", "{{model_name}}"),),
                unit=Unit.RATIO,
                thresholds=limit(allowed(promise.latency.objective)),
                limits=Lines.DASHED,
            ),
            TimeSeries(
                title="p95 by protocol",
                description="The 95th percentile of V1, V2 and gRPC: apart from each other it is the decoding, "
                "together it is the model. From ecluse_request_duration_seconds.",
                width=8,
                height=8,
                queries=(Query(quantile(0.95, DURATION, "protocol"), "{{protocol}}"),),
                unit=Unit.SECONDS,
            ),
            TimeSeries(
                title="p95 by version",
                description="The 95th percentile of each version of each model. From ecluse_request_duration_seconds.",
                width=8,
                height=8,
                queries=(
                    Query(
                        quantile(0.95, DURATION, "model_name", "model_version", where=KNOWN),
                        "{{model_name}} {{model_version}}",
                    ),
                ),
                unit=Unit.SECONDS,
            ),
        ),
    )


def _stages() -> tuple[Panel, ...]:
    seconds = rate("ecluse_stage_duration_seconds_sum", "stage")
    requests = rate(f"{DURATION}_count")
    return (
        TimeSeries(
            title="Where the time goes",
            description="Seconds of work in each stage for each request: assemble and inference count once a batch, so "
            "that merging shows as a fall. From ecluse_stage_duration_seconds.",
            width=12,
            height=8,
            queries=(Query(f"{seconds} / on () group_left () ({requests} > 0)", "{{stage}}"),),
            unit=Unit.SECONDS,
            overrides=STAGE_COLOURS,
            stacked=True,
        ),
        TimeSeries(
            title="p95 of each stage",
            description="The 95th percentile of each stage. The queue above inference: too much is asked, or batches "
            "are too small. From ecluse_stage_duration_seconds.",
            width=12,
            height=8,
            queries=(
                Query(f"max by (stage) (model_stage:ecluse_stage_duration_seconds:p95_5m{{{MODEL}}})", "{{stage}}"),
            ),
            unit=Unit.SECONDS,
            overrides=STAGE_COLOURS,
        ),
    )


def _errors(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
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


def _sizes() -> tuple[Panel, ...]:
    def panel(title: str, metric: str, meaning: str, unit: Unit) -> TimeSeries:
        return TimeSeries(
            title=title,
            description=f"{meaning}: mean, and the 95th percentile. From {metric}.",
            width=8,
            height=7,
            queries=(Query(quantile(0.95, metric), "p95"), Query(mean(metric), "mean")),
            unit=unit,
            overrides=(coloured("p95", Colour.BLUE), coloured("mean", Colour.GREY)),
        )

    return (
        panel("Rows in a request", "ecluse_request_rows", "Rows that a request carries", Unit.NUMBER),
        panel("Size of requests", "ecluse_request_size_bytes", "Bytes of a request as it is decoded", Unit.BYTES),
        panel("Size of answers", "ecluse_response_size_bytes", "Bytes of an answer before compression", Unit.BYTES),
    )


def latency(promise: Promise) -> Dashboard:
    return Dashboard(
        uid="ecluse-latency",
        title="Écluse / Latency and errors",
        description="What callers notice, against what was promised, and where the time goes.",
        rows=(
            Row("Objectives", (_objectives(promise), _burning(promise))),
            Row("Latency", _latency(promise)),
            Row("Where the time goes", (_stages(),)),
            Row("Errors", _errors(promise)),
            Row("Sizes", (_sizes(),)),
        ),
        variables=VARIABLES,
        annotations=ANNOTATIONS,
        links=LINKS,
    )
