"""The PromQL behind every measure, for Prometheus 2.42 and later.

Filled in by `ask.py`: $side selects a side's series and $other the other
side's, $window is the time since the step settled, $errors what counts as an
error of ours. What is counted is asked for as `increase`, which knows restarts,
over the whole window; never `irate`. Each question is of one side alone, so
that a side without data is missed, and not divided away.
"""

from monitoring.rules.recording.latency import SUCCESSES

SERVED = "group by (model_name, model_version) (ecluse_model_ready{$side} == 1)"
CONTAINER = "namespace, pod, container"
PARTS = 4
"""Into so many the window is cut to see whether memory goes on growing."""


def _labelled(metric: str) -> str:
    """Labels by the version that they are about, wherever they were counted: any replica takes any label."""
    counted = f"(increase({metric}{{$side}}[$window]) or increase({metric}{{$other}}[$window]))"
    others = SERVED.replace("$side", "$other")
    return f"sum({counted} * on (model_name, model_version) group_left () ({SERVED} unless {others}))"


def _parts(metric: str) -> str:
    # An offset of nothing is refused.
    offsets = ("", *(f" offset $ago{number}" for number in range(1, PARTS)))
    return " or ".join(
        f'label_replace(avg_over_time({metric}{{$side}}[$span]{offset}), "part", "{PARTS - number}", "", "")'
        for number, offset in enumerate(offsets)
    )


QUESTIONS = {
    "scrapes": "max(count_over_time(ecluse_start_time_seconds{$side}[$window]))",
    "pods": "count(ecluse_start_time_seconds{$side})",
    "requests": "sum(increase(ecluse_requests_total{$side}[$window]))",
    "errors": "sum(increase(ecluse_requests_total{$side,$errors}[$window]))",
    "durations": f"sum by (le) (increase(ecluse_request_duration_seconds_bucket{{$side,{SUCCESSES}}}[$window]))",
    "rows": "sum(increase(ecluse_request_rows_sum{$side}[$window]))",
    "nonfinite": "sum(increase(ecluse_nonfinite_outputs_total{$side}[$window]))",
    "predictions": "sum by (class) (increase(ecluse_predictions_total{$side}[$window]))",
    "confidences": "sum by (le) (increase(ecluse_prediction_confidence_bucket{$side}[$window]))",
    "confidence": "sum(increase(ecluse_prediction_confidence_sum{$side}[$window]))",
    "labels": _labelled("ecluse_feedback_actual_total"),
    "correct": _labelled("ecluse_feedback_correct_total"),
    "served": SERVED,
    "queue_fill": "sum(sum_over_time(ecluse_queue_rows{$side}[$window]))"
    " / (sum(sum_over_time(ecluse_queue_limit_rows{$side}[$window])) > 0)",
    "utilisation": "sum(rate(ecluse_executor_busy_seconds_total{$side}[$window]))"
    " / (sum(avg_over_time(ecluse_device_lanes{$side}[$window])) > 0)",
    "restarts": "sum(changes(ecluse_start_time_seconds{$side}[$window]))",
    "memory": "avg(avg_over_time(process_resident_memory_bytes{$side}[$window]))",
    "memory_share": "max(max_over_time(process_resident_memory_bytes{$side}[$window])"
    f" / on ({CONTAINER}) group_left ()"
    f' (max by ({CONTAINER}) (kube_pod_container_resource_limits{{resource="memory"}}) > 0))',
    "memory_parts": _parts("process_resident_memory_bytes"),
}
"""By name. A side that has no `errors` has none of the server's own series at all: they begin at zero."""
