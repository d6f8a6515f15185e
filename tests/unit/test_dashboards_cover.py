"""Whatever an operator is promised to see has a panel, and which one it is.

The list is the one of indicators that a platform like this is asked for:
operations, quality of the model, and data.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from monitoring import slo
from monitoring.contract import CONTRACT
from monitoring.contract.load_tests import LOAD_TESTS
from monitoring.dashboards.catalogue import dashboards
from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.kinds import Text
from monitoring.dashboards.panel import Panel
from tests.dashboard_rules import made_of, parsed
from tests.promql_labels import metrics

DASHBOARDS = {dashboard.uid.removeprefix("ecluse-"): dashboard for dashboard in dashboards(slo.read())}


class Shown(NamedTuple):
    """Where an indicator is seen: a panel, and the metric that it is made of."""

    dashboard: str
    panel: str
    metric: str
    also: str = ""
    """What the legend or the expression has to say."""


REQUIRED = {
    "latency: mean": Shown("overview", "Latency", "ecluse_request_duration_seconds_sum", "mean"),
    "latency: median": Shown("overview", "Latency", "ecluse_request_duration_seconds_bucket", "p50"),
    "latency: p95": Shown("overview", "p95", "ecluse_request_duration_seconds_bucket"),
    "latency: p99": Shown("overview", "p99", "ecluse_request_duration_seconds_bucket"),
    "errors: 5xx": Shown("overview", "Server errors", "ecluse_requests_total"),
    "errors: 4xx": Shown("overview", "Client errors", "ecluse_requests_total"),
    "traffic: requests a second": Shown("overview", "Requests", "ecluse_requests_total"),
    "processor": Shown("overview", "Processor", "process_cpu_seconds_total"),
    "memory": Shown("overview", "Memory", "process_resident_memory_bytes"),
    "network: of the application": Shown("overview", "Network", "ecluse_request_size_bytes_sum"),
    "network: of the pod": Shown("overview", "Network", "container_network_receive_bytes_total"),
    "GPU": Shown("overview", "Utilisation of GPUs", "DCGM_FI_DEV_GPU_UTIL"),
    "accuracy": Shown("quality", "Accuracy", "ecluse_feedback_correct_total"),
    "precision of each class": Shown("quality", "Each class", "ecluse_feedback_predicted_total", "precision"),
    "recall of each class": Shown("quality", "Each class", "ecluse_feedback_actual_total", "recall"),
    "F1 of each class": Shown("quality", "Each class", "ecluse_feedback_correct_total", "f1"),
    "accuracy drift": Shown("quality", "Against the baseline", "ecluse_baseline_accuracy_ratio"),
    "mean confidence": Shown("quality", "Confidence", "ecluse_prediction_confidence_sum"),
    "distribution of predictions": Shown("quality", "Classes now and in the baseline", "ecluse_predictions_total"),
    "prediction drift": Shown("quality", "Prediction drift", "ecluse_baseline_class_ratio"),
    "input: mean": Shown("drift", "$feature: mean and spread", "ecluse_feature_offset_sum_total", "mean"),
    "input: standard deviation": Shown("drift", "$feature: mean and spread", "ecluse_feature_offset_sumsq_total"),
    "input: histogram": Shown("drift", "$feature, now and in the baseline", "ecluse_drift_observations_total"),
    "missing values": Shown("drift", "Missing values", "ecluse_input_missing_values_total"),
    "outlying values": Shown("drift", "$feature: out of range", "ecluse_input_out_of_range_values_total"),
    "outlying rows": Shown("drift", "Outlying rows", "ecluse_input_outlier_rows_total"),
    "data drift: PSI": Shown("drift", "PSI of each feature, over an hour", "ecluse_drift_baseline_ratio"),
    "data drift: Jensen-Shannon": Shown(
        "drift", "Jensen-Shannon distance and largest bin", "ecluse_drift_observations_total", "js"
    ),
    "real against predicted labels": Shown("quality", "Real and predicted labels", "ecluse_feedback_actual_total"),
    "label shift": Shown("quality", "Label shift", "ecluse_feedback_predicted_total"),
    "concept drift": Shown("quality", "Surer than right", "ecluse_feedback_expected_correct_total"),
    "error budget": Shown("latency", "Error budget left", "ecluse_requests_total"),
    "burn rate": Shown("latency", "Error budget burns", "ecluse_requests_total"),
    "how full batches are": Shown("batching", "Full to", "ecluse_batch_rows_sum"),
    "pods by revision": Shown("rollout", "Servers by revision", "ecluse_build_info", "revision"),
    "errors by revision": Shown("rollout", "Server errors by revision", "ecluse_requests_total", "revision"),
    "p95 by revision": Shown("rollout", "p95 by revision", "ecluse_request_duration_seconds_bucket", "revision"),
    "versions": Shown("rollout", "Versions that run", "ecluse_build_info", "version"),
    "loading": Shown("rollout", "Loading and warming up", "ecluse_model_load_duration_seconds"),
    "warming up": Shown("rollout", "Loading and warming up", "ecluse_warmup_duration_seconds"),
    "restarts": Shown("rollout", "Restarts", "ecluse_start_time_seconds"),
}


def made_of_panel(panel: Panel, dashboard: Dashboard) -> set[str]:
    shown = dashboard.to_json()
    return {name for query in panel.queries for name in made_of(metrics(parsed(query.expr, shown)))}


@pytest.mark.parametrize("indicator", REQUIRED)
def test_every_required_indicator_has_its_panel(indicator: str) -> None:
    wanted = REQUIRED[indicator]
    dashboard = DASHBOARDS[wanted.dashboard]
    found = [panel for panel in dashboard.panels if panel.title == wanted.panel]
    assert found, f"{wanted.dashboard} has no panel {wanted.panel!r}"
    assert wanted.metric in made_of_panel(found[0], dashboard)
    assert any(wanted.also in f"{query.legend} {query.expr}" for query in found[0].queries)


def test_the_first_screen_says_for_each_part_whether_it_is_well() -> None:
    first = DASHBOARDS["overview"].panels[0]
    assert [query.legend for query in first.queries] == [
        *("Availability", "Latency", "Saturation", "Batching", "Quality", "Drift", "Rollout", "Platform")
    ]
    lines = DASHBOARDS["overview"].rows[0].lines
    assert 1 + sum(line[0].height for line in lines) <= 25, "a screen of 1080 lines shows some 25 lines of the grid"


def test_a_metric_that_names_panels_as_its_reader_has_one() -> None:
    shown = {name for it in DASHBOARDS.values() for panel in it.panels for name in made_of_panel(panel, it)}
    bases = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in shown} | shown
    unread = [
        metric.name for metric in (*CONTRACT, *LOAD_TESTS) if "panel" in metric.reader and metric.name not in bases
    ]
    assert unread == []


def test_the_knobs_that_a_panel_names_are_values_of_the_chart() -> None:
    (knobs,) = (panel for panel in DASHBOARDS["batching"].panels if panel.title == "Which knob")
    assert isinstance(knobs, Text)
    named = set(re.findall(r"`(\w+\.\w+)`", knobs.content))
    values = yaml.safe_load(Path("helm/ecluse/values.yaml").read_text())
    assert named
    assert {name for name in named if name.split(".")[1] not in values.get(name.split(".")[0], {})} == set()


@pytest.mark.parametrize(
    ("promised", "line", "dashboard", "panel"),
    [
        ("saturation: {queue_fill_ratio: 0.61}", 0.61, "overview", "Queue"),
        ("saturation: {utilisation_ratio: 0.62}", 0.62, "overview", "Utilisation"),
        ("saturation: {utilisation_ratio: 0.62}", 0.62, "batching", "Utilisation of each server"),
        ("saturation: {utilisation_ratio: 0.62}", 0.62, "batching", "Busiest server"),
        ("saturation: {event_loop_lag_seconds: 0.63}", 0.63, "overview", "Event loop lag, p99"),
        ("saturation: {client_error_ratio: 0.64}", 0.64, "overview", "Client errors"),
        ("saturation: {cpu_throttled_ratio: 0.65}", 0.65, "overview", "Held back by its limit"),
        ("drift: {input_psi: 0.66}", 0.66, "overview", "Input drift, worst feature"),
        ("drift: {prediction_psi: 0.67}", 0.67, "overview", "Prediction drift"),
        ("batching: {padding_ratio: 0.68}", 0.68, "batching", "Padding"),
        ("batching: {queue_share: 0.69}", 0.69, "batching", "Waiting, as a share of latency"),
        ("availability: {objective: 0.5}", 0.75, "overview", "Server errors"),
    ],
)
def test_a_line_of_a_panel_is_the_one_that_its_alert_has(
    tmp_path: Path, promised: str, line: float, dashboard: str, panel: str
) -> None:
    (tmp_path / "mine.yaml").write_text(promised)
    made = {each.uid: each for each in dashboards(slo.read(tmp_path / "mine.yaml"))}[f"ecluse-{dashboard}"]
    (found,) = (each for each in made.to_json()["panels"] if each.get("title") == panel)
    steps = found["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert line in [step["value"] for step in steps]


def test_a_baseline_is_drawn_for_each_model_and_not_the_largest_of_all() -> None:
    drawn = [query.expr for it in DASHBOARDS.values() for panel in it.panels for query in panel.queries if query.legend]
    constants = [expr for expr in drawn if re.search(r"\(ecluse_baseline_(accuracy|confidence|outlier)", expr)]
    assert constants
    assert [expr for expr in constants if "model_version" not in expr.split("(ecluse_")[0]] == []
