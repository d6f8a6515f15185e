"""What a model takes and gives, and whether a request fits.

A `Signature` is read once from the model and is then the only thing that the
codecs and the batcher know of it. Checking is pure and comes before a tensor
is decoded, so that no row which does not fit ever enters a batch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from serving.datatypes import DTYPES
from serving.errors import InvalidRequest

Tensors = dict[str, np.ndarray]
"""Arrays by the name of the input or output."""

UNKNOWN = -1
"""A dimension that the model leaves open."""


@dataclass(frozen=True)
class TensorSpec:
    """One input or output: its name, its V2 datatype, its shape with -1 where it varies.

    A shape of None is one whose very number of dimensions varies.
    """

    name: str
    datatype: str
    shape: tuple[int, ...] | None

    @cached_property
    def dtype(self) -> np.dtype:
        return DTYPES[self.datatype]

    def check(self, datatype: str, shape: Sequence[int]) -> None:
        """Raise InvalidRequest unless a tensor so declared may be given for this one."""
        if datatype != self.datatype:
            raise wrong_datatype(self.name, datatype, self.datatype)
        self.check_shape(shape)

    def check_shape(self, shape: Sequence[int]) -> None:
        if self.shape is not None and not self.accepts(shape):
            raise InvalidRequest(f"input {self.name!r} has shape {list(shape)}, expected {list(self.shape)}")

    def accepts(self, shape: Sequence[int]) -> bool:
        expected = self.shape
        if expected is None:
            return True
        if len(shape) != len(expected):
            return False
        # A plain loop: this is asked of every request, and a generator costs as much again.
        for want, came in zip(expected, shape, strict=True):  # noqa: SIM110
            if want not in (came, UNKNOWN):
                return False
        return True


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of one model, and whether dimension 0 of each counts rows."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    is_batched: bool
    labels: tuple[str, ...] = ()
    """What the classes of its outputs are called, where the model says so."""

    @cached_property
    def input_by_name(self) -> Mapping[str, TensorSpec]:
        return {spec.name: spec for spec in self.inputs}

    @cached_property
    def output_by_name(self) -> Mapping[str, TensorSpec]:
        return {spec.name: spec for spec in self.outputs}

    def input(self, name: str) -> TensorSpec:
        spec = self.input_by_name.get(name)
        if spec is None:
            raise InvalidRequest(f"unknown input {name!r}, expected {_quoted(self.input_by_name)}")
        return spec

    def output(self, name: str) -> TensorSpec:
        spec = self.output_by_name.get(name)
        if spec is None:
            raise InvalidRequest(f"unknown output {name!r}, the model has {_quoted(self.output_by_name)}")
        return spec

    def check_complete(self, names: Iterable[str]) -> None:
        missing = [name for name in self.input_by_name if name not in names]
        if missing:
            raise InvalidRequest(f"input {_quoted(missing)} is missing")

    def rows(self, tensors: Tensors) -> int:
        """Count the rows that every input agrees on; a model without rows counts one."""
        if not self.is_batched:
            return 1
        first = self.inputs[0].name
        rows = tensors[first].shape[0]
        for name, tensor in tensors.items():
            if tensor.shape[0] != rows:
                raise InvalidRequest(
                    f"input {name!r} has {tensor.shape[0]} rows and input {first!r} has {rows}: "
                    "every input must have as many rows"
                )
        if rows == 0:
            raise InvalidRequest("the request has no rows, expected at least one")
        return int(rows)


def wrong_datatype(name: str, came: str, expected: str) -> InvalidRequest:
    # numpy writes the order of bytes into its names; the protocol has one order and none in its names.
    swapped = " and little-endian bytes: big-endian tensors are not taken" if came.startswith((">", "!")) else ""
    return InvalidRequest(f"input {name!r} has datatype {came}, expected {expected}{swapped}")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
