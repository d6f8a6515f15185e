"""What the overview says of its parts below the first screen: one line each."""

from monitoring.dashboards.expressions import quantile
from monitoring.dashboards.kinds import Lines, TimeSeries
from monitoring.dashboards.look import Colour, Unit, limit, reference
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import MODEL, PLACE, VERSION, Query
from monitoring.slo import Promise


def saturation(promise: Promise) -> tuple[Panel, ...]:
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


def data(promise: Promise) -> tuple[Panel, ...]:
    return (
        _beside_baseline(
            "Accuracy",
            "Share of labelled rows that the model had right, over the labels of 24 hours, beside the "
            "baseline's accuracy. From ecluse_feedback_correct_total and ecluse_feedback_actual_total.",
            "version:ecluse_accuracy:ratio24h",
            "ecluse_baseline_accuracy_ratio",
            empty="No labels",
            empty_until="late labels are sent",
        ),
        _beside_baseline(
            "Confidence",
            "Mean of the largest probability of each row over an hour, beside the baseline's. A fall is the "
            "first that is seen of inputs the model does not know. From ecluse_prediction_confidence.",
            "version:ecluse_prediction_confidence:mean1h",
            "ecluse_baseline_confidence_mean",
            empty="No probabilities",
            empty_until="the model answers with probabilities",
        ),
        _against_baseline(
            "Input drift, worst feature",
            "The largest population stability index of any feature against the baseline, over an hour; "
            f"from {promise.drift.input_psi:g} on inputs are others than in training, if enough rows say so. "
            "From ecluse_drift_observations_total and ecluse_drift_baseline_ratio.",
            f"max by (model_name, model_version) (version_feature:ecluse_drift_psi:1h{{{VERSION}}})",
            promise.drift.input_psi,
        ),
        _against_baseline(
            "Prediction drift",
            "The population stability index of the classes predicted against the baseline, over an hour; "
            f"from {promise.drift.prediction_psi:g} on the mix of classes is another. "
            "From ecluse_predictions_total and ecluse_baseline_class_ratio.",
            f"version:ecluse_prediction_psi:1h{{{VERSION}}}",
            promise.drift.prediction_psi,
        ),
    )


def _beside_baseline(
    title: str, description: str, seen: str, baseline: str, *, empty: str, empty_until: str
) -> TimeSeries:
    """A share of each version, with the line that its baseline has for it."""
    return TimeSeries(
        title=title,
        description=description,
        width=6,
        height=7,
        queries=(
            Query(f"{seen}{{{VERSION}}}", "{{model_name}} {{model_version}}"),
            Query(
                f"max by (model_name, model_version) ({baseline}{{{VERSION}}})",
                "{{model_name}} {{model_version}} baseline",
            ),
        ),
        unit=Unit.RATIO,
        lowest=None,
        shows_at_least=(0.8, 1),
        overrides=(reference("/ baseline$/", is_pattern=True),),
        legend=(),
        empty=empty,
        empty_until=empty_until,
    )


def _against_baseline(title: str, description: str, distance: str, most: float) -> TimeSeries:
    """How far each version is from its baseline, with the line from which on that is too far."""
    return TimeSeries(
        title=title,
        description=description,
        width=6,
        height=7,
        queries=(Query(distance, "{{model_name}} {{model_version}}"),),
        thresholds=limit(most),
        limits=Lines.DASHED,
        legend=(),
        empty="No baseline",
        empty_until="the model has a baseline",
    )
