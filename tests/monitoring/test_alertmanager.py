"""Each alert finds its receiver, and what another says better is kept quiet: by amtool, and by a real Alertmanager."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.monitoring.alertmanager import Alertmanager
from tests.monitoring.promtool import check_config, run
from tests.servers import ROOT

CONFIG = ROOT / "monitoring" / "alertmanager.yml"
ALERTS = [
    rule["labels"] | {"alertname": rule["alert"]}
    for group in yaml.safe_load((ROOT / "monitoring/generated/rules/alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]


@pytest.mark.needs("amtool")
def test_amtool_finds_nothing_wrong() -> None:
    outcome = run(["amtool", "check-config", str(CONFIG)])
    assert outcome.succeeded, outcome.written
    assert "4 receivers" in outcome.written


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("file", ["prometheus.yml", "compose/prometheus.yml"])
def test_promtool_finds_nothing_wrong(file: str) -> None:
    outcome = check_config(ROOT / "monitoring" / file)
    assert outcome.succeeded, outcome.written


def route(labels: Mapping[str, str], receivers: str) -> None:
    pairs = [f"{name}={value}" for name, value in labels.items()]
    command = [
        "amtool",
        "config",
        "routes",
        "test",
        f"--config.file={CONFIG}",
        f"--verify.receivers={receivers}",
        *pairs,
    ]
    outcome = run(command)
    assert outcome.succeeded, outcome.written


@pytest.mark.needs("amtool")
@pytest.mark.parametrize(
    ("severity", "component", "receivers"),
    [
        ("critical", "availability", "on-call"),
        ("critical", "latency", "on-call"),
        ("critical", "quality", "on-call,model-owners"),
        ("warning", "availability", "service-team"),
        ("warning", "saturation", "service-team"),
        ("warning", "drift", "model-owners"),
        ("warning", "quality", "model-owners"),
        ("warning", "rollout", "service-team"),
        ("warning", "platform", "service-team"),
        ("info", "batching", "journal"),
        ("info", "quality", "journal"),
    ],
)
def test_an_alert_goes_by_its_severity_and_its_component(severity: str, component: str, receivers: str) -> None:
    route({"alertname": "Any", "severity": severity, "component": component}, receivers)


@pytest.mark.needs("amtool")
def test_whatever_has_no_labels_is_still_heard() -> None:
    route({"alertname": "Foreign"}, "service-team")


def test_every_alert_has_a_severity_that_is_routed() -> None:
    assert len(ALERTS) > 30
    assert {labels["severity"] for labels in ALERTS} == {"critical", "warning", "info"}


def test_every_alert_that_the_file_names_is_one_of_ours() -> None:
    names = {labels["alertname"] for labels in ALERTS}
    text = CONFIG.read_text()
    named = {word for word in text.replace('"', " ").replace("|", " ").split() if word.startswith("Ecluse")}
    assert {name for name in named if name.isalpha()} <= names
    assert "EcluseDown" in named


BASE = {"severity": "warning", "component": "saturation", "namespace": "a", "job": "a/x"}


def alert(name: str, **labels: str) -> dict[str, str]:
    ours: Mapping[str, Any] = next((each for each in ALERTS if each["alertname"] == name), {})
    return {**BASE, **{key: str(value) for key, value in ours.items()}, "alertname": name, **labels}


@pytest.mark.needs("prometheus-alertmanager")
class TestInhibition:
    def quiet(self, *alerts: Mapping[str, str]) -> dict[str, bool]:
        with Alertmanager(CONFIG.read_text()) as alertmanager:
            alertmanager.give(*alerts)
            return alertmanager.inhibited(len(alerts))

    def test_a_server_that_is_down_keeps_its_own_alerts_quiet_and_no_others(self) -> None:
        assert self.quiet(
            alert("EcluseDown", instance="1"),
            alert("EcluseExecutorsSaturated", instance="1"),
            alert("EcluseEventLoopBlocked", instance="2"),
            alert("EcluseQueueDelayDominates", model_name="m"),
        ) == {
            "EcluseDown": False,
            "EcluseExecutorsSaturated": True,
            "EcluseEventLoopBlocked": False,
            "EcluseQueueDelayDominates": False,
        }

    def test_a_model_that_nobody_answers_for_keeps_its_alerts_quiet_and_no_other_model_s(self) -> None:
        assert self.quiet(
            alert("EcluseModelUnavailable", model_name="m"),
            alert("EcluseErrorBudgetBurn", model_name="m"),
            alert("EcluseInputDrift", model_name="m", model_version="1", feature="x"),
            alert("EcluseAccuracyDegraded", model_name="n", model_version="1"),
        ) == {
            "EcluseModelUnavailable": False,
            "EcluseErrorBudgetBurn": True,
            "EcluseInputDrift": True,
            "EcluseAccuracyDegraded": False,
        }

    def test_what_is_critical_keeps_warnings_of_the_same_quiet(self) -> None:
        assert self.quiet(
            alert("EcluseErrorBudgetBurn", model_name="m"),
            alert("EcluseErrorBudgetBurnSlow", model_name="m"),
            alert("EcluseLatencyBudgetBurnSlow", model_name="m"),
            alert("EcluseHighClientErrorRate", model_name="n"),
        ) == {
            "EcluseErrorBudgetBurn": False,
            "EcluseErrorBudgetBurnSlow": True,
            "EcluseLatencyBudgetBurnSlow": False,
            "EcluseHighClientErrorRate": False,
        }

    def test_one_pod_s_certificate_says_nothing_of_another_s_memory(self) -> None:
        assert self.quiet(
            alert("EcluseCertificateNearlyExpired", instance="1", pod="p"),
            alert("EcluseCertificateExpiring", instance="1", pod="p"),
            alert("EcluseMemoryNearLimit", pod="q"),
        ) == {
            "EcluseCertificateNearlyExpired": False,
            "EcluseCertificateExpiring": True,
            "EcluseMemoryNearLimit": False,
        }

    def test_what_one_cluster_has_lost_keeps_nothing_of_another_quiet(self) -> None:
        assert self.quiet(
            {"alertname": "EcluseAbsent", "severity": "critical", "component": "availability", "cluster": "trial"},
            alert("EcluseServiceVanished", cluster="trial"),
            alert("EcluseErrorBudgetBurn", model_name="m", cluster="shop"),
            alert("EcluseInputDrift", model_name="m"),
        ) == {
            "EcluseAbsent": False,
            "EcluseServiceVanished": True,
            "EcluseErrorBudgetBurn": False,
            "EcluseInputDrift": False,
        }

    def test_where_no_server_is_known_nothing_else_is_news(self) -> None:
        assert self.quiet(
            {"alertname": "EcluseAbsent", "severity": "critical", "component": "availability"},
            alert("EcluseServiceVanished"),
            alert("EcluseLabelsStopped", model_name="m"),
            {"alertname": "SomebodyElses", "severity": "warning"},
        ) == {"EcluseAbsent": False, "EcluseServiceVanished": True, "EcluseLabelsStopped": True, "SomebodyElses": False}
