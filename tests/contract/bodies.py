"""Request bodies that nobody in their right mind would send, made from ones that somebody would.

Every body follows from a seed, so that one which is found to do harm can be made
again. Three ways to spoil a good body: its bytes, its structure, or all of it.
"""

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from serving.oip_pb2 import ModelInferRequest
from tests.contract.mistakes import HEAD_LENGTH, INFER, PREDICT, element, tensor
from tests.contract.zoo import NUMERIC


@dataclass(frozen=True, slots=True)
class Question:
    """A body on its way to a path."""

    path: str
    body: bytes
    head_bytes: str | None = None
    """What the header says of the JSON's length, where binary tensors follow it."""

    def head(self) -> bytes:
        length = f"{HEAD_LENGTH}: {self.head_bytes}\r\n" if self.head_bytes is not None else ""
        return f"POST {self.path} HTTP/1.1\r\nHost: x\r\n{length}Content-Length: {len(self.body)}\r\n\r\n".encode()


IMAGE = [[[row * 4 + column for column in range(4)] for row in range(4)]]

V1: dict[str, list[Any]] = {
    "dense": [
        {"instances": [[1, 2.5, -3]]},
        {"instances": [{"x": [1, 2, 3]}, {"x": [4, 5, 6]}]},
        {"inputs": [[1, 2, 3]]},
    ],
    "image": [{"instances": IMAGE}, {"inputs": {"image": IMAGE}}],
    "two_inputs": [{"instances": [{"count": [1, 2], "price": 1.5}]}, {"inputs": {"count": [[1, 2]], "price": [1.5]}}],
    "text": [{"instances": ["caf\u00e9", {"b64": "/v8="}]}],
    "open_length": [{"instances": [[1, 2, 3, 4]]}],
    "fixed_matrix": [{"instances": [[[1, 2, 3], [4, 5, 6]]]}],
    "scalar": [{"instances": [1.5]}, {"inputs": 1.5}],
    "any_rank_in": [{"instances": [[[[1, 2], [3, 4]]]]}],
    "root": [{"instances": [4.0, 9.0]}],
    "lookup": [{"instances": [0, 4]}],
}

V2: dict[str, list[Any]] = {
    "dense": [
        {"id": "7", "inputs": [tensor("x", "FP32", [1, 3], [1, 2.5, -3])], "outputs": [{"name": "y"}]},
        {"inputs": [tensor("x", "FP32", [2, 3], [[1, 2, 3], [4, 5, 6]])], "parameters": {"binary_data_output": True}},
    ],
    "image": [
        {
            "inputs": [tensor("image", "UINT8", [1, 4, 4], IMAGE)],
            "outputs": [{"name": "digit", "parameters": {"binary_data": True}}, {"name": "probabilities"}],
        }
    ],
    "two_inputs": [
        {"inputs": [tensor("count", "INT32", [1, 2], [1, 2]), tensor("price", "FP32", [1], [1.5])], "parameters": {}},
    ],
    "echo": [{"inputs": [tensor(name, datatype, [1, 2], [1, 0]) for name, datatype in NUMERIC.items()]}],
    "text": [{"inputs": [tensor("text", "BYTES", [2], ["caf\u00e9", ""])]}],
    "open_length": [{"inputs": [tensor("x", "FP32", [1, 4], [1, 2, 3, 4])]}],
    "fixed_matrix": [{"inputs": [tensor("x", "FP32", [2, 3], [1, 2, 3, 4, 5, 6])]}],
    "scalar": [{"inputs": [tensor("x", "FP32", [], [1.5])]}],
    "any_rank_in": [{"inputs": [tensor("x", "FP32", [1, 2, 2], [1, 2, 3, 4])]}],
    "root": [{"inputs": [tensor("x", "FP32", [2], [4, 9])]}],
    "lookup": [{"inputs": [tensor("index", "INT32", [2], [0, 4])]}],
}

BINARY: list[tuple[str, Any, bytes]] = [
    ("dense", {"inputs": [tensor("x", "FP32", [1, 3], None)]}, bytes(12)),
    ("image", {"inputs": [tensor("image", "UINT8", [1, 4, 4], None)]}, bytes(range(16))),
    (
        "text",
        {"inputs": [tensor("text", "BYTES", [2], None)], "parameters": {"binary_data_output": True}},
        element(b"\xff\xfe") + element(b""),
    ),
    ("any_rank_in", {"inputs": [tensor("x", "FP32", [1, 1, 2], None)]}, bytes(8)),
]

STRANGE: Sequence[Any] = (
    *(None, True, False, 0, -1, 1, 2, 255, 256, 2**31, 2**63, 2**64, -(2**63), 0.5, -0.0, 1e38, 1e39, 1e308, 5e-324),
    *("", "x", "image", "FP32", "BYTES", "BF16", "\u0000", "\U0001f600", "a" * 300),
    *([], {}, [[]], [None], [1, [2]], {"b64": "AA=="}, {"b64": None}, [2**62, 2**62], [0], [0, 3], [1] * 70),
)
"""Values that somewhere are a border."""

TOKENS: Sequence[bytes] = (
    *(b"NaN", b"Infinity", b"-", b"1e999", b"9" * 400, b'"\\ud800"', b"\xff", b"\x00", b"[" * 2000, b'{"":' * 2000),
    *(b"null", b"true", b"-1", b"1e39", b"\\", b'"', b",", b":", b"}", b"]", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"/**/"),
)
"""What a parser may stumble over."""


