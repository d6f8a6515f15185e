"""The first dashboard: is it healthy, and if not, which part.

Its first screen answers that with the alerts of each part and with the numbers
that callers notice. What stands below it is one line for each part, and leads
to the dashboard that says more.
"""

from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.expressions import quantile
from monitoring.dashboards.frame import ANNOTATIONS, LINKS, VARIABLES, leads_to
from monitoring.dashboards.kinds import Lines, Stat, StateTimeline, Table, TimeSeries, cell
from monitoring.dashboards.latency_panels import by_code, error_ratios, latencies
from monitoring.dashboards.layout import Row
from monitoring.dashboards.look import (
    Colour,
    Override,
    Thresholds,
    Unit,
    allowed,
    at_least,
    at_most,
    limit,
    named,
    reference,
)
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import MODEL, NAMED, PLACE, VERSION, Query, column, now
from monitoring.dashboards.resources import GPUS, resources
from monitoring.rules.windows import burning, burns
from monitoring.slo import Promise

PARTS = {
    "availability": "ecluse-latency",
    "latency": "ecluse-latency",
    "saturation": "ecluse-batching",
    "batching": "ecluse-batching",
    "quality": "ecluse-quality",
    "drift": "ecluse-drift",
    "rollout": "ecluse-rollout",
    "platform": "ecluse-rollout",
}
"""The components that alerts name, each with the dashboard that says more of it."""

STATES = named({0: ("Well", Colour.GREEN), 1: ("Warning", Colour.ORANGE), 2: ("Critical", Colour.RED)})
SEVERE = Thresholds(Colour.GREEN, ((1, Colour.ORANGE), (2, Colour.RED)))
FIRING = 'alertname=~"Ecluse.*",alertstate="firing",namespace=~"$namespace|",model_name=~"$model|"'


def state_of(part: str) -> str:
    """2 while something critical fires for a part, 1 while a warning does; nothing where no rules are evaluated."""
    critical = f'2 * ALERTS{{{FIRING},component="{part}",severity="critical"}}'
    warning = f'ALERTS{{{FIRING},component="{part}",severity="warning"}}'
    return f"max({critical} or {warning}) or 0 * max(slo:ecluse_availability:objective)"


def _well() -> tuple[Panel, ...]:
    queries = {part: state_of(part) for part in PARTS}
    return (
        Stat(
            title="Which part",
            description="The worst alert that fires for each part: green none, orange a warning, red a critical one. "
            "A tile leads to the dashboard that says more. From ALERTS; grey where our rules are not loaded.",
            width=24,
            height=3,
            queries=tuple(now(expr, part.capitalize()) for part, expr in queries.items()),
            unit=Unit.WHOLE,
            thresholds=SEVERE,
            mappings=(STATES,),
            overrides=tuple(
                Override(part.capitalize(), {"links": [leads_to(uid, f"More on {part}")]})
                for part, uid in PARTS.items()
            ),
            empty="No rules",
            filled=True,
            with_names=True,
        ),
    )


OURS_LATELY = f"on (namespace, job) last_over_time(ecluse_build_info{{{PLACE}}}[1h])"


