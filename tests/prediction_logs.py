"""Records as TF Serving's clients write them, put together byte by byte: what reads them must not have written them."""

from collections.abc import Mapping


def predict_log(inputs: Mapping[str, bytes], signature_name: str = "") -> bytes:
    """A PredictionLog of one predict request, with a model name, an output filter and a response beside it."""
    spec = field(1, b"flowers") + field(3, signature_name.encode())
    entries = b"".join(field(2, field(1, name.encode()) + field(2, tensor)) for name, tensor in inputs.items())
    request = field(1, spec) + entries + field(3, b"score")
    return field(6, field(1, request) + field(2, b""))


def other_log(number: int) -> bytes:
    """A PredictionLog of another kind of request."""
    return field(number, field(1, b""))


def field(number: int, content: bytes) -> bytes:
    """One field of a protobuf message that is delimited by its length."""
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])
