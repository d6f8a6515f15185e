"""The tables and the picture of docs/rollouts.md, made from what runs have left in a folder."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

from loadtests.measure.timeline import Timeline
from tests.cluster.rolling.load import seen
from tests.cluster.rollout.cases import CASES, Case, killed_in_each_phase
from tests.cluster.rollout.share_chart import draw
from tests.cluster.rollout.verdict import Given, Verdict, judge
from tests.helm import REPOSITORY

PAGE = REPOSITORY / "docs" / "rollouts.md"
PICTURE = REPOSITORY / "docs" / "rollouts.png"
LONGEST = 100
"""Characters of a sentence in a table; the tool's own report has all of it."""
DRAWN = ("good", "errors", "slow", "wrong", "leaking", "drifted", "killed", "edited")


@dataclass(frozen=True)
class Kept:
    """One case as it lies in the folder."""

    case: Case
    facts: dict[str, Any]
    timeline: Timeline
    given: list[Given]
    verdict: Verdict


def write(folder: Path) -> None:
    """Put what is between the page's marks anew, and the picture beside it."""
    kept = {each.case.name: each for each in read(folder)}
    text = PAGE.read_text()
    for name, lines in (
        ("shares", shares(kept["good"])),
        ("versions", versions(kept)),
        ("disturbances", disturbances(kept)),
    ):
        text = _between(text, name, lines)
    PAGE.write_text(text)
    draw([(each.case.title, each.timeline, each.given, each.case.version.number) for each in _drawn(kept)], PICTURE)


def read(folder: Path) -> Iterator[Kept]:
    """Give every case that was played."""
    for case in CASES:
        if not (folder / case.name / "case.json").exists():
            continue
        facts = json.loads((folder / case.name / "case.json").read_text())
        run, _ = seen(folder / case.name)
        given = [Given(*each) for each in facts["given"]]
        began = given[0].at
        verdict = judge(run.timeline, given, case.version.number, began, began + facts["seconds"])
        yield Kept(case, facts, run.timeline, given, verdict)


def _drawn(kept: dict[str, Kept]) -> list[Kept]:
    return [kept[name] for name in DRAWN if name in kept]


def shares(good: Kept) -> Iterator[str]:
    """Each step of the good rollout: what the routes gave, and what callers saw."""
    yield "| the routes give | answers | of the new version | |"
    yield "| ---: | ---: | ---: | ---: |"
    for each in good.verdict.stretches:
        yield f"| {each.percent:g} % | {each.requests:,} | {each.by_new:,} | {each.share:.1%} |"


def versions(kept: dict[str, Kept]) -> Iterator[str]:
    """Each version that was rolled out with nobody interfering."""
    yield "| what is rolled out | exit | reached | requests | met it | hurt by it | in the tool's words |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | --- |"
    for each in (kept[case.name] for case in CASES if case.name in kept and not _is_disturbed(case)):
        verdict, hurts = each.verdict, each.case.version.hurts
        hurt = verdict.hurt(each.case.version)
        share = f"{hurt:,} {hurts} ({hurt / verdict.requests:.2%})" if hurts else f"{hurt:,}"
        yield (
            f"| {each.case.title} | {each.facts['exit']} | {verdict.most_percent:g} % | {verdict.requests:,} "
            f"| {verdict.exposed:.1%} | {share} | {_told(each)} |"
        )


def disturbances(kept: dict[str, Kept]) -> Iterator[str]:
    """Each rollout that was interfered with."""
    yield "| what happens | exit | the new version has | requests | failed | in the tool's words |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for each in (kept[case.name] for case in CASES if case.name in kept and _is_disturbed(case)):
        (_, weights), *_ = each.facts["weights"].items()
        percent = 100 * weights["green-ecluse"] / sum(weights.values())
        yield (
            f"| {each.case.title} | {each.facts['exit']} | {percent:g} % | {each.verdict.requests:,} "
            f"| {each.verdict.failed + each.verdict.failed_elsewhere} | {_killed(each)}{_told(each)} |"
        )


def _is_disturbed(case: Case) -> bool:
    return case.disturb.__name__ != "nothing"


def _killed(each: Kept) -> str:
    """When it was killed, as the Lease said it."""
    phases = each.facts["told"] if each.case.disturb is killed_in_each_phase else []
    return f"(killed while {', '.join(phases)}) " if phases else ""


def _told(each: Kept) -> str:
    words = shorten(str(each.facts["sentence"]), LONGEST, placeholder=" …")
    return words.replace("|", "\\|")


def _between(text: str, name: str, lines: Iterator[str]) -> str:
    begin, end = f"<!-- {name}: measured -->\n", f"<!-- end of {name} -->\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return before + begin + "".join(f"{line}\n" for line in lines) + end + after