def _now(promise: Promise) -> tuple[Panel, ...]:
    urgent = burns(promise.window_days)[0][0].factor(promise.window_days)
    return (
        Stat(
            title="Requests",
            description="Inference requests answered a second, by whatever status, over five minutes. "
            "From ecluse_requests_total.",
            width=3,
            height=4,
            queries=(now(f"sum(model:ecluse_requests:rate5m{{{MODEL}}})"),),
            unit=Unit.REQUESTS_PER_SECOND,
            links=(leads_to("ecluse-latency", "Latency and errors"),),
        ),
        Stat(
            title="Server errors",
            description="Share of requests answered 5xx over five minutes, of the worst model chosen. Yellow: the "
            "error "
            "budget runs out before its window does; red: it runs out in "
            f"{promise.window_days / urgent:.2g} days. From ecluse_requests_total.",
            width=3,
            height=4,
            queries=(now(f"max(model:ecluse_errors:ratio_rate5m{{{MODEL}}})"),),
            unit=Unit.RATIO,
            highest=1,
            thresholds=at_most(
                allowed(promise.availability.objective), burning(urgent, promise.availability.objective)
            ),
            links=(leads_to("ecluse-latency", "Latency and errors"),),
        ),
        Stat(
            title="Client errors",
            description="Share of requests answered 4xx over five minutes, of the worst model chosen: callers that ask "
            "what cannot be answered. From ecluse_requests_total.",
            width=3,
            height=4,
            queries=(now(f"max(model:ecluse_client_errors:ratio_rate5m{{{MODEL}{NAMED}}})"),),
            unit=Unit.RATIO,
            highest=1,
            thresholds=Thresholds(Colour.GREEN, ((promise.saturation.client_error_ratio, Colour.YELLOW),)),
            links=(leads_to("ecluse-latency", "Latency and errors"),),
        ),
        Stat(
            title="p95",
            description="95 of 100 requests were answered within this time, of the slowest model chosen, over five "
            "minutes. Red from the objective's time on. From ecluse_request_duration_seconds.",
            width=3,
            height=4,
            queries=(now(f"max(model:ecluse_request_duration_seconds:p95_5m{{{MODEL}}})"),),
            unit=Unit.SECONDS,
            thresholds=at_most(0.5 * promise.latency.threshold_seconds, promise.latency.threshold_seconds),
            links=(leads_to("ecluse-latency", "Latency and errors"),),
        ),
        Stat(
            title="p99",
            description="99 of 100 requests were answered within this time, of the slowest model chosen, over five "
            "minutes. Red from the objective's time on. From ecluse_request_duration_seconds.",
            width=3,
            height=4,
            queries=(now(f"max(model:ecluse_request_duration_seconds:p99_5m{{{MODEL}}})"),),
            unit=Unit.SECONDS,
            thresholds=at_most(0.75 * promise.latency.threshold_seconds, promise.latency.threshold_seconds),
            links=(leads_to("ecluse-latency", "Latency and errors"),),
        ),
        Stat(
            title="Error budget left",
            description="What is left of the faults that the objective allows in its window, of the worst model "
            "chosen; "
            "below zero the promise is broken. From ecluse_requests_total.",
            width=3,
            height=4,
            queries=(now(f"min(model:ecluse_error_budget:remaining_ratio{{{MODEL}}})"),),
            unit=Unit.RATIO,
            decimals=0,
            lowest=None,
            highest=1,
            thresholds=at_least(0, 0.25),
            links=(leads_to("ecluse-latency", "Objectives"),),
        ),
        Stat(
            title="Servers ready",
            description="Share of the servers that answer scrapes and are ready for requests. "
            'From ecluse_phase{phase="ready"}.',
            width=3,
            height=4,
            queries=(now(f'avg(ecluse_phase{{{PLACE},phase="ready"}})'),),
            unit=Unit.RATIO,
            decimals=0,
            highest=1,
            thresholds=at_least(0.5, 1),
            empty="None",
            links=(leads_to("ecluse-rollout", "Rollout"),),
        ),
        Stat(
            title="Unreachable",
            description="Servers that Prometheus knows of and cannot scrape. From up, of jobs that had a server of "
            "Écluse within the last hour.",
            width=3,
            height=4,
            queries=(now(f"sum((1 - up{{{PLACE}}}) and {OURS_LATELY})"),),
            unit=Unit.WHOLE,
            thresholds=limit(1),
            empty="No server",
            links=(leads_to("ecluse-rollout", "Rollout"),),
        ),
    )


