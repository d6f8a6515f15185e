"""The runbook has a section for every alert, with something to look at and to do, in words that exist."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from monitoring import runbook_table, slo
from monitoring.rules import families
from monitoring.rules.review.expression import Reading
from monitoring.rules.review.known import Known
from monitoring.rules.review.rules import HEADING, runbook_mistakes, with_recorded

PROMISE = slo.read()
RUNBOOK = runbook_table.PAGE.read_text(encoding="utf-8")
NAMES = families.alert_names(PROMISE)
SECTIONS = dict(zip(HEADING.findall(RUNBOOK), re.split(HEADING, RUNBOOK)[2::2], strict=True))
QUERIES = sorted({code for code in re.findall(r"`([^`\n]+)`", RUNBOOK) if "ecluse_" in code or "container_" in code})
SETTINGS = sorted(set(re.findall(r"`([a-z]\w*(?:\.[a-z]\w*)+)(?::[^`]*)?`", RUNBOOK)))
VALUES = Path(__file__).parents[2] / "helm/ecluse/values.yaml"


@cache
def known() -> Known:
    return with_recorded([rule for group in families.recording(PROMISE) for rule in group.rules], PROMISE)[0]


@cache
def keys() -> frozenset[str]:
    """Of the chart's values and of the promise, with dots."""
    read = (yaml.load(file.read_text(), yaml.CSafeLoader) for file in (VALUES, slo.SHIPPED))
    return frozenset(path for tree in read for path in _paths(tree))


def _paths(tree: object, above: str = "") -> Iterator[str]:
    if isinstance(tree, dict):
        for key, below in tree.items():
            yield f"{above}{key}"
            yield from _paths(below, f"{above}{key}.")


def test_every_alert_has_a_section_and_no_section_is_without_its_alert() -> None:
    assert runbook_mistakes(NAMES, RUNBOOK) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_section_says_what_it_means_where_to_look_and_what_to_do(name: str) -> None:
    text = SECTIONS[name]
    assert re.findall(r"^\*\*(.+?)\.\*\*", text, re.MULTILINE) == ["Meaning", "Look first", "Do"]
    assert "`" in text.split("**Look first.**")[1].split("**Do.**")[0]


def test_the_list_of_alerts_is_as_it_would_be_written() -> None:
    assert runbook_table.page(RUNBOOK) == RUNBOOK


@pytest.mark.parametrize("anchor", sorted(set(re.findall(r"\]\(#([\w-]+)\)", RUNBOOK))))
def test_a_link_within_the_page_leads_somewhere(anchor: str) -> None:
    headings = re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_uses_what_is_exported_or_recorded(query: str) -> None:
    asked = re.sub(r'"[A-Z]+"', '""', query)  # a placeholder for the reader's own
    assert Reading(asked, known(), PROMISE.scrape_interval_seconds, slo.SCRAPES_PER_WINDOW).mistakes == []


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_a_value_of_the_chart_or_a_key_of_the_promise(name: str) -> None:
    assert name in keys()


def test_a_page_without_a_section_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "runbook.md"
    page.write_text(RUNBOOK.replace("### EcluseDown\n", "### EcluseUp\n"))
    assert runbook_table.main(["--check"], page) == 2
    assert capsys.readouterr().err.splitlines() == [
        "EcluseDown: has no section in the runbook",
        "EcluseUp: has a section in the runbook and is no alert",
    ]


def test_a_stale_list_is_told_and_written_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "runbook.md"
    page.write_text(RUNBOOK.replace("| critical |", "| mild |"))
    assert runbook_table.main(["--check"], page) == 1
    assert capsys.readouterr().err.startswith("docs/runbook.md is stale")
    assert runbook_table.main([], page) == 0
    assert page.read_text() == RUNBOOK
