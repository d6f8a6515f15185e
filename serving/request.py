"""A request between the wire and the batch, whatever protocol it came by."""

import math
from dataclasses import dataclass

from serving.classification import TopClasses
from serving.signature import Signature, Tensors


@dataclass(frozen=True, slots=True)
class OutputChoice:
    """An output that the caller asked for; `is_binary` only matters on V2 REST."""

    name: str
    is_binary: bool = False
    top: TopClasses | None = None
    """The classes that are wanted instead of the output itself."""


@dataclass(slots=True)
class Request:
    """Rows to run together with others, and what the caller wants back.

    Promises that `tensors` fit the signature they were decoded for. Not frozen,
    though nobody changes one: that costs a microsecond for each that is made.
    """

    tensors: Tensors
    rows: int
    outputs: tuple[OutputChoice, ...]
    id: str = ""
    is_binary: bool = False
    """Whether outputs that the caller did not name are wanted as V2 REST's binary tensors."""
    timeout_seconds: float = math.inf
    """How long the caller waits for an answer, counted from the request's arrival."""
    priority: int = 0
    """As Triton counts: 1 is the most urgent, 0 leaves it to the server."""


def all_outputs(signature: Signature, *, is_binary: bool = False) -> tuple[OutputChoice, ...]:
    return tuple(OutputChoice(spec.name, is_binary) for spec in signature.outputs)
