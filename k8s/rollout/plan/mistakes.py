"""pydantic's mistakes, in sentences that name the field, what was expected and what was there."""

import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from k8s.rollout.plan.form import Plan

LONGEST_SHOWN = 80


def sentence(mistake: ErrorDetails) -> str:
    """Say one mistake."""
    where = place(mistake["loc"])
    match mistake["type"]:
        case "extra_forbidden":
            *above, key = mistake["loc"]
            fields = _fields(above)
            near = get_close_matches(str(key), fields, n=1)
            return f"{where} is no field; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(fields)}")
        case "missing":
            return f"{where} is missing"
        case "model_type" | "model_attributes_type":
            return f"{where} must hold fields: {', '.join(_fields(mistake['loc']))}" + _given(mistake)
        case "too_short":
            return f"{where} must have at least one item"
    return f"{where} {_expected(mistake)}{_given(mistake)}"


def place(steps: Sequence[int | str]) -> str:
    """Name a place as people count: the first step is steps.1."""
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in steps) or "the plan"


def _expected(mistake: ErrorDetails) -> str:
    """Say what was expected, in the words of who writes YAML and not Python."""
    limits = mistake.get("ctx", {})
    match mistake["type"]:
        case "int_type" | "int_parsing" | "int_from_float":
            return "must be a whole number"
        case "float_type" | "float_parsing" | "finite_number":
            return "must be a number"
        case "string_type":
            return "must be a text"
        case "bool_type" | "bool_parsing":
            return "must be true or false"
        case "tuple_type":
            return "must be a list"
        case "literal_error":
            return f"must be {limits['expected'].replace(chr(39), '')}"
        case "greater_than_equal":
            return f"must be {limits['ge']:,g} or more"
        case "less_than_equal":
            return f"must be {limits['le']:,g} or less"
        case "greater_than":
            return f"must be more than {limits['gt']:,g}"
        case "less_than":
            return f"must be less than {limits['lt']:,g}"
        case _:
            return mistake["msg"].removeprefix("Value error, ").replace("Input should be", "must be")


def _given(mistake: ErrorDetails) -> str:
    """Write it as YAML would; nothing of what is long."""
    given = mistake["input"]
    if given is None:
        return ", and is empty"
    text = json.dumps(given, default=str, ensure_ascii=False)
    return f", and is {text}" if len(text) <= LONGEST_SHOWN else ""


def _fields(steps: Sequence[int | str]) -> list[str]:
    """What may stand there."""
    form: type[BaseModel] = Plan
    for step in steps:
        if isinstance(step, str) and step in form.model_fields:
            form = _form(form.model_fields[step].annotation) or form
    return list(form.model_fields)


def _form(annotation: Any) -> type[BaseModel] | None:
    """Find the form that an annotation mentions, however it is wrapped."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((form for inner in get_args(annotation) if (form := _form(inner)) is not None), None)
