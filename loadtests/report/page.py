"""`report.html`: everything of a run in one file, that needs no network, no other file and no script.

All that came from elsewhere is escaped, and the page forbids scripts besides: a
server's error message can be anything.
"""

import re
from collections import Counter
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.report import wording
from loadtests.report.chart.distribution import distribution
from loadtests.report.chart.drawing import draw
from loadtests.report.chart.form import Chart
from loadtests.report.chart.over_time import OverTime
from loadtests.report.chart.scale import time
from loadtests.report.figures import PhaseFigures
from loadtests.report.json_text import as_json
from loadtests.verdict.result import Verdict

NAME = "report.html"
MOST_CODES = 8

_HERE = Path(__file__).parent
_NOT_SHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What no page may hold."""


def page(run: Run, verdict: Verdict, phases: list[PhaseFigures]) -> bytes:
    written = (
        _environment()
        .get_template("page.html")
        .render(
            run=run,
            verdict=verdict,
            phases=phases,
            gates=sorted(verdict.gates, key=lambda gate: wording.WEIGHTS.index(gate.mark)),
            charts=[(chart, Markup(draw(chart))) for chart in charts(run, phases)],  # noqa: S704 - drawn by ElementTree
            style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - our own
            failures=_failures(phases),
            profile=as_json(run.profile, is_indented=True).decode(),
        )
    )
    return _NOT_SHOWN.sub("�", written).encode()


def charts(run: Run, phases: list[PhaseFigures]) -> list[Chart]:
    promised = run.promise.get("latency", {}).get("threshold_seconds")
    by_percentile = distribution(phases, promised if isinstance(promised, float | int) else None)
    over_time = OverTime(run).charts()
    return [*over_time[:2], *([by_percentile] if by_percentile else []), *over_time[2:]]


def _failures(phases: list[PhaseFigures]) -> list[tuple[str, Outcome, str, list[str]]]:
    """Name what failed in each phase, with codes in words and examples."""
    found = []
    for phase in phases:
        cell = phase.all.cell
        for outcome, number in sorted(phase.all.failures.items(), key=lambda each: -each[1]):
            codes = cell.failed_codes.get(outcome, Counter()).most_common(MOST_CODES)
            words = ", ".join(f"{code}: {wording.count(many)}" for code, many in codes)
            found.append((phase.span.name, outcome, words or wording.count(number), cell.examples.get(outcome, [])))
    return found


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "duration": wording.duration,
        "share": wording.share,
        "rate": wording.rate,
        "count": wording.count,
        "moment": wording.moment,
        "time": time,
        "seen": wording.seen,
        "interval": wording.interval,
    }
    made.globals |= {
        "MARKS": wording.MARKS,
        "OUTCOMES": wording.OUTCOMES,
        "headline": wording.headline,
        "verdict_word": wording.verdict_word,
    }
    return made
