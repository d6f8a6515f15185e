"""A request that can be sent any number of times, what came back, and who says whether that is right.

Questions are encoded once, before the load begins, so that sending one costs
the generator next to nothing. A checker reads an answer and raises nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class Reply(NamedTuple):
    """What a server answered with success."""

    headers: dict[str, str]
    """Lower-case names; of gRPC, the metadata."""
    body: bytes
    """Of gRPC, the message without its frame."""


class Judgement(NamedTuple):
    """What an answer was worth."""

    wrong: str = ""
    """Why it is not an answer to this question, in a sentence; empty where it is."""
    version: str = ""
    """Of the model."""
    labelled: int = 0
    right: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """One request of a stream."""

    path: str
    """Of REST; of gRPC the method, as /inference.GRPCInferenceService/ModelInfer."""
    body: bytes
    """Of gRPC, the message without its frame."""
    rows: int
    judge: Callable[[Reply], Judgement]
    headers: dict[str, str] = field(default_factory=dict)
    """Of gRPC, the metadata."""
