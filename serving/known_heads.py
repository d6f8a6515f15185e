"""What was found out about heads of requests that came before, by their bytes.

A caller that asks again and again says the same about its tensors each time,
around other numbers: name, datatype, shape, outputs. To check that costs more
than to convert a small tensor, and its result follows from the bytes alone, so
it is kept. Bounded, and emptied when full: callers who never repeat themselves
cost a lookup. Knows no protocol.
"""

from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

import numpy as np

from serving import binary_tensor
from serving.request import OutputChoice, Request
from serving.signature import Tensors, TensorSpec

MOST_HEADS = 256
LONGEST_BYTES = 4096

P = TypeVar("P")


class KnownHeads(Generic[P]):
    """A bounded memory."""

    def __init__(self) -> None:
        self._plans: dict[bytes, P] = {}

    def get(self, head: bytes) -> P | None:
        return self._plans.get(head)

    def keep(self, head: bytes, plan: P) -> None:
        if len(head) > LONGEST_BYTES:
            return
        if len(self._plans) >= MOST_HEADS:
            self._plans.clear()
        self._plans[head] = plan


@dataclass(frozen=True, slots=True)
class Plan:
    """A request but for its numbers: all that its head says, checked against the signature."""

    inputs: tuple[tuple[TensorSpec, tuple[int, ...], int], ...]
    """Each input's shape, and its place: bytes it has of a tail, or the index of its numbers."""
    rows: int
    outputs: tuple[OutputChoice, ...]
    is_binary: bool = False
    timeout_seconds: float = inf
    priority: int = 0

    def with_tensors(self, tensors: Tensors) -> Request:
        return Request(tensors, self.rows, self.outputs, "", self.is_binary, self.timeout_seconds, self.priority)


def viewed(spec: TensorSpec, buffer: bytes | memoryview, shape: tuple[int, ...]) -> np.ndarray:
    """View a buffer whose length is known to be right; what needs a look at its bytes gets it."""
    if spec.dtype.kind in "bO":
        return binary_tensor.to_array(spec, buffer, shape)
    return np.frombuffer(buffer, spec.dtype).reshape(shape)


def plan_of(request: Request, inputs: list[tuple[TensorSpec, tuple[int, ...], int]]) -> Plan | None:
    """Take from a request what the next one with its head will have too; None where it bears an id of its own."""
    if request.id:
        return None
    return Plan(
        tuple(inputs), request.rows, request.outputs, request.is_binary, request.timeout_seconds, request.priority
    )