def good_questions() -> list[Question]:
    """Bodies that are answered with 200."""
    return [
        *(Question(PREDICT.format(model), dumped(body)) for model, bodies in V1.items() for body in bodies),
        *(Question(INFER.format(model), dumped(body)) for model, bodies in V2.items() for body in bodies),
        *(with_tail(model, message, tail) for model, message, tail in BINARY),
    ]


def good_messages() -> list[bytes]:
    """Messages over gRPC that are answered with OK: typed and raw."""
    typed = ModelInferRequest(model_name="dense", id="7")
    typed.inputs.add(name="x", datatype="FP32", shape=[1, 3]).contents.fp32_contents.extend([1, 2, 3])
    typed.outputs.add(name="y")
    raw = ModelInferRequest(model_name="image", raw_input_contents=[bytes(range(16))])
    raw.inputs.add(name="image", datatype="UINT8", shape=[1, 4, 4])
    two = ModelInferRequest(model_name="two_inputs")
    two.inputs.add(name="count", datatype="INT32", shape=[1, 2]).contents.int_contents.extend([1, 2])
    two.inputs.add(name="price", datatype="FP32", shape=[1]).contents.fp32_contents.append(1.5)
    text = ModelInferRequest(model_name="text", raw_input_contents=[element(b"\xff") + element(b"")])
    text.inputs.add(name="text", datatype="BYTES", shape=[2])
    return [message.SerializeToString() for message in (typed, raw, two, text)]


def spoilt_question(random: Random, good: Sequence[Question]) -> Question:
    """One question in twenty is noise; the rest are good ones with something changed."""
    way = random.random()
    if way < 0.05:
        return Question(random.choice(good).path, random.randbytes(random.randrange(200)))
    if way < 0.3:
        return spoilt_tensors(random)
    if way < 0.75:
        return spoilt_structure(random)
    question = random.choice(good)
    return Question(question.path, spoilt_bytes(random, question.body), question.head_bytes)


def spoilt_bytes(random: Random, body: bytes) -> bytes:
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        body = random.choice(BYTE_FAULTS)(random, body)
    return body


def spoilt_structure(random: Random) -> Question:
    path, bodies = random.choice(((PREDICT, V1), (INFER, V2)))
    model = random.choice(tuple(bodies))
    body = copy.deepcopy(random.choice(bodies[model]))
    for _ in range(random.choice((1, 1, 2))):
        body = with_fault(random, body)
    return Question(path.format(model), dumped(body))


def spoilt_tensors(random: Random) -> Question:
    """Binary tensors, with a fault in their head, in their bytes or in what is said of their lengths."""
    model, message, tail = random.choice(BINARY)
    match random.randrange(4):
        case 0:
            return with_tail(model, message, spoilt_bytes(random, tail))
        case 1:
            return with_tail(model, message, spoilt_bytes(random, tail), size=len(tail))
        case 2:
            return with_tail(model, with_fault(random, copy.deepcopy(message)), tail)
    question = with_tail(model, message, tail)
    length = str(random.choice((0, 1, 12, len(question.body), len(question.body) + 1, 2**63, "-1", "x", "")))
    return Question(question.path, question.body, length)


def with_tail(model: str, message: Any, tail: bytes, *, size: int | None = None) -> Question:
    message = copy.deepcopy(message)
    if isinstance(message, dict) and isinstance(message.get("inputs"), list):
        for entry in message["inputs"]:
            if isinstance(entry, dict) and entry.get("data", 0) is None:
                del entry["data"]
                entry["parameters"] = {"binary_data_size": len(tail) if size is None else size}
    head = dumped(message)
    return Question(INFER.format(model), head + tail, str(len(head)))


def with_fault(random: Random, value: Any) -> Any:
    """Change one place of a JSON value: the deeper it lies, the likelier it is found."""
    if isinstance(value, dict) and value and random.random() < 0.95:
        key = random.choice(tuple(value))
        if random.random() < 0.1:
            value[random.choice(("x", "inputs", "instances", "data", ""))] = value.pop(key)
        else:
            value[key] = with_fault(random, value[key])
        return value
    if isinstance(value, list) and value and random.random() < 0.9:
        at = random.randrange(len(value))
        match random.randrange(8):
            case 0:
                del value[at]
            case 1:
                value.append(value[at])
            case _:
                value[at] = with_fault(random, value[at])
        return value
    return copy.deepcopy(random.choice(STRANGE))


def dumped(message: Any) -> bytes:
    return json.dumps(message).encode()


def place(random: Random, body: bytes) -> int:
    return random.randrange(len(body) + 1)


def flip(random: Random, body: bytes) -> bytes:
    at = place(random, body)
    return body[:at] + bytes([random.randrange(256)]) + body[at + 1 :]


def cut(random: Random, body: bytes) -> bytes:
    at = place(random, body)
    return body[:at] + body[at + random.randrange(1, 20) :]


def repeat(random: Random, body: bytes) -> bytes:
    at = place(random, body)
    end = at + random.randrange(1, 40)
    return body[:end] + body[at:]


def insert(random: Random, body: bytes) -> bytes:
    at = place(random, body)
    return body[:at] + random.choice(TOKENS) + body[at:]


def replace(random: Random, body: bytes) -> bytes:
    """Put a token in the place of a digit or so."""
    at = place(random, body)
    return body[:at] + random.choice(TOKENS) + body[at + 1 :]


def truncate(random: Random, body: bytes) -> bytes:
    return body[: place(random, body)]


BYTE_FAULTS: Sequence[Callable[[Random, bytes], bytes]] = (flip, flip, cut, repeat, insert, replace, replace, truncate)
