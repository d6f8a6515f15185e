"""What operators of models ask for, and the PromQL that answers it.

The list of docs/metrics.md: operations, quality, data. Each query is of the
contract's metrics or of the recording rules that are generated here; those of
CPU, memory and network beside the process's own are the kubelet's. Pure data.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Indicator:
    """One question, and where its answer is."""

    asked: str
    metrics: tuple[str, ...]
    """The metrics or rules that it is made of."""
    queries: tuple[str, ...]


_DURATION = "ecluse_request_duration_seconds"

INDICATORS = (
    Indicator(
        "latency: mean",
        (_DURATION,),
        (f"sum by (model_name) (rate({_DURATION}_sum[5m])) / sum by (model_name) (rate({_DURATION}_count[5m]))",),
    ),
    Indicator(
        "latency: median, p95, p99",
        (_DURATION,),
        tuple(
            f"histogram_quantile({part}, sum by (le, model_name) (rate({_DURATION}_bucket[5m])))"
            for part in ("0.5", "0.95", "0.99")
        ),
    ),
    Indicator(
        "error rate: 5xx",
        ("ecluse_requests_total",),
        (
            (
                'sum by (model_name) (rate(ecluse_requests_total{code=~"5.."}[5m]))'
                " / sum by (model_name) (rate(ecluse_requests_total[5m]))"
            ),
        ),
    ),
    Indicator(
        "error rate: 4xx",
        ("ecluse_requests_total",),
        (
            (
                'sum by (model_name) (rate(ecluse_requests_total{code=~"4.."}[5m]))'
                " / sum by (model_name) (rate(ecluse_requests_total[5m]))"
            ),
        ),
    ),
    Indicator(
        "traffic: requests a second",
        ("ecluse_requests_total",),
        ("sum by (model_name) (rate(ecluse_requests_total[5m]))",),
    ),
    Indicator(
        "CPU",
        ("process_cpu_seconds_total", "container_cpu_usage_seconds_total"),
        (
            "rate(process_cpu_seconds_total[5m])",
            'sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{container!=""}[5m]))',
        ),
    ),
    Indicator(
        "memory",
        ("process_resident_memory_bytes", "container_memory_working_set_bytes"),
        (
            "process_resident_memory_bytes",
            'sum by (namespace, pod) (container_memory_working_set_bytes{container!=""})',
        ),
    ),
    Indicator(
        "network",
        ("ecluse_request_size_bytes", "ecluse_response_size_bytes", "container_network_receive_bytes_total"),
        (
            "sum by (model_name) (rate(ecluse_request_size_bytes_sum[5m]))",
            "sum by (model_name) (rate(ecluse_response_size_bytes_sum[5m]))",
            "sum by (namespace, pod) (rate(container_network_receive_bytes_total[5m]))",
        ),
    ),
    Indicator(
        "accuracy",
        ("ecluse_feedback_correct_total", "ecluse_feedback_actual_total"),
        ("version:ecluse_accuracy:ratio24h",),
    ),
    Indicator(
        "precision, recall, F1",
        ("ecluse_feedback_correct_total", "ecluse_feedback_predicted_total", "ecluse_feedback_actual_total"),
        (
            "version_class:ecluse_precision:ratio24h",
            "version_class:ecluse_recall:ratio24h",
            "version_class:ecluse_f1:ratio24h",
            "version:ecluse_f1_macro:ratio24h",
        ),
    ),
    Indicator(
        "accuracy drift",
        ("ecluse_feedback_correct_total", "ecluse_baseline_accuracy_ratio"),
        (
            (
                "max by (namespace, model_name, model_version) (ecluse_baseline_accuracy_ratio)"
                " - version:ecluse_accuracy:ratio24h"
            ),
        ),
    ),
    Indicator(
        "mean confidence",
        ("ecluse_prediction_confidence",),
        (
            (
                "sum by (model_name, model_version) (rate(ecluse_prediction_confidence_sum[1h]))"
                " / sum by (model_name, model_version) (rate(ecluse_prediction_confidence_count[1h]))"
            ),
        ),
    ),
    Indicator(
        "prediction distribution",
        ("ecluse_predictions_total", "ecluse_baseline_class_ratio"),
        ("version_class:ecluse_predictions:ratio1h", "version:ecluse_prediction_psi:1h"),
    ),
    Indicator(
        "input features: mean, standard deviation, histogram",
        ("ecluse_feature_offset_sum_total", "ecluse_feature_offset_sumsq_total", "ecluse_drift_observations_total"),
        (
            "version_feature:ecluse_feature_mean:1h",
            "version_feature:ecluse_feature_stddev:1h",
            "version_feature_bin:ecluse_drift_live:ratio1h",
        ),
    ),
    Indicator(
        "missing values",
        ("ecluse_input_missing_values_total", "ecluse_input_rows_total"),
        ("version_feature:ecluse_input_missing:ratio1h",),
    ),
    Indicator(
        "outlying values",
        ("ecluse_input_out_of_range_values_total", "ecluse_input_outlier_rows_total"),
        ("version_feature:ecluse_input_out_of_range:ratio1h", "version:ecluse_input_outliers:ratio1h"),
    ),
    Indicator(
        "real against predicted labels",
        ("ecluse_feedback_actual_total", "ecluse_feedback_predicted_total"),
        ("version:ecluse_label_shift_tvd:ratio24h",),
    ),
    Indicator(
        "data drift",
        ("ecluse_drift_observations_total", "ecluse_drift_baseline_ratio"),
        (
            "version_feature:ecluse_drift_psi:1h",
            "version_feature:ecluse_drift_js:1h",
            "version_feature:ecluse_drift_linf:1h",
        ),
    ),
    Indicator(
        "concept drift",
        ("ecluse_feedback_expected_correct_total", "ecluse_feedback_correct_total"),
        (
            (
                "version:ecluse_expected_accuracy:ratio24h - version:ecluse_accuracy:ratio24h"
                " - max by (namespace, model_name, model_version) (ecluse_baseline_calibration_gap_ratio)"
            ),
        ),
    ),
)
