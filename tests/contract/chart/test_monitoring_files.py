"""What the chart carries of `monitoring/generated` arrives as it was made, small enough for where it goes."""

import base64
import gzip
import json
from pathlib import Path

import pytest
import yaml

from tests.contract.chart.cases import CASES, abridged, text
from tests.helm import CHART, REPOSITORY, Manifest, helm, render

GENERATED = REPOSITORY / "monitoring" / "generated"
RULES = sorted((CHART / "files" / "rules").glob("*.yaml"))
DASHBOARDS = sorted((CHART / "files" / "dashboards").glob("*.json"))
EVERYTHING = {"monitoring": {kind: {"enabled": True} for kind in ("podMonitor", "rules", "dashboards")}}

OBJECT_BYTES = 2**20
"""What the API server takes of a ConfigMap, and of the Secret that Helm keeps a release in."""
GROWTH = 2
"""How much larger a chart may get before a release no longer fits."""


def named(file: Path) -> str:
    return file.name


def objects(kind: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in render(EVERYTHING) if each["kind"] == kind}


def test_the_chart_has_every_generated_file_and_no_other() -> None:
    for kind, files in {"rules": RULES, "dashboards": DASHBOARDS}.items():
        made = {file.name: file.read_bytes() for file in (GENERATED / kind).glob("*")}
        assert made, f"monitoring/generated/{kind} is empty"
        assert {file.name: file.read_bytes() for file in files} == made


@pytest.mark.parametrize("file", RULES, ids=named)
def test_a_rendered_rule_says_what_its_file_says(file: Path) -> None:
    assert objects("PrometheusRule")[f"ecluse-{file.stem}"]["spec"] == yaml.safe_load(file.read_text())


@pytest.mark.parametrize("file", DASHBOARDS, ids=named)
def test_a_rendered_dashboard_is_its_file_byte_for_byte(file: Path) -> None:
    data = objects("ConfigMap")[f"ecluse-dashboard-{file.stem}"]["data"]
    assert {name: content.encode() for name, content in data.items()} == {file.name: file.read_bytes()}


@pytest.mark.parametrize("file", [*RULES, *DASHBOARDS], ids=named)
def test_a_files_text_stands_in_the_manifest_as_it_is(file: Path) -> None:
    (case,) = (case for case in CASES if case[0] == "monitoring")
    assert f"<files/{file.parent.name}/{file.name}>" in abridged(text(case))


def test_every_dashboard_fits_into_a_config_map() -> None:
    for file in DASHBOARDS:
        assert file.stat().st_size < OBJECT_BYTES / GROWTH, file.name


def test_a_release_with_everything_fits_into_helms_secret() -> None:
    # Helm keeps the chart's files, its values and what it rendered: as JSON, packed, in base64.
    manifest = helm("template", "ecluse", CHART, "--values", "-", stdin=yaml.safe_dump(EVERYTHING))
    files = {
        str(file.relative_to(CHART)): base64.b64encode(file.read_bytes()).decode()
        for file in CHART.rglob("*")
        if file.is_file()
    }
    packed = gzip.compress(json.dumps({"manifest": manifest, "files": files}).encode())
    assert len(base64.b64encode(packed)) < OBJECT_BYTES / GROWTH


def test_the_labels_that_rules_tell_revisions_by_are_the_monitors() -> None:
    (monitor,) = objects("PodMonitor").values()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    given = {relabeling["targetLabel"] for relabeling in endpoint["relabelings"]}
    rules = [rule for file in RULES for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    of_revisions = [rule for rule in rules if rule.get("record", "").startswith("revision:")]
    assert of_revisions
    for rule in of_revisions:
        assert all(label in rule["expr"] for label in given), f"{rule['record']} does not keep {given}"
