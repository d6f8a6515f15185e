"""What of a new version is not as the stable one has it: its metadata, and its answer to the same request.

Whoever calls the stable version today must be understood by the new one and
understand it: inputs that are taken, outputs with their names, datatypes and
shapes. Values differ between versions and only have to be numbers. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, prod
from typing import Any

from k8s.json_object import Json

Tensors = Mapping[str, Json]


def metadata_faults(stable: Json, canary: Json) -> Iterator[str]:
    """Say what a caller of the stable version would stumble on, a sentence each."""
    before, after = _named(stable["inputs"]), _named(canary["inputs"])
    for name in sorted(before.keys() - after.keys()):
        yield f"the canary takes no input {name!r}, and the stable version does; the canary takes {_names(after)}"
    for name in sorted(after.keys() - before.keys()):
        yield f"the canary wants an input {name!r} that the stable version does not take"
    for name in sorted(before.keys() & after.keys()):
        yield from _unlike("input", name, before[name], after[name])
    before, after = _named(stable["outputs"]), _named(canary["outputs"])
    for name in sorted(before.keys() - after.keys()):
        yield f"the canary has no output {name!r} any more; it gives {_names(after)}"
    for name in sorted(before.keys() & after.keys()):
        yield from _unlike("output", name, before[name], after[name])


def new_outputs(stable: Json, canary: Json) -> list[str]:
    """Name the outputs that only the canary has: they hurt no caller, and are told."""
    return sorted(_named(canary["outputs"]).keys() - _named(stable["outputs"]).keys())


def answer_faults(stable: Json, canary: Json, promised: Json) -> Iterator[str]:
    """Say what of the canary's answer is not as the stable version answers, a sentence each.

    Sizes that the canary's metadata leaves open may differ, but for the first, which counts rows.
    """
    before, after = _named(stable["outputs"]), _named(canary["outputs"])
    open_shapes = {name: each["shape"] for name, each in _named(promised["outputs"]).items()}
    for name in sorted(before.keys() - after.keys()):
        yield f"output {name!r} is missing: expected {_names(before)} as of the stable version, got {_names(after)}"
    for name in sorted(after.keys() - before.keys()):
        yield f"output {name!r} was not expected: the stable version answers with {_names(before)}"
    for name in sorted(before.keys() & after.keys()):
        was, came = before[name], after[name]
        if came.get("datatype") != was.get("datatype"):
            yield f"output {name!r} is {came.get('datatype')}, expected {was.get('datatype')} as of the stable version"
        if not _is_same_shape(was.get("shape"), came.get("shape"), open_shapes.get(name, ())):
            yield f"output {name!r} has shape {came.get('shape')}, expected {was.get('shape')} as of the stable version"
            continue
        yield from _values(name, was, came)


def _values(name: str, was: Json, came: Json) -> Iterator[str]:
    if "data" not in came:
        if "data" in was:
            yield f"output {name!r} came without values, and the stable version gives them"
        return
    values, expected = list(_flat(came["data"])), prod(came.get("shape") or ())
    if len(values) != expected:
        yield f"output {name!r} has {len(values)} values, and its shape {came.get('shape')} asks for {expected}"
    odd = sum(_is_no_number(value) for value in values)
    if odd and not any(_is_no_number(value) for value in _flat(was.get("data", []))):
        yield f"output {name!r} has {odd} values of {len(values)} that are no numbers, and the stable version has none"


def _unlike(what: str, name: str, before: Json, after: Json) -> Iterator[str]:
    if after["datatype"] != before["datatype"]:
        yield f"{what} {name!r} of the canary is {after['datatype']}, expected {before['datatype']}"
    if not _takes(before["shape"], after["shape"]):
        yield f"{what} {name!r} of the canary has shape {after['shape']}, expected {before['shape']}"


def _takes(before: Sequence[int], after: Sequence[int]) -> bool:
    """Whether all that fitted before fits now; [-1] is also what a tensor of any rank is told as."""
    if list(after) == [-1]:
        return True
    return len(before) == len(after) and all(new in (-1, old) for old, new in zip(before, after, strict=True))


def _is_same_shape(was: Any, came: Any, promised: Sequence[int]) -> bool:
    if was == came:
        return True
    if not isinstance(was, list) or not isinstance(came, list) or not len(was) == len(came) == len(promised):
        return False
    return all(
        old == new or (at > 0 and promised[at] == -1) for at, (old, new) in enumerate(zip(was, came, strict=True))
    )


def _is_no_number(value: Any) -> bool:
    # JSON has no word for NaN and infinity: servers that give them all the same write null, or what Python reads.
    return value is None or (isinstance(value, float) and not isfinite(value))


def _flat(data: Any) -> Iterator[Any]:
    if isinstance(data, list):
        for element in data:
            yield from _flat(element)
    else:
        yield data


def _named(tensors: Any) -> dict[str, Json]:
    return {str(each["name"]): each for each in tensors}


def _names(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names)) or "nothing"