def _since_when() -> tuple[Panel, ...]:
    return (
        StateTimeline(
            title="Which part, and since when",
            description="The worst alert that fires for each part, over time: the part that turned first is the one "
            "to look at first. From ALERTS.",
            width=12,
            height=7,
            queries=tuple(Query(state_of(part), part.capitalize()) for part in PARTS),
            unit=Unit.WHOLE,
            thresholds=SEVERE,
            mappings=(STATES,),
            empty="No rules",
        ),
        Table(
            title="Alerts that fire",
            description="Each alert that fires, of whatever severity; its name stands in the runbook. From ALERTS.",
            width=12,
            height=7,
            queries=(column(f"max by (alertname, severity, component, namespace, model_name) (ALERTS{{{FIRING}}})"),),
            unit=Unit.WHOLE,
            transformations=(
                {
                    "id": "organize",
                    "options": {
                        "excludeByName": {"Time": True, "Value": True},
                        "indexByName": {"severity": 0, "alertname": 1, "component": 2, "model_name": 3, "namespace": 4},
                        "renameByName": {"alertname": "alert", "component": "part", "model_name": "model"},
                    },
                },
            ),
            overrides=(
                Override(
                    "severity",
                    {
                        "custom.cellOptions": cell("color-text"),
                        "custom.width": 90,
                        "mappings": [
                            {
                                "type": "value",
                                "options": {
                                    "critical": {"color": Colour.RED.value, "index": 0, "text": "critical"},
                                    "warning": {"color": Colour.ORANGE.value, "index": 1, "text": "warning"},
                                    "info": {"color": Colour.BLUE.value, "index": 2, "text": "info"},
                                },
                            }
                        ],
                    },
                ),
            ),
            sort_by="severity",
            descending=False,
            empty="Nothing fires",
            empty_until="an alert fires",
        ),
    )


def _saturation(promise: Promise) -> tuple[Panel, ...]:
    return (
        TimeSeries(
            title="Queue",
            description="Rows that wait, as a share of those that may: at 100 % requests are turned away. "
            "From ecluse_queue_rows and ecluse_queue_limit_rows.",
            width=6,
            height=7,
            queries=(Query(f"model:ecluse_queue_fill:ratio{{{MODEL}}}", "{{model_name}}"),),
            unit=Unit.RATIO,
            thresholds=limit(promise.saturation.queue_fill_ratio),
            limits=Lines.DASHED,
            legend=(),
        ),
        TimeSeries(
            title="Utilisation",
            description="Share of the time that each server's model was running; near 100 % only more replicas help. "
            "From ecluse_executor_busy_seconds_total and ecluse_device_lanes.",
            width=6,
            height=7,
            queries=(Query(f"instance:ecluse_utilisation:ratio5m{{{PLACE}}}", "{{instance}}"),),
            unit=Unit.RATIO,
            thresholds=limit(promise.saturation.utilisation_ratio),
            limits=Lines.DASHED,
            legend=(),
        ),
        TimeSeries(
            title="In flight",
            description="Requests accepted and not yet answered, by protocol, and open connections. From "
            "ecluse_inflight_requests, ecluse_http_connections and ecluse_grpc_connections.",
            width=6,
            height=7,
            queries=(
                Query(f"sum by (protocol) (ecluse_inflight_requests{{{PLACE}}})", "requests {{protocol}}"),
                Query(f"sum(ecluse_http_connections{{{PLACE}}})", "connections REST"),
                Query(f"sum(ecluse_grpc_connections{{{PLACE}}})", "connections gRPC"),
            ),
            overrides=(reference("/connections.*/", Colour.GREY, is_pattern=True),),
            legend=(),
        ),
        TimeSeries(
            title="Event loop lag, p99",
            description="How late the event loop comes to what is due. Above "
            f"{1000 * promise.saturation.event_loop_lag_seconds:g} ms some code holds it, and every request "
            "waits. From ecluse_event_loop_lag_seconds.",
            width=6,
            height=7,
            queries=(Query(quantile(0.99, "ecluse_event_loop_lag_seconds", "instance", where=PLACE), "{{instance}}"),),
            unit=Unit.SECONDS,
            thresholds=limit(promise.saturation.event_loop_lag_seconds),
            limits=Lines.DASHED,
            legend=(),
        ),
    )


