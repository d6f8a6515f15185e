"""The dashboards keep every rule; and each rule finds the mistake that it is there for."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from monitoring import generate, slo
from monitoring.dashboards.catalogue import dashboards, files
from monitoring.rules import families
from monitoring.rules.rule import Alert
from tests import dashboard_rules as rules
from tests.dashboard_rules import OWN, PORTED, Rule

Json = dict[str, Any]

SHIPPED = {dashboard.uid: dashboard.to_json() for dashboard in dashboards(slo.read())}
UIDS = ("ecluse-overview", "ecluse-latency", "ecluse-batching", "ecluse-quality", "ecluse-drift", "ecluse-rollout")


def test_there_are_six_with_addresses_of_their_own() -> None:
    assert tuple(SHIPPED) == UIDS


@pytest.mark.parametrize("uid", UIDS)
@pytest.mark.parametrize("rule", [*PORTED, *OWN], ids=lambda rule: rule.__name__)
def test_every_dashboard_keeps_every_rule(rule: Rule, uid: str) -> None:
    assert list(rule(SHIPPED[uid])) == []


def panel(dashboard: Json, kind: str = "timeseries") -> Json:
    return next(each for each in rules.panels(dashboard) if each["type"] == kind)


def query(dashboard: Json, expr: str) -> None:
    panel(dashboard)["targets"][0]["expr"] = expr


def legend(dashboard: Json, text: str) -> None:
    query(dashboard, 'sum by (code) (rate(ecluse_requests_total{namespace=~"x",model_name=~"x"}[$__rate_interval]))')
    panel(dashboard)["targets"][0]["legendFormat"] = text


def variable(dashboard: Json, name: str) -> Json:
    return next(each for each in dashboard["templating"]["list"] if each["name"] == name)


REQUESTS = 'ecluse_requests_total{namespace=~"x",model_name=~"x"}'

MISTAKES: list[tuple[Rule, Callable[[Json], Any]]] = [
    (rules.it_cannot_be_edited, lambda it: it.update(editable=True)),
    (rules.it_has_a_variable_for_its_data_source, lambda it: variable(it, "datasource").update(query="loki")),
    (rules.it_has_a_variable_for_its_data_source, lambda it: it["templating"]["list"].pop(0)),
    (
        rules.its_variables_ask_what_can_be_asked,
        lambda it: variable(it, "model").update(query={"query": "label_values(gone, x)"}),
    ),
    (
        rules.its_variables_ask_what_can_be_asked,
        lambda it: variable(it, "model").update(query={"query": "label_values(ecluse_draining, model_name)"}),
    ),
    (rules.its_variables_follow_the_time, lambda it: variable(it, "model").update(refresh=1)),
    (rules.each_panel_says_what_it_is, lambda it: panel(it).update(description="")),
    (rules.each_panel_says_what_it_is, lambda it: panel(it).update(title="")),
    (rules.each_panel_asks_something, lambda it: panel(it).update(targets=[])),
    (rules.each_source_is_the_variables, lambda it: panel(it)["targets"][0].update(datasource={"uid": "P1809F7CD"})),
    (rules.each_source_is_the_variables, lambda it: panel(it).update(datasource=None)),
    (rules.each_source_is_the_variables, lambda it: it.update(__inputs=[])),
    (rules.each_value_has_a_unit, lambda it: panel(it)["fieldConfig"]["defaults"].pop("unit")),
    (rules.each_query_is_promql, lambda it: query(it, "sum(rate(ecluse_requests_total))")),
    (rules.each_rate_follows_the_time, lambda it: query(it, f"sum(rate({REQUESTS}[7m]))")),
    (rules.each_counter_is_a_rate_before_it_is_a_sum, lambda it: query(it, f"sum({REQUESTS})")),
    (rules.each_counter_is_a_rate_before_it_is_a_sum, lambda it: query(it, f"rate(sum({REQUESTS})[5m:1m])")),
    (rules.its_panels_have_numbers_of_their_own, lambda it: panel(it).update(id=1)),
    (rules.its_panels_have_numbers_of_their_own, lambda it: panel(it, "stat")["targets"][1].update(refId="A")),
    (rules.its_panels_lie_beside_each_other, lambda it: panel(it)["gridPos"].update(x=20)),
    (rules.its_panels_lie_beside_each_other, lambda it: panel(it)["gridPos"].update(y=0, x=0)),
    (rules.each_metric_is_somebodys, lambda it: query(it, 'ecluse_gone{namespace=~"x"}')),
    (rules.each_description_names_its_metrics, lambda it: panel(it).update(description="How many there are of it.")),
    (
        rules.each_description_names_its_metrics,
        lambda it: panel(it).update(description="From ecluse_requests_total and ecluse_inflight_requests."),
    ),
    (rules.each_legend_names_labels_that_there_are, lambda it: legend(it, "{{protocol}}")),
    (rules.each_selector_follows_the_choices, lambda it: query(it, 'ecluse_queue_rows{namespace=~"x"}')),
    (rules.each_selector_follows_the_choices, lambda it: query(it, "ecluse_draining")),
    (rules.its_variables_exist, lambda it: query(it, 'ecluse_draining{namespace=~"$cluster"}')),
    (rules.it_says_what_stands_for_nothing, lambda it: panel(it)["fieldConfig"]["defaults"].pop("noValue")),
    (rules.it_is_of_the_form_we_promise, lambda it: it.update(refresh="5s")),
    (rules.it_is_of_the_form_we_promise, lambda it: panel(it).update(type="graph")),
]


@pytest.mark.parametrize(
    ("rule", "mistake"), MISTAKES, ids=[f"{rule.__name__}-{i}" for i, (rule, _) in enumerate(MISTAKES)]
)
def test_each_rule_finds_its_mistake(rule: Rule, mistake: Callable[[Json], Any]) -> None:
    spoilt = copy.deepcopy(SHIPPED["ecluse-overview"])
    mistake(spoilt)
    assert list(rule(spoilt))


def test_no_rule_is_without_a_mistake_that_it_finds() -> None:
    assert {rule for rule, _ in MISTAKES} == {*PORTED, *OWN}


def test_links_lead_to_dashboards_that_there_are() -> None:
    for uid, dashboard in SHIPPED.items():
        text = json.dumps(dashboard)
        for part in text.split('"/d/')[1:]:
            assert part.split("?")[0] in SHIPPED, f"{uid} links to /d/{part[:30]}"
        assert [link["tags"] for link in dashboard["links"]] == [["ecluse"]]
        assert all(link["includeVars"] and link["keepTime"] for link in dashboard["links"])


def test_the_same_promise_gives_the_same_bytes() -> None:
    assert files(slo.read()) == files(slo.read())


def test_what_is_generated_is_what_python_says() -> None:
    for name, text in files(slo.read()).items():
        assert (generate.GENERATED / name).read_text() == text


def test_lines_and_colours_follow_the_promise() -> None:
    promise = slo.read()
    stricter = promise.model_copy(
        update={"latency": promise.latency.model_copy(update={"threshold_seconds": 0.1})},
    )
    shown = json.loads(files(stricter)["dashboards/latency.json"])
    latency = next(each for each in rules.panels(shown) if each["title"] == "Latency")
    assert latency["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"] == 0.1
    assert any('le="0.1"' in target["expr"] for _, _, target in rules.targets(shown))


def test_the_dashboard_that_an_alert_names_is_one_of_them() -> None:
    alerts = [rule for group in families.alerts(slo.read()) for rule in group.rules if isinstance(rule, Alert)]
    assert alerts
    assert {alert.dashboard for alert in alerts} <= set(SHIPPED)


def test_no_file_is_too_large_for_a_config_map() -> None:
    assert max(len(text.encode()) for text in files(slo.read()).values()) < 512 * 1024
