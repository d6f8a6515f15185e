"""What the chart's files become: a rule or a dashboard each, unchanged."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm import CHART, Manifest, helm

OPERATOR = "monitoring.coreos.com/v1/PrometheusRule"
RULES = """\
groups:
  - name: ecluse
    rules:
      - alert: EcluseSlow
        expr: ecluse_queue_rows > 10
        annotations:
          description: "{{ $labels.pod }} has {{ $value | humanize }} rows in {{ .Release }}."
"""
DASHBOARD = {"title": "Traffic", "panels": [{"legendFormat": "{{pod}}", "expr": 'up{job="$job"}'}]}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """The chart with files of these tests' own in place of what it ships."""
    copy = tmp_path / "ecluse"
    shutil.copytree(CHART, copy)
    shutil.rmtree(copy / "files", ignore_errors=True)
    return copy


def put(chart: Path, name: str, text: str) -> None:
    file = chart / "files" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def rendered(chart: Path, monitoring: dict[str, Any], *api_versions: str, major: int = 4) -> list[Manifest]:
    arguments = ["template", "ecluse", str(chart), "--namespace", "models", "--kube-version", "1.34.0"]
    for version in api_versions:
        arguments += ["--api-versions", version]
    text = helm(*arguments, "--values", "-", stdin=yaml.safe_dump({"monitoring": monitoring}), major=major)
    return [manifest for manifest in yaml.safe_load_all(text) if manifest]


def own(text: str = RULES, **more: Any) -> dict[str, Any]:
    """What says of rules that they are the user's."""
    return {"rules": {"enabled": True, "files": {"mine": text}} | more}


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {manifest["metadata"]["name"]: manifest for manifest in manifests if manifest["kind"] == kind}


def test_every_file_of_rules_is_an_object_of_its_own(chart: Path) -> None:
    put(chart, "rules/alerts.yaml", RULES)
    put(chart, "rules/recording.yaml", "groups: []\n")
    found = of_kind(rendered(chart, {"rules": {"enabled": True}}, OPERATOR), "PrometheusRule")
    assert set(found) == {"ecluse-alerts", "ecluse-recording"}


def test_rules_come_out_as_they_are_in_their_file(chart: Path) -> None:
    put(chart, "rules/alerts.yaml", RULES)
    (rule,) = of_kind(rendered(chart, {"rules": {"enabled": True}}, OPERATOR), "PrometheusRule").values()
    assert rule["spec"] == yaml.safe_load(RULES)


def test_rules_carry_the_label_that_prometheus_looks_for(chart: Path) -> None:
    put(chart, "rules/alerts.yaml", RULES)
    monitoring = {"rules": {"enabled": True}, "labels": {"release": "stack"}, "namespace": "monitoring"}
    (rule,) = of_kind(rendered(chart, monitoring, OPERATOR), "PrometheusRule").values()
    assert rule["metadata"]["labels"]["release"] == "stack"
    assert rule["metadata"]["namespace"] == "monitoring"


def test_rules_of_a_users_own_take_the_place_of_the_charts(chart: Path) -> None:
    put(chart, "rules/alerts.yaml", "groups: []\n")
    found = of_kind(rendered(chart, own(), OPERATOR), "PrometheusRule")
    assert set(found) == {"ecluse-mine"}
    assert found["ecluse-mine"]["spec"] == yaml.safe_load(RULES)


@pytest.mark.parametrize(
    "braces", ["{{ .Values.mode }}", '{{ include "ecluse.fullname" . }}', "{{ fail `templated` }}"]
)
def test_what_rules_say_in_braces_is_never_filled_in_by_helm(braces: str, chart: Path, major: int) -> None:
    text = yaml.safe_dump({"groups": [{"name": "a", "rules": [{"alert": "A", "expr": "up", "labels": {"b": braces}}]}]})
    put(chart, "rules/alerts.yaml", text)
    put(chart, "dashboards/one.json", json.dumps({"title": braces}) + "\n")
    monitoring = {"rules": {"enabled": True}, "dashboards": {"enabled": True}}
    found = rendered(chart, monitoring, OPERATOR, major=major)
    (shipped,) = of_kind(found, "PrometheusRule").values()
    (config,) = of_kind(found, "ConfigMap").values()
    (given,) = of_kind(rendered(chart, own(text), OPERATOR, major=major), "PrometheusRule").values()
    assert shipped["spec"] == given["spec"] == yaml.safe_load(text)
    assert config["data"]["one.json"] == json.dumps({"title": braces}) + "\n"


