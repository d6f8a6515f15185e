"""All questions of one kind: some hundred, no two alike, of the sizes that the profile asks for.

The same for the same seed, in whatever process: workers need not be told them.
Together they take a bounded number of bytes, so that of large requests there
are fewer. Pure.
"""

import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from math import ceil, prod
from typing import Any

import numpy as np

from loadtests.profile.form import Stream
from loadtests.requests import drifted, encoding, made
from loadtests.requests.answer import Read, read_grpc, read_v2, v1_reader
from loadtests.requests.check import Check
from loadtests.requests.classes import ClassOutput, find_class_output
from loadtests.requests.datatypes import BYTES, DTYPES, Arrays
from loadtests.requests.drifted import Drift
from loadtests.requests.expectation import Expectation
from loadtests.requests.question import Question
from loadtests.requests.rows import Rows, are_shown, described, digits, fit
from loadtests.requests.target import BadTarget, Target

USUAL_COUNT = 256
MOST = 1000
MOST_BYTES = 64 * 2**20
"""Of all bodies of one kind of request."""
MILLISECONDS = 1000


def questions(
    stream: Stream,
    target: Target,
    *,
    seed: int,
    pictures: Rows | None = None,
    drift: Drift = "",
    expectation: Expectation | None = None,
    most_bytes: int = MOST_BYTES,
) -> list[Question]:
    """Write the requests of a stream; raises BadTarget.

    `pictures` are a user's own rows, which must fit. Without them, or with the digits that come
    along, a model that takes such pictures is shown the digits, and for any other values are made.
    `expectation` is for a model of which `is_repeatable` has said so, and belongs to this list alone.
    """
    if stream.protocol == "v1" and stream.format == "binary":
        raise BadTarget(f"{stream.name!r} asks V1 in binary, and V1 has JSON alone")
    if not target.inputs:
        if pictures is None or pictures.are_digits:
            raise BadTarget(
                f"the metadata of model {target.name!r} tells no inputs: give rows for them with --data, by name"
            )
        target = described(pictures, target)
    made.check_said(target, stream.inputs)
    if not target.has_rows and set(stream.rows) != {1}:
        raise BadTarget(
            f"model {target.name!r} has no rows (the first dimension of its inputs is not open), "
            f"and {stream.name!r} asks for {', '.join(map(str, stream.rows))} of them"
        )
    shown = pictures if pictures is not None and not pictures.are_digits else digits() if are_shown(target) else None
    source = fit(shown, target) if shown is not None else None
    labels = shown.labels if shown is not None else None
    classes = find_class_output(target, stream.classes, int(labels.max()) if labels is not None else 0)
    random = np.random.default_rng([seed, zlib.crc32(stream.name.encode()), zlib.crc32(drift.encode())])
    picked = _shuffled(random, shown.count if shown is not None else 0)
    write = _Writer(stream, target, classes, expectation)
    written: list[Question] = []
    size = 0
    seen: set[int] = set()
    for index, rows in enumerate(sizes(stream.rows, 0 if shown is None else shown.count)):
        if size and size >= most_bytes and rows in seen:
            continue
        _check_size(target, stream, source, rows, most_bytes)
        chosen: Any = None
        if source is not None:
            chosen = [picked() for _ in range(rows if target.has_rows else 1)]
            arrays: Arrays = {
                name: array[chosen] if target.has_rows else array[chosen[0]] for name, array in source.items()
            }
        else:
            arrays = made.make(target, rows, stream.inputs, random)
        arrays = drifted.drifted(arrays, {form.name: form.datatype for form in target.inputs}, drift, random)
        known = labels[chosen].tolist() if labels is not None and classes is not None else ()
        question = write(index, rows, arrays, known)
        written.append(question)
        seen.add(rows)
        size += len(question.body)
    return written


def sizes(shares: Mapping[int, float], shown: int = 0) -> list[int]:
    """Give the rows of each question in turn.

    Any first part of the list has the sizes in their shares, as near as can be, and the rarest comes once.
    `shown` is how many rows there are to show: where it takes no more than MOST questions, all of them are.
    """
    total = sum(shares.values())
    rarest = min(shares.values()) / total
    usual = sum(rows * share for rows, share in shares.items()) / total
    count = min(MOST, max(USUAL_COUNT, ceil(1 / rarest), ceil(shown / usual)))
    given = dict.fromkeys(shares, 0)
    order: list[int] = []
    for place in range(1, count + 1):
        rows = max(shares, key=lambda each: (place * shares[each] / total - given[each], -each))
        given[rows] += 1
        order.append(rows)
    return order + [rows for rows, times in given.items() if not times]


class _Writer:
    """Writes questions of one kind in its protocol."""

    def __init__(
        self, stream: Stream, target: Target, classes: ClassOutput | None, expectation: Expectation | None
    ) -> None:
        self._stream = stream
        self._target = target
        self._read: Read = {"v1": v1_reader(target), "v2": read_v2, "grpc": read_grpc}[stream.protocol]
        self._check = partial(Check, self._read, target, classes=classes, expectation=expectation)

    def __call__(self, index: int, rows: int, arrays: Arrays, labels: Sequence[int]) -> Question:
        stream, target = self._stream, self._target
        model, request_id = target.name, f"{stream.name}-{index}"
        headers: dict[str, str] = {}
        if stream.protocol == "v1":
            # V1's answers repeat nothing.
            model = request_id = ""
            path, body = encoding.v1_path(target.name), encoding.v1(target, arrays)
            headers["content-type"] = "application/json"
        elif stream.protocol == "grpc":
            path = encoding.GRPC_METHOD
            body = encoding.grpc(target, arrays, request_id, is_raw=stream.format == "binary")
        elif stream.format == "binary":
            path = encoding.v2_path(target.name)
            body, head_bytes = encoding.v2_binary(target, arrays, request_id)
            headers |= {"content-type": "application/octet-stream", encoding.HEAD_BYTES: str(head_bytes)}
        else:
            path, body = encoding.v2_path(target.name), encoding.v2_json(target, arrays, request_id)
            headers["content-type"] = "application/json"
        judge = self._check(rows, model=model, request_id=request_id, key=index, labels=labels)
        return Question(path, body, rows, judge, headers)


def _shuffled(random: np.random.Generator, count: int) -> Any:
    """Give what picks rows one after the other: each of them once, before any comes again."""
    order: list[int] = []

    def pick() -> int:
        if not order:
            order.extend(random.permutation(count).tolist())
        return order.pop()

    return pick


def _check_size(target: Target, stream: Stream, source: Arrays | None, rows: int, most_bytes: int) -> None:
    """Refuse a request that is larger than all may be together, before it is made."""
    elements = 0
    size = 0
    for form in target.inputs:
        shape = (
            (rows, *source[form.name].shape[1:])
            if source is not None
            else made.shape_of(form, rows, target, stream.inputs)
        )
        elements += prod(shape)
        size += prod(shape) * (1 if form.datatype == BYTES else DTYPES[form.datatype].itemsize)
    # An element in JSON has two characters at least.
    least = size if stream.format == "binary" else 2 * elements
    if least > most_bytes:
        raise BadTarget(
            f"one request of {stream.name!r} with {rows} rows has {least / 2**20:.0f} MiB at least, "
            f"and all of its requests together may have {most_bytes / 2**20:.0f}"
        )
