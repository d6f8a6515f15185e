"""What the parameters of a request, its inputs and its outputs ask for.

The same words mean the same over REST and gRPC, so they are read here once.
A word that would change the answer and that we do not serve (sequences, shared
memory, another byte order) is refused: ignored, it would give a wrong answer
that looks right. A word nobody here knows is another server's, and ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from serving.errors import InvalidRequest

Parameters = Mapping[str, object]
"""Strings, numbers and booleans by name."""

MICROSECONDS = 1e-6
LARGEST = 2**64 - 1
SHOWN = 40
"""Characters of a caller's value that a refusal repeats."""

PREDICTION_ID = "prediction_id"
"""Of an answer: what late labels of its rows go by."""

SEQUENCE = ("sequence_id", "sequence_start", "sequence_end")
SHARED_MEMORY = ("shared_memory_region", "shared_memory_byte_size", "shared_memory_offset")
BYTE_ORDER = ("byte_order", "byteorder", "endian", "endianness")
LITTLE = ("little", "little-endian", "little_endian", "<")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a request asks for beside its outputs."""

    timeout_seconds: float = inf
    priority: int = 0
    """As Triton counts: 1 is the most urgent, 0 leaves it to the server."""
    is_binary: bool = False
    """Whether outputs come as binary tensors where they do not say otherwise; for REST alone."""


NO_WISHES = Wishes()
BINARY_WISHES = Wishes(is_binary=True)

# Every binary tensor has parameters, so those that ask for nothing unusual are told at one look.
UNUSUAL = frozenset((*SEQUENCE, *BYTE_ORDER, "timeout", "priority"))
PLACEMENT = frozenset((*SHARED_MEMORY, *BYTE_ORDER))


def of_request(parameters: Parameters) -> Wishes:
    if UNUSUAL.isdisjoint(parameters):
        return BINARY_WISHES if _flag(parameters, "binary_data_output", default=False) else NO_WISHES
    for name in SEQUENCE:
        if parameters.get(name, 0) not in (0, ""):  # False is 0
            raise InvalidRequest(
                f"parameter {name!r} is {_shown(parameters[name])}, but models here keep no state between "
                "requests: expected 0, false or no such parameter"
            )
    _check_byte_order(parameters, "the request")
    return Wishes(
        timeout_seconds=_whole(parameters, "timeout", "a number of microseconds") * MICROSECONDS or inf,
        priority=_whole(parameters, "priority", "a whole number from 0"),
        is_binary=_flag(parameters, "binary_data_output", default=False),
    )


def check_input(name: str, parameters: Parameters) -> None:
    if not PLACEMENT.isdisjoint(parameters):
        _check_placement(parameters, f"input {name!r}")


def of_output(name: str, parameters: Parameters, *, is_binary: bool) -> tuple[bool, int]:
    """Say whether an output is wanted as a binary tensor, and how many of its classes (0: the tensor itself)."""
    if not PLACEMENT.isdisjoint(parameters):
        _check_placement(parameters, f"output {name!r}")
    return (
        _flag(parameters, "binary_data", default=is_binary),
        _whole(parameters, "classification", "a number of classes"),
    )


def _check_placement(parameters: Parameters, who: str) -> None:
    for name in SHARED_MEMORY:
        if name in parameters:
            raise InvalidRequest(
                f"{who} has the parameter {name!r}, but tensors are not exchanged in shared memory here"
            )
    _check_byte_order(parameters, who)


def _check_byte_order(parameters: Parameters, who: str) -> None:
    for name in BYTE_ORDER:
        if name in parameters and parameters[name] not in LITTLE:
            raise InvalidRequest(
                f"{who} has the parameter {name!r} of {_shown(parameters[name])}, "
                "but binary tensors are little-endian here"
            )


def _flag(parameters: Parameters, name: str, *, default: bool) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise InvalidRequest(f"parameter {name!r} is {_shown(value)}, expected true or false")
    return value


def _whole(parameters: Parameters, name: str, expected: str) -> int:
    value = parameters.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise InvalidRequest(f"parameter {name!r} is {_shown(value)}, expected {expected}")
    return value


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= SHOWN else shown[:SHOWN] + "…"
