"""Whoever names a metric of ours, in a rule, a panel, the chart or a page, names one of the contract or a rule's."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from monitoring.contract import CONTRACT
from monitoring.contract.metric import Kind

ROOT = Path(__file__).parents[2]
PLACES = ("helm", "k8s", "monitoring", "loadtests", "README.md", ":(glob)docs/*.md")
NAME = re.compile(r"(?:\b[a-z_]+:)?\becluse_[a-z0-9_]+(?::[a-z0-9_]+)?")


def exported() -> set[str]:
    names = {metric.name for metric in CONTRACT}
    histograms = [metric.name for metric in CONTRACT if metric.kind is Kind.HISTOGRAM]
    return names | {name + suffix for name in histograms for suffix in ("_bucket", "_sum", "_count")}


def recorded() -> set[str]:
    files = (ROOT / "monitoring/generated/rules").glob("*.yaml")
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    return {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}


KNOWN = exported() | recorded()


def files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "--", *PLACES], cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split() if "ecluse_" in text_of(name)]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def is_known(name: str, *, is_program: bool) -> bool:
    if name in KNOWN:
        return True
    # A level says nothing in prose: `ecluse_drift_psi:1h` is told where the level is clear.
    if ":" in name and any(known.endswith(f":{name}") for known in KNOWN):
        return True
    # A program makes names of parts; what it makes stands in what it generates, where the whole name is looked at.
    return is_program and any(known.startswith(name) for known in KNOWN)


@pytest.mark.parametrize("file", files())
def test_every_metric_that_is_named_is_there(file: str) -> None:
    text = text_of(file)
    is_program = file.endswith((".py", ".tpl"))
    unknown = {name for name in NAME.findall(text) if not is_known(name, is_program=is_program)}
    assert unknown == set()


def test_a_name_that_nobody_exports_is_seen() -> None:
    text = 'rate(ecluse_requets_total[5m]) / f"model:ecluse_errors:ratio_rate{window}" + ecluse_nothing_{x}'
    unknown = {name for name in NAME.findall(text) if not is_known(name, is_program=True)}
    assert unknown == {"ecluse_requets_total", "ecluse_nothing_"}
