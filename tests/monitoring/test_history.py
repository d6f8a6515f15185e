"""The simulated history holds every metric of the contract as it would be scraped, and tells its incidents."""

import numpy as np
import pytest

from monitoring.contract import CONTRACT
from monitoring.contract.metric import Kind, Metric
from tests.monitoring.history import Clock, Incident, expected_samples, simulate, written
from tests.monitoring.history_platform import KINDS
from tests.monitoring.past import Floats, Past, family

TARGET = {"namespace", "pod", "job", "instance", "container", "endpoint", "variant", "revision"}
SHORT = Clock(hours=3.0, step=60)

each = pytest.mark.parametrize("metric", CONTRACT, ids=lambda metric: str(metric.name))


@each
def test_each_metric_of_the_contract_is_there_with_its_labels(healthy: Past, metric: Metric) -> None:
    for name in expected_samples(metric.name):
        series = healthy.of(name)
        assert series
        labels = TARGET | set(metric.labels) | ({"le"} if name.endswith("_bucket") else set())
        assert all(set(one.labels) == labels for one in series)
        assert all(np.isfinite(one.values).any() for one in series)


def test_nothing_is_there_that_no_one_named(healthy: Past) -> None:
    known = {metric.name for metric in CONTRACT} | set(KINDS)
    assert {family(one.name, healthy.kinds) for one in healthy.series} == known


def test_no_series_is_there_twice(healthy: Past) -> None:
    names = [(one.name, *sorted(one.labels.items())) for one in healthy.series]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "metric", [metric for metric in CONTRACT if metric.kind is Kind.HISTOGRAM], ids=lambda m: m.name
)
def test_a_histogram_has_the_bounds_of_the_contract_and_adds_up(healthy: Past, metric: Metric) -> None:
    bounds = [written(bound) for bound in (*metric.buckets, float("inf"))]
    for count in healthy.of(f"{metric.name}_count"):
        labels = dict(count.labels)
        buckets = healthy.of(f"{metric.name}_bucket", **labels)
        assert [one.labels["le"] for one in buckets] == bounds
        stacked = np.stack([one.values for one in buckets])
        assert np.all(np.diff(stacked[:, ~np.isnan(count.values)], axis=0) >= 0)
        np.testing.assert_array_equal(stacked[-1], count.values)


def grown(past: Past, name: str, hours: float = 1.05, /, **labels: str) -> float:
    """What counters grew by in the last so many hours."""
    ticks = round(hours * 3600 / ((past.times[1] - past.times[0]) / 1000))

    def increase(values: Floats) -> float:
        steps = np.diff(values[-ticks - 1 :])
        return float(np.nansum(steps[steps > 0]))

    return sum(increase(one.values) for one in past.of(name, **labels))


def test_counters_only_grow_while_a_process_lives(healthy: Past) -> None:
    for one in healthy.series:
        if healthy.kinds[family(one.name, healthy.kinds)] == "counter":
            steps = np.diff(one.values)
            assert not np.any(steps[~np.isnan(steps)] < 0), (one.name, one.labels)


def test_a_seed_is_a_history() -> None:
    first, second, other = simulate(clock=SHORT), simulate(clock=SHORT), simulate(clock=SHORT, seed=21)
    for one, same in zip(first.series, second.series, strict=True):
        np.testing.assert_array_equal(one.values, same.values)
    assert first.last("ecluse_requests_total") != other.last("ecluse_requests_total")


