"""A plan from a file or from the chart's value.

Whatever is wrong is told at once, in a sentence for each; what is returned can
be carried out.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from k8s.rollout.plan.bad_plan import BadPlan
from k8s.rollout.plan.contradictions import contradictions
from k8s.rollout.plan.form import Plan
from k8s.rollout.plan.mistakes import sentence
from k8s.rollout.plan.spelling import respelt
from monitoring.strict_yaml import NoYaml, parse

LARGEST_BYTES = 64 * 1024
"""It is kept beside the state, in an annotation."""

__all__ = ["BadPlan", "digest", "from_mapping", "read"]


def read(path: Path | None, measures: Collection[str] | None = None) -> Plan:
    """Read a plan's file; without one it is as the form stands. Raises BadPlan.

    `measures` are the names that its gates may use, where they are known.
    """
    if path is None:
        return Plan()
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BadPlan(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > LARGEST_BYTES:
        raise BadPlan(f"{path} has more than {LARGEST_BYTES} bytes, which no plan needs")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BadPlan(f"{path} is no text in UTF-8: byte {error.start} is none of it") from error
    try:
        written = parse(text)
    except NoYaml as error:
        raise BadPlan(f"{path} {error}") from error
    if written is None:
        return Plan()
    if not isinstance(written, dict):
        raise BadPlan(f"{path} must hold fields and their values, as limits: {{window_seconds: 60}}")
    return from_mapping(written, str(path), measures)


def from_mapping(written: Mapping[str, Any], what: str, measures: Collection[str] | None = None) -> Plan:
    """Read what was parsed already; `what` names it in each sentence. Raises BadPlan."""
    try:
        # Through JSON, whose strict reading takes lists where Python's asks for tuples.
        plan = Plan.model_validate_json(json.dumps(respelt(dict(written)), default=str), strict=True)
        told = contradictions(plan, measures)
    except ValidationError as mistakes:
        # Items that are wrong are told by themselves, and not as missing from their list once more.
        told = [sentence(each) for each in mistakes.errors() if each["type"] != "too_short" or not each["input"]]
    except BadPlan as mistake:
        told = [str(mistake)]
    if told:
        raise BadPlan("\n".join(f"{what}: {each}" for each in dict.fromkeys(told)))
    return plan


def digest(plan: Plan) -> str:
    """Give what changes where anything in the plan does, however it was written down."""
    return hashlib.sha256(plan.model_dump_json().encode()).hexdigest()[:16]
