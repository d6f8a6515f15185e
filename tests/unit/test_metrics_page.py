"""docs/metrics.md tells every metric once, with labels that are all bounded, and answers in PromQL that holds."""

import re
from collections import Counter
from pathlib import Path

import promql_parser
import pytest

from monitoring import generate, metrics_page, slo
from monitoring.contract import CONTRACT
from monitoring.contract.labels import BOUNDED, closed
from monitoring.contract.load_tests import LOAD_TESTS
from monitoring.contract.metric import Kind, Metric
from monitoring.contract.values import PHASES
from monitoring.indicators import INDICATORS, Indicator
from serving.lifecycle import Phase

PLATFORM = ("process_", "container_")
"""What the process and the kubelet tell of."""
QUERIES = [(each.asked, query) for each in INDICATORS for query in each.queries]


def parts(metric: Metric) -> set[str]:
    if metric.kind is not Kind.HISTOGRAM:
        return {metric.name}
    return {metric.name + suffix for suffix in ("_bucket", "_sum", "_count")}


def recorded() -> set[str]:
    made = generate.files(slo.read(slo.SHIPPED))
    rules = [text for name, text in made.items() if name.startswith("rules/")]
    return {name for text in rules for name in re.findall(r"record: (\S+)", text)}


KNOWN = recorded().union(*map(parts, CONTRACT))


def test_the_page_is_what_the_contract_says() -> None:
    assert metrics_page.PAGE.read_text() == metrics_page.page(), "run python -m monitoring.metrics_page"


def test_a_page_that_is_stale_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(metrics_page, "PAGE", tmp_path / "metrics.md")
    assert metrics_page.main(["--check"]) == 1
    assert "is stale: run make generate" in capsys.readouterr().err
    assert metrics_page.main([]) == 0
    assert metrics_page.main(["--check"]) == 0


def test_every_metric_is_told_once() -> None:
    told = Counter(re.findall(r"^### `(\w+)`$", metrics_page.page(), re.MULTILINE))
    assert told == Counter(metric.name for metric in (*CONTRACT, *LOAD_TESTS))


@pytest.mark.parametrize("metric", CONTRACT, ids=lambda metric: str(metric.name))
def test_the_values_of_a_label_are_listed_or_bounded(metric: Metric) -> None:
    for label in metric.labels:
        values = closed(metric, label)
        assert (values is None) is (label in BOUNDED)
        assert values is None or len(set(values)) == len(values) > 0


def test_the_phases_are_those_of_the_process() -> None:
    assert tuple(str(phase) for phase in Phase) == PHASES


@pytest.mark.parametrize(("asked", "query"), QUERIES)
def test_the_promql_of_an_indicator_can_be_asked(asked: str, query: str) -> None:
    promql_parser.parse(query)
    names = set(re.findall(r"[a-z_]+:[a-z0-9_:]+|\b(?:ecluse|process|container)_[a-z_]+", query))
    assert names, asked
    assert {name for name in names if not name.startswith(PLATFORM)} <= KNOWN


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: str(indicator.asked))
def test_an_indicator_is_made_of_metrics_that_are_there(indicator: Indicator) -> None:
    names = {metric.name for metric in CONTRACT}
    assert {name for name in indicator.metrics if not name.startswith(PLATFORM)} <= names
