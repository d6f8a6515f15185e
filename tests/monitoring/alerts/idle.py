"""A server that nobody asks, in every series of the contract: counters at nothing, gauges as they are then."""

from itertools import product

from monitoring.contract import CONTRACT
from monitoring.contract.labels import closed
from monitoring.contract.metric import Kind, Metric
from tests.monitoring.alerts.case import Series, gauge, histogram

TARGET = 'job="ecluse",instance="10.0.0.1:8080",pod="ecluse-0",variant="ecluse",revision="5f6d"'

LABELS: dict[str, tuple[str, ...]] = {
    "model_name": ("mnist",),
    "model_version": ("1",),
    "class": ("a", "b"),
    "actual": ("a", "b"),
    "predicted": ("a", "b"),
    "feature": ("contrast", "max"),
    "bucket": ("8", "64"),
    "baseline": ("5f1c",),
}

LEVELS = {
    "ecluse_queue_limit_rows": 1024,
    "ecluse_batch_cap_rows": 64,
    "ecluse_device_lanes": 1,
    "ecluse_model_ready": 1,
    "ecluse_drift_baseline_ratio": 0.1,
    "ecluse_drift_baseline_observations": 10000,
    "ecluse_drift_chi2_critical": 21.1,
    "ecluse_baseline_class_ratio": 0.5,
    "ecluse_baseline_predictions": 10000,
    "ecluse_baseline_class_chi2_critical": 15.1,
    "ecluse_baseline_accuracy_ratio": 0.95,
    "ecluse_baseline_class_recall_ratio": 0.95,
    "ecluse_baseline_confidence_mean": 0.9,
    "ecluse_baseline_confidence_stddev": 0.1,
    "ecluse_build_info": 1,
    "ecluse_model_info": 1,
}


def server(*, with_baseline: bool) -> tuple[Series, ...]:
    everything = [
        series
        for metric in CONTRACT
        if with_baseline or "baseline" not in metric.name
        for series in _of(metric, with_baseline=with_baseline)
    ]
    return (gauge(f"up{{{TARGET}}}", 1), *everything)


def _of(metric: Metric, *, with_baseline: bool) -> list[Series]:
    values = [_values(metric, label, with_baseline=with_baseline) for label in metric.labels]
    series: list[Series] = []
    for each in product(*values):
        labels = ",".join([TARGET, *(f'{label}="{value}"' for label, value in zip(metric.labels, each, strict=True))])
        if metric.kind is Kind.HISTOGRAM:
            bounds = [*(str(float(bound)) for bound in metric.buckets), "+Inf"]
            series += histogram(metric.name, labels, dict.fromkeys(bounds, 0.0))
        else:
            level = float(each[-1] == "READY") if metric.name == "ecluse_model_state" else LEVELS.get(metric.name, 0)
            series.append(gauge(f"{metric.name}{{{labels}}}", level))
    return series


def _values(metric: Metric, label: str, *, with_baseline: bool) -> tuple[str, ...]:
    if label == "baseline" and not with_baseline:
        return ("",)
    return closed(metric, label) or LABELS.get(label, ("x",))
