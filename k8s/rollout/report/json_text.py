"""report.json: all of a rollout for machines, and what every other file is made from again."""

import json
from dataclasses import asdict
from typing import Any

from k8s.rollout.machine import state_json
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Plan
from k8s.rollout.report import record_json
from k8s.rollout.report.told import Heading, Told

FORM = 1


class Unreadable(Exception):
    """The text is no report; the message says why."""


def write(told: Told) -> str:
    """Give the text of the file."""
    found: dict[str, Any] = {
        "form": FORM,
        "summary": told.summary,
        "exit": int(told.exit),
        "outcome": told.exit.name.lower(),
        "sentence": told.sentence,
        "seconds": round(told.seconds, 1),
        "most_percent": told.most_percent,
        "at": round(told.at, 1),
        "heading": asdict(told.heading),
        "plan": told.plan.model_dump(mode="json"),
        "state": json.loads(state_json.to_json(told.state)),
        "record": record_json.told(told.record),
    }
    return json.dumps(found, indent=1, allow_nan=False) + "\n"


def read(text: str) -> Told:
    """Read it again. Raises Unreadable."""
    try:
        found = json.loads(text)
        if found["form"] != FORM:
            raise Unreadable(f"it is of form {found['form']}, and this version of the tool reads form {FORM}")
        return Told(
            heading=Heading(**found["heading"]),
            plan=Plan.model_validate(found["plan"]),
            state=state_json.from_json(json.dumps(found["state"])),
            record=record_json.read(found["record"]),
            exit=Exit(found["exit"]),
            sentence=str(found["sentence"]),
            at=float(found["at"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"it is no report of a rollout ({error})") from None