def _data(promise: Promise) -> tuple[Panel, ...]:
    return (
        TimeSeries(
            title="Accuracy",
            description="Share of labelled rows that the model had right, over the labels of 24 hours, beside the "
            "baseline's accuracy. From ecluse_feedback_correct_total and ecluse_feedback_actual_total.",
            width=6,
            height=7,
            queries=(
                Query(f"version:ecluse_accuracy:ratio24h{{{VERSION}}}", "{{model_name}} {{model_version}}"),
                Query(
                    f"max by (model_name, model_version) (ecluse_baseline_accuracy_ratio{{{VERSION}}})",
                    "{{model_name}} {{model_version}} baseline",
                ),
            ),
            unit=Unit.RATIO,
            lowest=None,
            shows_at_least=(0.8, 1),
            overrides=(reference("/ baseline$/", is_pattern=True),),
            legend=(),
            empty="No labels",
            empty_until="late labels are sent",
        ),
        TimeSeries(
            title="Confidence",
            description="Mean of the largest probability of each row over an hour, beside the baseline's. A fall is "
            "the "
            "first that is seen of inputs the model does not know. From ecluse_prediction_confidence.",
            width=6,
            height=7,
            queries=(
                Query(f"version:ecluse_prediction_confidence:mean1h{{{VERSION}}}", "{{model_name}} {{model_version}}"),
                Query(
                    f"max by (model_name, model_version) (ecluse_baseline_confidence_mean{{{VERSION}}})",
                    "{{model_name}} {{model_version}} baseline",
                ),
            ),
            unit=Unit.RATIO,
            lowest=None,
            shows_at_least=(0.8, 1),
            overrides=(reference("/ baseline$/", is_pattern=True),),
            legend=(),
            empty="No probabilities",
            empty_until="the model answers with probabilities",
        ),
        TimeSeries(
            title="Input drift, worst feature",
            description="The largest population stability index of any feature against the baseline, over an hour; "
            f"from {promise.drift.input_psi:g} on inputs are others than in training, if enough rows say so. "
            "From ecluse_drift_observations_total and ecluse_drift_baseline_ratio.",
            width=6,
            height=7,
            queries=(
                Query(
                    f"max by (model_name, model_version) (version_feature:ecluse_drift_psi:1h{{{VERSION}}})",
                    "{{model_name}} {{model_version}}",
                ),
            ),
            thresholds=limit(promise.drift.input_psi),
            limits=Lines.DASHED,
            legend=(),
            empty="No baseline",
            empty_until="the model has a baseline",
        ),
        TimeSeries(
            title="Prediction drift",
            description="The population stability index of the classes predicted against the baseline, over an hour; "
            f"from {promise.drift.prediction_psi:g} on the mix of classes is another. "
            "From ecluse_predictions_total and ecluse_baseline_class_ratio.",
            width=6,
            height=7,
            queries=(Query(f"version:ecluse_prediction_psi:1h{{{VERSION}}}", "{{model_name}} {{model_version}}"),),
            thresholds=limit(promise.drift.prediction_psi),
            limits=Lines.DASHED,
            legend=(),
            empty="No baseline",
            empty_until="the model has a baseline",
        ),
    )


def overview(promise: Promise) -> Dashboard:
    return Dashboard(
        uid="ecluse-overview",
        title="Écluse / Overview",
        description="Is it healthy, and if not, which part? Start here.",
        rows=(
            Row(
                "Is it healthy?",
                (
                    _well(),
                    _now(promise),
                    _since_when(),
                    (by_code(8, 8, listed=True), error_ratios(8, 8, promise), latencies(8, 8, promise)),
                ),
            ),
            Row("Saturation", (_saturation(promise),)),
            Row("Data and quality", (_data(promise),)),
            Row("Resources", resources(promise)),
            Row("GPUs", GPUS, folded=True),
        ),
        variables=VARIABLES,
        annotations=ANNOTATIONS,
        links=LINKS,
    )
