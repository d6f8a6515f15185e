"""A real Prometheus holds a history as it was made, by either way in, and records rules over it."""

from pathlib import Path

import pytest

from tests.monitoring import promtool
from tests.monitoring.child import ChildFailed
from tests.monitoring.history import Clock, Incident, simulate
from tests.monitoring.past import Past, openmetrics
from tests.monitoring.prometheus import Prometheus
from tests.monitoring.recorded import read, record, seconds

needs_prometheus = pytest.mark.needs("prometheus")
pytestmark = pytest.mark.timeout(120)

RULES = """
groups:
  - name: second
    rules:
      - record: namespace:requests:doubled
        expr: 2 * namespace:requests:rate5m
      - alert: Failing
        expr: sum by (namespace) (rate(ecluse_requests_total{code="500"}[5m])) / namespace:requests:rate5m > 0.02
        for: 10m
        labels: {severity: critical}
  - name: first
    rules:
      - record: namespace:requests:rate5m
        expr: sum by (namespace) (rate(ecluse_requests_total[5m]))
"""


@needs_prometheus
def test_what_was_sent_in_is_found_again(prometheus: Prometheus, healthy: Past) -> None:
    for name in ("ecluse_requests_total", "ecluse_drift_observations_total", "up"):
        (found,) = prometheus.query(f"sum({name})", healthy.end)
        assert found.value == pytest.approx(healthy.last(name))


@needs_prometheus
def test_every_series_was_sent_in(prometheus: Prometheus, healthy: Past) -> None:
    (found,) = prometheus.query('count(last_over_time({__name__!=""}[7h]))', healthy.end)
    assert found.value == len(healthy.series)


@needs_prometheus
def test_a_pod_that_ended_is_not_looked_back_for(prometheus: Prometheus, healthy: Past) -> None:
    ended = {one.labels["pod"] for one in healthy.of("up") if one.values[-1] != one.values[-1]}
    last = max(healthy.times[one.values == 1][-1] for one in healthy.of("up") if one.labels["pod"] in ended)
    just_after = last / 1000 + 60
    assert ended
    assert not ended & {found.labels["pod"] for found in prometheus.query("up", just_after)}


@pytest.mark.needs("prometheus", "promtool")
def test_blocks_of_promtool_hold_the_same(tmp_path: Path) -> None:
    past = simulate(clock=Clock(hours=1.0, step=120))
    with Prometheus(blocks=promtool.blocks(openmetrics(past), tmp_path)) as prometheus:
        (count,) = prometheus.query('count({__name__!=""})', past.end)
        (requests,) = prometheus.query("sum(ecluse_requests_total)", past.end)
    assert count.value == sum(one.values[-1] == one.values[-1] for one in past.series)
    assert requests.value == past.last("ecluse_requests_total")


@needs_prometheus
def test_rules_are_recorded_after_those_they_read_and_alerts_wait(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(RULES)
    past = simulate(Incident.BAD_REVISION, clock=Clock(hours=3.0, step=60))
    with Prometheus() as prometheus:
        prometheus.take_in(past)
        record(prometheus, past, read([file]))
        (doubled,) = prometheus.query("namespace:requests:doubled / namespace:requests:rate5m", past.end)
        (firing,) = prometheus.query('ALERTS{alertstate="firing"}', past.end)
        (fired,) = prometheus.query_range('ALERTS{alertstate="firing"}', past.start, past.end, 60)
    assert doubled.value == 2
    assert firing.labels["alertname"] == "Failing"
    assert firing.labels["severity"] == "critical"
    # The incident is an hour long, and ten minutes of it are waited for.
    assert 45 * 60 <= past.end - fired.values[0][0] <= 50 * 60


@needs_prometheus
def test_a_query_that_is_wrong_is_refused_in_prometheus_own_words(prometheus: Prometheus) -> None:
    with pytest.raises(ChildFailed, match="parse error"):
        prometheus.query("sum(")


@needs_prometheus
def test_a_prometheus_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("groups: [{name: x, rules: [{record: a, expr: 'sum('}]}]")
    with pytest.raises(ChildFailed, match="parse error"), Prometheus(rules=[broken]):
        pass


@needs_prometheus
def test_rules_are_evaluated_and_alerts_raised_as_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text("groups: [{name: x, rules: [{record: one, expr: vector(1)}, {alert: Always, expr: one > 0}]}]")
    with Prometheus(rules=[file], interval="1s") as prometheus:
        prometheus.wait_for(prometheus.alerts, "an alert")
        assert [alert["labels"]["alertname"] for alert in prometheus.alerts()] == ["Always"]
        assert {rule["health"] for rule in prometheus.rules()} == {"ok"}


def test_durations_are_read_as_prometheus_writes_them() -> None:
    assert seconds("1h30m") == 5400
    assert seconds("250ms") == 0.25
    assert seconds("3d") == 259200
