"""A promise of one's own becomes rules of one's own, or is refused in a sentence with nothing written."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.generate import main

pytestmark = pytest.mark.timeout(20)  # dashboards are made too


def generate(folder: Path, promise: str) -> int:
    (folder / "mine.yaml").write_text(promise)
    return main(["--slo", str(folder / "mine.yaml"), "--output", str(folder / "made")])


def rules(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        rule.get("alert") or rule["record"]: rule
        for name in ("recording", "alerts")
        for group in yaml.load((folder / f"made/rules/{name}.yaml").read_text(), yaml.CSafeLoader)["groups"]
        for rule in group["rules"]
    }


def test_what_is_promised_stands_in_the_rules(tmp_path: Path) -> None:
    promise = """
        window_days: 7
        availability: {objective: 0.99, shed: bad}
        latency: {objective: 0.9, threshold_seconds: 1}
        runbook_url: https://wiki.example/alerts/
        dashboard_url: https://graphs.example/d
        left_out: [EcluseDown]
    """
    assert generate(tmp_path, promise) == 0
    made = rules(tmp_path)
    assert made["slo:ecluse_availability:objective"]["expr"] == "vector(0.99)"
    assert 'code=~"429|5.."' in made["model:ecluse_errors:rate5m"]["expr"]
    assert 'le="1.0"' in made["model:ecluse_slow:rate5m"]["expr"]
    assert "[7d:5m]" in made["model:ecluse_error_budget:remaining_ratio"]["expr"]
    burn = made["EcluseErrorBudgetBurn"]
    assert "model:ecluse_errors:ratio_rate1h > 0.1344 and" in burn["expr"]
    assert burn["annotations"]["runbook_url"] == "https://wiki.example/alerts#ecluseerrorbudgetburn"
    assert burn["annotations"]["dashboard_url"] == "https://graphs.example/d/ecluse-overview"
    # 13.44 times a tenth is more than all requests.
    assert "model:ecluse_slow:ratio_rate1h > 0.55 and" in made["EcluseLatencyBudgetBurn"]["expr"]
    assert "EcluseDown" not in made
    assert "EcluseTrafficDropped" in made


def test_what_was_shed_may_be_nobodys_fault(tmp_path: Path) -> None:
    assert generate(tmp_path, "availability: {shed: good}") == 0
    assert 'code=~"5..",code!="503"' in rules(tmp_path)["model:ecluse_errors:rate5m"]["expr"]


@pytest.mark.parametrize(
    ("promise", "sentence"),
    [
        ("latency: {threshold_seconds: 0.26}", "latency.threshold_seconds must be a bound of the latency histogram"),
        ("left_out: [EcluseDwon]", "EcluseDwon: is left out of the promise and is no alert; did you mean EcluseDown?"),
        (": :", "is no YAML"),
    ],
)
def test_a_promise_that_cannot_be_kept_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], promise: str, sentence: str
) -> None:
    assert generate(tmp_path, promise) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("made", ["made", "made/rules/alerts.yaml/x"], ids=["a file", "a folder where a file goes"])
def test_a_folder_that_cannot_be_written_to_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], made: str
) -> None:
    (tmp_path / made).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / made).touch()
    assert generate(tmp_path, "") == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"{tmp_path}/made/")
    assert " cannot be read or written: " in sentence


def test_each_file_says_that_it_is_generated_and_is_the_same_each_time(tmp_path: Path) -> None:
    assert generate(tmp_path, "") == 0
    first = {file: file.read_bytes() for file in (tmp_path / "made/rules").iterdir()}
    assert all(content.startswith(b"# Generated from monitoring/slo.yaml") for content in first.values())
    assert generate(tmp_path, "") == 0
    assert {file: file.read_bytes() for file in (tmp_path / "made/rules").iterdir()} == first


def test_a_stale_file_is_told_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(tmp_path, "") == 0
    (tmp_path / "made/rules/alerts.yaml").write_text("groups: []\n")
    assert main(["--check", "--output", str(tmp_path / "made")]) == 1
    assert capsys.readouterr().err.startswith(f"{tmp_path}/made/rules/alerts.yaml is stale: run make generate")
