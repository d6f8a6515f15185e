"""Late labels as callers send them over REST: JSON to values, and what became of them to JSON.

A body that is not of the form is refused whole, in a sentence that names the
entry; what a label says is for `feedback.py` to judge.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from monitoring.contract.values import FEEDBACK_RESULTS
from serving import payload_v2
from serving.errors import InvalidRequest, PayloadTooLarge
from serving.prediction_id import MOST_CHARACTERS

PATH = "/v1/feedback"
NOT_THE_ID_CHARACTERS = 1024
"""What a label may take beside its id: its row, its class' name, spaces."""

LONGEST_SHOWN = 40
"""Characters of a caller's value that a refusal repeats."""


@dataclass(frozen=True, slots=True)
class LateLabel:
    """What a row turned out to be."""

    id: str
    row: int
    label: int | str
    """The class by number or by name."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A label that was not counted."""

    index: int
    result: str
    reason: str


@dataclass(frozen=True, slots=True)
class Received:
    """What became of the labels of one request."""

    counts: Counter[str]
    refused: Sequence[Refusal]


def most_bytes(most_labels: int) -> int:
    """The largest body that so many labels can need."""
    return most_labels * (MOST_CHARACTERS + NOT_THE_ID_CHARACTERS)


def check_size(size_bytes: int, most_labels: int) -> None:
    if size_bytes > most_bytes(most_labels):
        raise PayloadTooLarge(
            f"the request has {size_bytes} bytes, and {most_labels} labels, which are the limit (feedback_labels), "
            f"take no more than {most_bytes(most_labels)}"
        )


def check_count(count: int, most_labels: int) -> None:
    if count > most_labels:
        raise PayloadTooLarge(
            f"the request has {count} labels, and the limit is {most_labels} (feedback_labels): send them in parts"
        )


def decode(body: bytes, most_labels: int) -> list[LateLabel]:
    """Read a body; raises InvalidRequest or PayloadTooLarge."""
    check_size(len(body), most_labels)
    entries = payload_v2.parse_object(body).get("labels")
    if not isinstance(entries, list) or not entries:
        came = "an empty list" if entries == [] else "none" if entries is None else _shown(entries)
        raise InvalidRequest(f"expected 'labels', a list of objects with 'id', 'row' and 'label', {came} came")
    check_count(len(entries), most_labels)
    return [_label(index, entry) for index, entry in enumerate(entries)]


def encode(received: Received) -> bytes:
    return orjson.dumps(
        {
            "counts": {result: received.counts[result] for result in FEEDBACK_RESULTS},
            "refused": [
                {"index": refusal.index, "result": refusal.result, "reason": refusal.reason}
                for refusal in received.refused
            ],
        }
    )


def _label(index: int, entry: Any) -> LateLabel:
    if not isinstance(entry, dict):
        raise InvalidRequest(f"labels[{index}] is {_shown(entry)}, expected an object with 'id', 'row' and 'label'")
    prediction, row, label = entry.get("id"), entry.get("row", 0), entry.get("label")
    if not isinstance(prediction, str):
        raise _wrong(index, "id", entry, "the prediction_id of an answer, a string")
    if type(row) is not int:
        raise _wrong(index, "row", entry, "the number of a row, from 0")
    if type(label) is not int and not isinstance(label, str):
        raise _wrong(index, "label", entry, "a class by its number or its name")
    return LateLabel(prediction, row, label)


def _wrong(index: int, key: str, entry: dict[str, Any], expected: str) -> InvalidRequest:
    came = f"{key!r} of {_shown(entry[key])}" if key in entry else f"no {key!r}"
    return InvalidRequest(f"labels[{index}] has {came}, expected {expected}")


def _shown(value: object) -> str:
    # One that is nested deeply could not even be shown.
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    shown = repr(value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."
