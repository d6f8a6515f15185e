"""What a run showed, for a person and for a program: text and JSON, beside the reports of the load test."""

import json
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import Any

from tests.cluster.rolling.faults import BY_NAME
from tests.cluster.rolling.run import Seen
from tests.cluster.rolling.timeline_chart import draw
from tests.cluster.rolling.verdict import Span, Verdict, judge


def write(seen: Seen, folder: Path) -> Verdict:
    """Put `summary.txt`, `summary.json` and `timeline.png` into a folder, and give the verdict."""
    verdict = judge(seen.load.timeline, seen.marks, seen.pods, least_requests=seen.plan.least_requests)
    verdict.objections.extend(seen.troubles)
    if seen.restarts:
        verdict.objections.append(f"containers ended by themselves and were started again: {seen.restarts} times")
    text = describe(seen, verdict)
    (folder / "summary.txt").write_text(text)
    (folder / "summary.json").write_text(json.dumps(facts(seen, verdict), indent=2) + "\n")
    draw(seen, folder / "timeline.png")
    return verdict


def facts(seen: Seen, verdict: Verdict) -> dict[str, Any]:
    plan = seen.plan
    asked = {"mode": plan.mode, "rate": plan.rate, "replicas": plan.replicas, "has_drain": plan.has_drain}
    pods = [[round(count.at, 2), *count[1:]] for count in seen.pods]
    told = {**asked, "is_proof": verdict.is_proof, **asdict(verdict), "restarts": seen.restarts}
    told["load_test"] = seen.load_verdict.status.name.lower()
    told["marks"] = [[mark.name, round(mark.began, 2), round(mark.ended, 2)] for mark in seen.marks]
    # JSON knows no NaN, which is the percentile of nothing.
    facts: dict[str, Any] = _without_nan(
        {**told, "pods": {"columns": ["seconds", "ready", "starting", "terminating"], "rows": pods}}
    )
    return facts


def describe(seen: Seen, verdict: Verdict) -> str:
    plan = seen.plan
    drain = "with its drain" if plan.has_drain else "WITHOUT a drain"
    lines = [
        f"Mode {plan.mode}, {plan.replicas} replicas, {plan.rate:g} requests a second, {drain}.",
        f"{verdict.requests:,} requests, {verdict.lost:,} lost{_overload(verdict.lost, verdict.overload)}.",
        "",
        f"{'':26}{'seconds':>8}{'requests':>10}{'lost':>6}{'p50 ms':>9}{'p99 ms':>9}{'ready':>7}{'new pods':>10}",
        *(_row(span) for span in (*verdict.faults, verdict.calm)),
        "",
        f"{'':26}{'':>8}{'requests':>10}{'lost':>6}{'p50 ms':>9}{'p99 ms':>9}",
        *(
            f"{kind:26}{'':>8}{numbers['requests']:>10,}{numbers['lost']:>6,}"
            f"{numbers['p50_milliseconds']:>9.1f}{numbers['p99_milliseconds']:>9.1f}"
            for kind, numbers in verdict.by_kind.items()
        ),
        "",
        "Versions that answered: " + ", ".join(f"{name} {count:,} times" for name, count in verdict.versions.items()),
        f"One request in a hundred was sent {1000 * verdict.late_p99_seconds:.0f} ms late or more.",
        f"The load test itself: {seen.load_verdict.status.name.lower()}"
        + "".join(f"; {reason}" for reason in seen.load_verdict.reasons),
    ]
    for span in (*verdict.faults, verdict.calm):
        for each in span.losses:
            count, kind, outcome, code = (each[key] for key in ("count", "kind", "outcome", "code"))
            lines.append(f"{span.name}: {count} of {kind}, {outcome} ({code})")
        lines += [f"    {example}" for example in span.examples]
    lines += [f"Proves nothing: {objection}" for objection in verdict.objections]
    return "\n".join(lines) + "\n"


def _overload(lost: int, overload: int) -> str:
    return f", {overload:,} of them refused because the server had too much to do" if lost else ""


def _row(span: Span) -> str:
    title = BY_NAME[span.name].title if span.name in BY_NAME else span.name
    return (
        f"{title:26}{span.seconds:>8}{span.requests:>10,}{span.lost:>6,}"
        f"{span.p50_milliseconds:>9.1f}{span.p99_milliseconds:>9.1f}{span.least_ready:>7}{span.new_pods:>10}"
    )


def _without_nan(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _without_nan(value) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return [_without_nan(value) for value in told]
    return None if isinstance(told, float) and isnan(told) else told
