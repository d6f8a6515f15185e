"""The record of a rollout as JSON, as short as it can be: it lives beside the state in an annotation."""

import json
import math
from collections.abc import Mapping
from typing import Any

from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.machine.phase import Phase
from k8s.rollout.report.record import Passage, Record, Share, Stretch, Verdict


def to_json(record: Record) -> str:
    """Write it down."""
    return json.dumps(told(record), separators=(",", ":"))


def from_json(text: str) -> Record:
    """Read it again. Raises ValueError."""
    try:
        return read(json.loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no record of a rollout: {error}") from None


def told(record: Record) -> dict[str, Any]:
    """Give it as JSON's own values."""
    return {
        "shares": [[_moment(each.at), float(each.meant), _finite(each.seen)] for each in record.shares],
        "passages": [[_moment(each.at), each.phase, each.step] for each in record.passages],
        "stretches": [
            [each.gate, each.judgement, each.phase, each.step, _moment(each.began), _moment(each.ended)]
            for each in record.stretches
        ],
        "verdicts": [
            {"at": _moment(each.at), "phase": each.phase, "step": each.step, "percent": float(each.percent)}
            | told_finding(each.finding)
            for each in record.verdicts
        ],
    }


def read(found: Mapping[str, Any]) -> Record:
    """Take it from JSON's own values."""
    return Record(
        shares=tuple(Share(at, meant, seen) for at, meant, seen in found["shares"]),
        passages=tuple(Passage(at, Phase(phase), step) for at, phase, step in found["passages"]),
        stretches=tuple(
            Stretch(gate, Judgement(judgement), Phase(phase), step, began, ended)
            for gate, judgement, phase, step, began, ended in found["stretches"]
        ),
        verdicts=tuple(
            Verdict(each["at"], Phase(each["phase"]), each["step"], each["percent"], read_finding(each))
            for each in found["verdicts"]
        ),
    )


def told_finding(finding: Finding) -> dict[str, Any]:
    """Give one gate's conclusion as JSON's own values."""
    return {
        "gate": finding.gate,
        "judgement": finding.judgement,
        "sentence": finding.sentence,
        "canary": _finite(finding.canary),
        "stable": _finite(finding.stable),
        "limit": _finite(finding.limit),
        "unit": finding.unit,
        "samples": finding.samples,
    }


def read_finding(found: Mapping[str, Any]) -> Finding:
    """Take it from JSON's own values."""
    return Finding(
        gate=found["gate"],
        judgement=Judgement(found["judgement"]),
        sentence=found["sentence"],
        canary=found["canary"],
        stable=found["stable"],
        limit=found["limit"],
        unit=found["unit"],
        samples=found["samples"],
    )


def _moment(seconds: float) -> float:
    return round(seconds, 1)


def _finite(value: float | None) -> float | None:
    """JSON knows no infinity; the sentence beside it says what there is to say."""
    return float(value) if value is not None and math.isfinite(value) else None
