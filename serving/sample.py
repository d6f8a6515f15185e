"""One request for any model, made from what the model says of itself, and what is wrong with an answer.

The request is of zeros and one row: whether a model answers it, in the shape
and datatypes that it promised, can be asked of models that nobody here knows.
Pure: knows V2's JSON and nothing of who carries it.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

Json = dict[str, Any]

ROWS = 1
"""What stands where a model leaves a dimension open."""


class Tensor(NamedTuple):
    """One output as it came, whatever the protocol: its elements in row-major order."""

    datatype: str
    shape: Sequence[int]
    data: Sequence[Any]


Outputs = Mapping[str, Tensor]


def request_of_zeros(metadata: Json) -> Json:
    """Make the smallest request that the model's metadata allows."""
    return {"inputs": [_zeros(tensor) for tensor in metadata["inputs"]]}


def _zeros(tensor: Json) -> Json:
    shape = [ROWS if size < 0 else size for size in tensor["shape"]]
    zero: object = {"BOOL": False, "BYTES": ""}.get(tensor["datatype"], 0)
    return {"name": tensor["name"], "shape": shape, "datatype": tensor["datatype"], "data": [zero] * prod(shape)}


def outputs_of(answer: Json) -> Outputs:
    """Read an answer in JSON."""
    return {
        output["name"]: Tensor(output["datatype"], output["shape"], list(_flat(output["data"])))
        for output in answer["outputs"]
    }


def _flat(data: object) -> Iterator[object]:
    if isinstance(data, list):
        for element in data:
            yield from _flat(element)
    else:
        yield data


def faults(outputs: Outputs, metadata: Json, expected: Mapping[str, object]) -> Iterator[str]:
    """Say what of an answer is not as the metadata promises, or as it was expected to be, a sentence each."""
    promised = {tensor["name"]: tensor for tensor in metadata["outputs"]}
    if set(outputs) != set(promised):
        yield f"the answer has the outputs {_names(outputs)}, and the model promises {_names(promised)}"
        return
    for name, output in outputs.items():
        yield from _unlike(name, output, promised[name])
    for name, wanted in expected.items():
        if name not in outputs:
            yield f"output {name!r} was expected, and the answer has {_names(outputs)}"
        elif (data := list(outputs[name].data)) != (wanted := list(_flat(wanted))):
            yield f"output {name!r} is {data}, expected {wanted}"


def _unlike(name: str, output: Tensor, promised: Json) -> Iterator[str]:
    if output.datatype != promised["datatype"]:
        yield f"output {name!r} is {output.datatype}, and the model promises {promised['datatype']}"
    sizes = promised["shape"]
    if not _fits(output.shape, sizes):
        yield f"output {name!r} has shape {list(output.shape)}, and the model promises {sizes}"
    if len(output.data) != prod(output.shape):
        yield f"output {name!r} has {len(output.data)} elements, and its shape is {list(output.shape)}"


def _fits(shape: Sequence[int], sizes: Sequence[int]) -> bool:
    # A tensor of any rank is told as [-1] as well.
    if list(sizes) == [-1]:
        return True
    return len(sizes) == len(shape) and all(size in (-1, came) for size, came in zip(sizes, shape, strict=True))


def _names(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names)) or "nothing"