def test_rules_come_from_a_file_by_set_file(chart: Path, tmp_path: Path, major: int) -> None:
    (tmp_path / "mine.yaml").write_text(RULES)
    text = helm(
        *("template", "ecluse", str(chart), "--set", "monitoring.rules.enabled=true"),
        *("--set-file", f"monitoring.rules.files.alerts={tmp_path / 'mine.yaml'}"),
        major=major,
    )
    (rule,) = of_kind([each for each in yaml.safe_load_all(text) if each], "PrometheusRule").values()
    assert rule["metadata"]["name"] == "ecluse-alerts"
    assert rule["spec"] == yaml.safe_load(RULES)


@pytest.mark.parametrize("enabled", [True, False])
def test_without_files_there_are_no_rules_and_no_dashboards(chart: Path, enabled: bool) -> None:
    found = rendered(chart, {"rules": {"enabled": enabled}, "dashboards": {"enabled": enabled}})
    assert not {"PrometheusRule", "ConfigMap"} & {manifest["kind"] for manifest in found}


def test_files_are_left_alone_unless_asked_for(chart: Path) -> None:
    put(chart, "rules/alerts.yaml", RULES)
    put(chart, "dashboards/traffic.json", json.dumps(DASHBOARD))
    assert not {"PrometheusRule", "ConfigMap"} & {manifest["kind"] for manifest in rendered(chart, {})}


def test_every_dashboard_is_a_config_map_that_the_sidecar_finds(chart: Path) -> None:
    put(chart, "dashboards/traffic.json", json.dumps(DASHBOARD, indent=2))
    put(chart, "dashboards/models.json", "{}")
    found = of_kind(rendered(chart, {"dashboards": {"enabled": True}}), "ConfigMap")
    assert set(found) == {"ecluse-dashboard-traffic", "ecluse-dashboard-models"}
    traffic = found["ecluse-dashboard-traffic"]
    assert traffic["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(traffic["data"]["traffic.json"]) == DASHBOARD


def test_label_folder_and_namespace_of_dashboards_are_grafanas_to_say(chart: Path) -> None:
    put(chart, "dashboards/traffic.json", "{}")
    said = {
        "enabled": True,
        "labelKey": "dashboard",
        "labelValue": "yes",
        "folder": "Serving",
        "folderAnnotation": "k8s-sidecar-target-directory",
        "namespace": "grafana",
    }
    (config,) = of_kind(rendered(chart, {"dashboards": said, "namespace": "monitoring"}), "ConfigMap").values()
    assert config["metadata"]["labels"]["dashboard"] == "yes"
    assert config["metadata"]["annotations"] == {"k8s-sidecar-target-directory": "Serving"}
    assert config["metadata"]["namespace"] == "grafana"


def test_a_dashboard_without_a_folder_has_no_annotation(chart: Path) -> None:
    put(chart, "dashboards/traffic.json", "{}")
    (config,) = of_kind(rendered(chart, {"dashboards": {"enabled": True}}), "ConfigMap").values()
    assert "annotations" not in config["metadata"]
    assert config["metadata"]["namespace"] == "models"


def test_the_grafana_operator_is_led_to_the_config_maps(chart: Path) -> None:
    put(chart, "dashboards/traffic.json", "{}")
    dashboards = {
        "enabled": True,
        "folder": "Serving",
        "namespace": "grafana",
        "grafanaOperator": {"enabled": True, "instanceLabels": {"dashboards": "mine"}},
    }
    found = rendered(chart, {"dashboards": dashboards}, "grafana.integreatly.org/v1beta1/GrafanaDashboard")
    (config,) = of_kind(found, "ConfigMap").values()
    (dashboard,) = of_kind(found, "GrafanaDashboard").values()
    assert dashboard["metadata"]["namespace"] == config["metadata"]["namespace"] == "grafana"
    assert dashboard["spec"]["configMapRef"] == {"name": config["metadata"]["name"], "key": "traffic.json"}
    assert dashboard["spec"]["configMapRef"]["key"] in config["data"]
    assert dashboard["spec"]["instanceSelector"]["matchLabels"] == {"dashboards": "mine"}
    assert dashboard["spec"]["folder"] == "Serving"
