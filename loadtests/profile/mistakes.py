"""pydantic's mistakes, in sentences that name the field, what was expected and what was there."""

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
    if mistake["type"] == "tuple_type":
        return f"{where} must be a list, and is {mistake['input']!r}"
    if mistake["type"] == "string_pattern_mismatch":
        return f"{where} must be lower-case letters, digits, dots and hyphens, and is {mistake['input']!r}"
    if mistake["type"] == "too_short":
        return f"{where} must have at least one item"
    said = mistake["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    given = repr(mistake["input"])
    return f"{where} {said}" + (f", and is {given}" if where != "it" and len(given) <= LONGEST_SHOWN else "")


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
