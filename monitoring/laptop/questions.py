"""What a laptop's callers ask, and what is amiss with it while an incident lasts. Pure.

An incident changes pictures, labels, or how long a caller waits; the server is
the same throughout, so that what monitoring shows is what callers did.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from monitoring.laptop.digits import Digits, Pictures

MOST_ROWS = 4
OVERLOAD_ROWS = 256
OVERLOAD_CALLERS = 64


class Incident(StrEnum):
    """Trouble that can be asked for."""

    DRIFT = "drift"
    """Another camera: pictures are noisy, pale and off the centre."""
    ERRORS = "errors"
    """A third of the callers wait a millisecond, and are answered that it was too late."""
    WRONG_LABELS = "wrong-labels"
    """The truth is one digit further: the model is as sure as before, and wrong."""
    OVERLOAD = "overload"
    """Far more rows than the server can run; it turns away what it cannot serve in time."""


IMPATIENT_MILLISECONDS = 1
IMPATIENT_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class Question:
    """One request: which rows of the digits it holds, its body, and its headers."""

    path: str
    body: bytes
    headers: dict[str, str]
    truth: tuple[int, ...]
    """The label that will be sent for each row."""


def ask(random: np.random.Generator, digits: Digits, model: str, incident: Incident | None) -> Question:
    """Draw a request of some rows."""
    rows = int(random.integers(1, MOST_ROWS + 1))
    chosen = random.integers(0, len(digits), rows)
    pictures = digits.pictures[chosen]
    truth = digits.labels[chosen]
    headers = {"Content-Type": "application/json"}
    if incident is Incident.DRIFT:
        pictures = drifted(random, pictures)
    if incident is Incident.WRONG_LABELS:
        truth = (truth + 1) % 10
    if incident is Incident.ERRORS and random.random() < IMPATIENT_SHARE:
        headers["X-Request-Timeout-Ms"] = str(IMPATIENT_MILLISECONDS)
    return Question(f"/v2/models/{model}/infer", _body(pictures), headers, tuple(map(int, truth)))


def flood(digits: Digits, model: str) -> Question:
    """A request of very many rows."""
    pictures = np.resize(digits.pictures, (OVERLOAD_ROWS, *digits.pictures.shape[1:]))
    return Question(f"/v2/models/{model}/infer", _body(pictures), {"Content-Type": "application/json"}, ())


def drifted(random: np.random.Generator, pictures: Pictures) -> Pictures:
    """The same digits as another camera sees them."""
    moved = np.roll(pictures, (2, 2), axis=(1, 2)).astype(np.float64)
    seen = 0.75 * moved + random.normal(20.0, 35.0, pictures.shape)
    return np.clip(seen, 0, 255).astype(np.uint8)


def _body(pictures: Pictures) -> bytes:
    tensor = {
        "name": "image",
        "shape": list(pictures.shape),
        "datatype": "UINT8",
        "data": pictures.ravel().tolist(),
    }
    return json.dumps({"inputs": [tensor]}).encode()


def labels(answer: dict[str, Any], truth: tuple[int, ...]) -> list[dict[str, Any]]:
    """What is sent later for an answer: nothing where it has no id, since then nobody takes labels."""
    token = answer.get("parameters", {}).get("prediction_id")
    if not token:
        return []
    return [{"id": token, "row": row, "label": label} for row, label in enumerate(truth)]