class TestIncidents:
    def test_a_healthy_service_answers_nearly_all(self) -> None:
        past = simulate(clock=SHORT)
        assert grown(past, "ecluse_requests_total", code="500") < 0.001 * grown(past, "ecluse_requests_total")
        assert grown(past, "ecluse_rejected_total", reason="queue_full") == 0

    def test_a_bad_revision_fails_beside_a_good_one(self) -> None:
        past = simulate(Incident.BAD_REVISION, clock=SHORT)
        revisions = {one.labels["revision"] for one in past.of("up") if np.isfinite(one.values[-1])}
        share = {
            revision: grown(past, "ecluse_requests_total", code="500", revision=revision)
            / grown(past, "ecluse_requests_total", revision=revision)
            for revision in revisions
        }
        assert len(share) == 2
        assert min(share.values()) < 0.001
        assert max(share.values()) > 0.1

    def test_a_slow_model_takes_longer(self) -> None:
        def mean(past: Past) -> float:
            name = "ecluse_request_duration_seconds"
            return grown(past, f"{name}_sum", outcome="success") / grown(past, f"{name}_count", outcome="success")

        assert mean(simulate(Incident.SLOW, clock=SHORT)) > 20 * mean(simulate(clock=SHORT))

    def test_an_overload_fills_the_queue_and_turns_requests_away(self) -> None:
        past = simulate(Incident.OVERLOAD, clock=SHORT)
        assert grown(past, "ecluse_rejected_total", reason="queue_full") > 1000
        assert past.last("ecluse_queue_rows") > 0.8 * past.last("ecluse_queue_limit_rows")

    def test_drifted_features_lie_in_other_bins(self) -> None:
        def upper(past: Past) -> float:
            feature = "mean_intensity"
            share = grown(past, "ecluse_drift_observations_total", feature=feature, bin="09")
            return share / grown(past, "ecluse_drift_observations_total", feature=feature)

        assert upper(simulate(clock=SHORT)) == pytest.approx(0.1, abs=0.02)
        assert upper(simulate(Incident.DRIFT, clock=SHORT)) > 0.3

    def test_a_collapsed_model_says_one_class(self) -> None:
        past = simulate(Incident.COLLAPSE, clock=SHORT)
        eights = grown(past, "ecluse_predictions_total", **{"class": "8"})
        assert eights > 0.9 * grown(past, "ecluse_predictions_total")

    def test_wrong_labels_lower_accuracy_and_not_what_is_expected(self) -> None:
        past = simulate(Incident.WRONG_LABELS, clock=SHORT)
        labelled = grown(past, "ecluse_feedback_actual_total")
        assert grown(past, "ecluse_feedback_correct_total") / labelled == pytest.approx(0.6, abs=0.03)
        assert grown(past, "ecluse_feedback_expected_correct_total") / labelled > 0.9

    def test_a_model_that_is_unavailable_is_not_ready_anywhere(self) -> None:
        past = simulate(Incident.UNAVAILABLE, clock=SHORT)
        assert past.last("ecluse_model_ready") == 0
        assert past.last("ecluse_model_state", state="UNAVAILABLE") > 0
        assert grown(past, "ecluse_model_load_failures_total") > 0

    def test_a_pod_that_restarts_counts_from_nothing(self) -> None:
        past = simulate(Incident.RESTART, clock=SHORT)
        (restarts,) = [one for one in past.of("kube_pod_container_status_restarts_total") if np.nanmax(one.values) == 1]
        counted = sum(one.values for one in past.of("ecluse_requests_total", pod=restarts.labels["pod"]))
        steps = np.diff(np.asarray(counted)[~np.isnan(counted)])
        assert (steps < 0).sum() == 1

    def test_pods_that_are_down_show_nothing_but_that(self) -> None:
        past = simulate(Incident.DOWN, clock=SHORT)
        ups = [one.values[-1] for one in past.of("up") if np.isfinite(one.values[-1])]
        assert ups == [0.0, 0.0]
        assert all(np.isnan(one.values[-1]) for one in past.of("ecluse_build_info"))

    def test_silence_counts_nothing(self) -> None:
        assert grown(simulate(Incident.SILENCE, clock=SHORT), "ecluse_requests_total", 0.9) == 0

    def test_a_blocked_loop_is_late(self) -> None:
        past = simulate(Incident.BLOCKED_LOOP, clock=SHORT)
        soon = grown(past, "ecluse_event_loop_lag_seconds_bucket", le="0.1")
        assert soon < 0.2 * grown(past, "ecluse_event_loop_lag_seconds_count")
