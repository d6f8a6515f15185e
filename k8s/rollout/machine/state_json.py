"""The state as JSON, as it lies in the annotation of a Lease.

Fields that are as they were at the beginning are left out, and fields that this
version does not know are ignored, so that another version of the tool can go on.
"""

import json
import math
from dataclasses import fields
from typing import Any, get_type_hints

from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import Entry, State
from k8s.rollout.outcome import Exit


def to_json(state: State) -> str:
    """Write it down."""
    told = {each.name: (getattr(state, each.name), each.default) for each in fields(State)}
    kept = {name: value for name, (value, default) in told.items() if value != default}
    if state.log:
        kept["log"] = [[each.at, each.phase, each.percent, each.sentence] for each in state.log]
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> State:
    """Read it again; raises ValueError in one sentence."""
    try:
        told = json.loads(text)
        if not isinstance(told, dict):
            raise TypeError("it is no mapping")
        known = {each.name: _value(each.name, told[each.name]) for each in fields(State) if each.name in told}
        return State(**known)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the stored state of the rollout cannot be read: {error}") from error


_TYPES = get_type_hints(State)


def _value(name: str, told: Any) -> Any:
    kind = _TYPES[name]
    if name == "log":
        return tuple(Entry(_number(at), Phase(phase), _number(percent), str(said)) for at, phase, percent, said in told)
    if name == "exit":
        return None if told is None else Exit(told)
    if kind is Phase:
        return Phase(told)
    if kind is float:
        return _number(told)
    if type(told) is not kind:
        raise TypeError(f"{name} is {told!r}")
    return told


def _number(told: Any) -> float:
    if type(told) not in (int, float) or not math.isfinite(told):
        raise TypeError(f"{told!r} is no number")
    return float(told)
