"""The table of metrics keeps the rules of its trade."""

from itertools import pairwise

import pytest

from monitoring.contract import CONTRACT
from monitoring.contract.metric import Kind, Metric
from monitoring.contract.values import CODES, MODEL, OUTCOMES, PROTOCOLS, REJECTIONS, STAGES, TRIGGERS
from serving.schedule import Trigger

RESERVED = {"le", "quantile", "job", "instance", "namespace", "pod", "container", "service", "endpoint"}
"""Labels that Prometheus or Kubernetes put on every series; an export of the same name would be renamed."""

each = pytest.mark.parametrize("metric", CONTRACT, ids=lambda metric: str(metric.name))


@each
def test_a_name_has_the_prefix_and_is_lower_case(metric: Metric) -> None:
    assert metric.name.startswith("ecluse_")
    assert metric.name.replace("_", "").isalnum()
    assert metric.name == metric.name.lower()


@each
def test_a_counter_and_only_a_counter_ends_in_total(metric: Metric) -> None:
    assert metric.name.endswith("_total") is (metric.kind is Kind.COUNTER)


@each
def test_a_name_says_its_base_unit(metric: Metric) -> None:
    forbidden = ("milliseconds", "_ms", "minutes", "kilobytes", "megabytes", "percent")
    assert not any(unit in metric.name for unit in forbidden)
    if "duration" in metric.name or "oldest" in metric.name or "time" in metric.name:
        assert metric.name.removesuffix("_total").endswith("_seconds")


@each
def test_no_name_can_be_taken_for_a_part_of_a_histogram(metric: Metric) -> None:
    assert not metric.name.endswith(("_bucket", "_count", "_sum", "_info_info", "_created"))


@each
def test_only_a_histogram_has_buckets_and_they_ascend(metric: Metric) -> None:
    assert bool(metric.buckets) is (metric.kind is Kind.HISTOGRAM)
    assert all(low < high for low, high in pairwise(metric.buckets))
    assert all(bound > 0 for bound in metric.buckets)


@each
def test_labels_collide_with_nothing_and_the_model_comes_first(metric: Metric) -> None:
    assert len(set(metric.labels)) == len(metric.labels)
    assert not RESERVED & set(metric.labels)
    if "model_name" in metric.labels:
        assert metric.labels[:2] == MODEL


@each
def test_each_metric_is_explained_and_read_by_somebody(metric: Metric) -> None:
    assert metric.help.endswith(".")
    assert metric.reader


def test_no_two_metrics_share_a_name() -> None:
    names = [metric.name for metric in CONTRACT]
    assert len(set(names)) == len(names)


def test_the_closed_lists_hold_nothing_twice() -> None:
    for values in (PROTOCOLS, CODES, OUTCOMES, STAGES, TRIGGERS, REJECTIONS):
        assert len(set(values)) == len(values)


def test_every_trigger_of_a_batch_can_be_counted() -> None:
    assert set(TRIGGERS) == {str(trigger) for trigger in Trigger}


@pytest.mark.parametrize("seconds", [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0])
def test_latencies_that_objectives_like_to_name_are_bounds(seconds: float) -> None:
    (latency,) = [metric for metric in CONTRACT if metric.name == "ecluse_request_duration_seconds"]
    assert seconds in latency.buckets or seconds == 0.025
