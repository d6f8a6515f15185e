"""pydantic's mistakes, in sentences that name the field, what was expected and what was there."""

import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from loadtests.profile.form import Profile

LONGEST_SHOWN = 80
_TAGS = {"number", "ramp", "wave"}


def sentence(mistake: ErrorDetails, written: Any) -> str:
    """Say one mistake of `written`, which is the whole of what was read."""
    where = _where(mistake["loc"], written)
    if mistake["type"] == "extra_forbidden":
        *above, key = mistake["loc"]
        fields = _fields(above)
        near = get_close_matches(str(key), fields, n=1)
        return f"{where} is no field; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(fields)}")
    if mistake["type"] == "missing":
        return f"{where} is missing"
    if mistake["type"] == "model_type":
        return f"{where} must hold fields: {', '.join(_fields(mistake['loc']))}"
    if mistake["type"] == "too_short":
        return f"{where} must have at least one item"
    given = _shown(mistake["input"])
    return f"{where} {_expected(mistake)}" + (f", and is {given}" if where != "it" and given else "")


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
        case "bool_type":
            return "must be true or false"
        case "dict_type":
            return "must hold keys and values"
        case "tuple_type":
            return "must be a list"
        case "string_pattern_mismatch":
            return "must be lower-case letters, digits, dots and hyphens"
        case "greater_than_equal":
            return f"must be {limits['ge']:,g} or more"
        case "less_than_equal":
            return f"must be {limits['le']:,g} or less"
        case "greater_than":
            return f"must be more than {limits['gt']:,g}"
        case _:
            return mistake["msg"].removeprefix("Value error, ").replace("Input should be", "must be")


def _shown(given: Any) -> str:
    """Write it as YAML would; nothing of what is long."""
    if given is None:
        return "empty"
    text = json.dumps(given, default=str, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else ""


def _where(place: Sequence[int | str], written: Any) -> str:
    """Name a place as `--set` does: items of lists by their names, where they have one."""
    steps = []
    here = written
    for step in place:
        if isinstance(step, str) and step in _TAGS and not (isinstance(here, dict) and step in here):
            continue
        if step == "[key]":
            continue
        here = _step(here, step)
        name = here.get("name") if isinstance(step, int) and isinstance(here, dict) else None
        steps.append(name if isinstance(name, str) else str(step))
    return ".".join(steps) or "it"


def _step(here: Any, step: int | str) -> Any:
    if isinstance(here, dict):
        return here.get(step)
    return here[step] if isinstance(here, list) and isinstance(step, int) and step < len(here) else None


def _fields(place: Sequence[int | str]) -> list[str]:
    """What may stand there."""
    parts: list[type[BaseModel]] = [Profile]
    for step in place:
        tagged = [part for part in parts if part.__name__.lower() == step]
        under = [each for part in parts if step in part.model_fields for each in _parts(part.model_fields[str(step)])]
        parts = tagged or under or parts
    return [field for part in parts for field in part.model_fields]


def _parts(annotation: Any) -> list[type[BaseModel]]:
    """The forms that an annotation mentions, however they are wrapped."""
    if isinstance(annotation, FieldInfo):
        return _parts(annotation.annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for inner in get_args(annotation) for part in _parts(inner)]
