"""Say what a rollout would do, with the shares that can be made and what the gates say today; change nothing."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from k8s.rollout.gates.ask import questions
from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.gates.measures import MEASURES
from k8s.rollout.gates.words import shown
from k8s.rollout.machine.needs import Needs
from k8s.rollout.machine.patience import longest_seconds
from k8s.rollout.options import Options
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Plan
from k8s.rollout.prometheus import NoMetrics
from k8s.rollout.report.record_json import told_finding
from k8s.rollout.report.told import duration
from k8s.rollout.seen import Health, Traffic
from k8s.rollout.side import Side
from k8s.rollout.starting import Prepared
from k8s.rollout.telling import gate_line
from k8s.rollout.waiting import least_seconds
from k8s.rollout.writing import write

WIDTH_OF_A_LOG = 160


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was found, and what would be done."""

    prepared: Prepared
    traffic: Traffic
    healths: Mapping[Side, Health]
    findings: tuple[Finding, ...]
    """Of the stable version today, by the bounds that it can be held to alone."""
    promql: Mapping[str, str]
    """Of the canary, by name of the question."""
    trouble: str
    """Why nothing is known of today."""

    @property
    def steps(self) -> list[tuple[float, float]]:
        """Each share that is meant, and the one that can be made."""
        return [(each.percent, self.prepared.backend.nearest(each.percent)) for each in self.plan.steps]

    @property
    def plan(self) -> Plan:
        return self.prepared.terms.plan


def rehearse(prepared: Prepared, options: Options) -> int:
    """Look, tell, and give the exit status: 0 where a rollout could begin. Raises ApiError, Refused."""
    found = look(prepared)
    if options.json:
        write(json.dumps(told(found)), sys.stdout)
    elif not options.quiet:
        is_seen = sys.stdout.isatty()
        # Where nobody looks at it, as in a log, lines are as long as they are.
        drawn = Console(highlight=False, soft_wrap=not is_seen, width=None if is_seen else WIDTH_OF_A_LOG)
        with drawn.capture() as captured:
            show(found, drawn)
        write(captured.get().rstrip(), sys.stdout)
    return Exit.PROMOTED


def look(prepared: Prepared) -> Rehearsal:
    """Read all that there is to see."""
    backend, plan, judge = prepared.backend, prepared.terms.plan, prepared.judge
    healths = {side: backend.health(side) for side in Side}
    window = plan.limits.window_seconds * max(each.windows for each in plan.steps)
    needs = Needs(window_seconds=window, sides=frozenset({Side.STABLE}), confidence=plan.confidence)
    findings: tuple[Finding, ...] = ()
    trouble = "" if judge else "no Prometheus was asked"
    if judge is not None:
        try:
            findings = judge(needs, None, healths[Side.STABLE])
        except NoMetrics as error:
            trouble = str(error)
    matchers = {side: backend.matchers(side) for side in Side}
    asked: Mapping[Any, str] = {}
    if prepared.promise is not None:
        asked = questions(plan.gates, matchers, window, prepared.promise)
    promql = {name: query for (side, name), query in asked.items() if side is Side.CANARY}
    return Rehearsal(prepared, backend.traffic(), healths, findings, promql, trouble)


def told(found: Rehearsal) -> dict[str, Any]:
    """Give it to a machine."""
    heading = found.prepared.heading
    return {
        "event": "rehearsed",
        "target": heading.target,
        "namespace": heading.namespace,
        "backend": heading.backend,
        "why": heading.why,
        "stable": heading.stable,
        "canary": heading.canary,
        "goes_on": found.prepared.before is not None,
        "notes": list(found.prepared.notes),
        "percent": found.traffic.canary_percent,
        "ready": {side: health.ready for side, health in found.healths.items()},
        "steps": [{"percent": meant, "makes": made} for meant, made in found.steps],
        "least_seconds": least_seconds(found.plan),
        "most_seconds": longest_seconds(found.plan),
        "gates": [each.model_dump(mode="json", exclude_defaults=True) for each in found.plan.gates],
        "promql": dict(found.promql),
        "findings": [told_finding(each) for each in found.findings],
        "trouble": found.trouble or None,
    }


def show(found: Rehearsal, console: Console) -> None:
    """Tell it to a person."""
    heading, plan = found.prepared.heading, found.plan
    console.print(Text(f"{heading.target} in {heading.namespace}: {heading.stable} → {heading.canary}", style="bold"))
    console.print(Text(f"by {heading.why or heading.backend}"))
    for sentence in found.prepared.notes:
        console.print(Text(f"  {sentence}"))
    console.print(
        Text(f"now {found.traffic.canary_percent:g} % on {heading.canary}; {found.traffic.sentence or 'effective'}")
    )
    for side, health in found.healths.items():
        words = health.sentence or f"{health.pods} ready pod{'' if health.pods == 1 else 's'}"
        console.print(Text(f"  {side}: {words}", style="" if health.ready else "yellow"))
    console.print(_steps(found))
    console.print(
        Text(f"takes at least {duration(least_seconds(plan))}, and ends within {duration(longest_seconds(plan))}")
    )
    console.print(_gates(found))
    if found.trouble:
        console.print(Text(f"today: {found.trouble}", style="yellow"))
    else:
        console.print(Text(f"today, {heading.stable} alone:"))
        for each in found.findings:
            style = {Judgement.PASSED: "green", Judgement.FAILED: "red"}.get(each.judgement, "yellow")
            console.print(Text(f"  {gate_line(each)}", style=style))
    console.print(Text(f"asked of Prometheus, here for {heading.canary}:"))
    for name, promql in found.promql.items():
        console.print(Text(f"  {name}: {' '.join(promql.split())}", style="dim"))
    console.print(Text("nothing was changed"))


def _steps(found: Rehearsal) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("step", "share", "can be made", "windows", "then"):
        table.add_column(column, justify="left" if column == "then" else "right")
    for number, (step, (meant, made)) in enumerate(zip(found.plan.steps, found.steps, strict=True), start=1):
        then = "approval" if step.approval else f"pause of {duration(step.pause_seconds)}" if step.pause_seconds else ""
        windows = f"{step.windows} x {duration(found.plan.limits.window_seconds)}"
        style = "" if abs(meant - made) < 0.05 else "yellow"
        table.add_row(str(number), f"{meant:g} %", Text(f"{made:g} %", style=style), windows, then)
    return table


def _gates(found: Rehearsal) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("gate", "at most", "at least", "worse by", "worse times", "samples", ""):
        table.add_column(column, justify="left" if column in ("gate", "") else "right")
    for gate in found.plan.gates:
        bounds = (gate.most, gate.least, gate.worse_by)
        unit = MEASURES[gate.measure].unit
        least = "" if gate.minimum is None else f"{gate.minimum}"
        name = gate.name or gate.measure
        cells = ["" if bound is None else shown(bound, unit) for bound in bounds]
        times = "" if gate.worse_times is None else f"{gate.worse_times:g}"
        table.add_row(name, *cells, times, least, "where there is data" if gate.optional else "")
    return table
