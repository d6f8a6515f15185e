"""The id of a prediction: what the model said, signed, so that a label may come late and to any replica.

One id stands for the rows of one request, by number. It holds what a label is
compared with and nothing of what was asked: no input, no caller, no store.

    form, key, model, minute, random, classes, names, version, a class and a chance a row, signature
       1    1      4       4       8        2      2  1 + n                            3         12 bytes

The signature is HMAC-SHA256 over all before it, cut to 96 bits; the whole is
written in base64url. Pure: clock and random bytes are passed in.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct

FORM = 1
"""The first byte: another form of id gets another number."""
SIGNATURE_BYTES = 12
BLOCK_BYTES = 64
"""What SHA-256 takes in at a time."""
RANDOM_BYTES = 8
MOST_ROWS = 512
"""Rows of one request that its id stands for: the first ones."""
MOST_CLASSES = 65_535
NO_CLASS = 65_535
"""The class of a row for which the model gave no numbers that can be compared."""
LONGEST_VERSION = 127
IS_CALIBRATED = 0x80
"""Set in the byte of the version's length where the chances are calibrated."""

FRONT, MINUTE, BACK = Struct(">BBI"), Struct(">I"), Struct(">HHB")
HEAD = Struct(">BBIIQHHB")
"""The front, the minute, the random bytes and the back, as they are read again."""
ROW = Struct(">HB")
MOST_BYTES = HEAD.size + LONGEST_VERSION + MOST_ROWS * ROW.size + SIGNATURE_BYTES
MOST_CHARACTERS = -(-MOST_BYTES * 4 // 3)
CHANCE_STEPS = 255

SECONDS_A_MINUTE = 60


class InvalidId(Exception):
    """The text is no id of ours; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret and what it goes by; replicas that share it count each other's ids."""

    name: str
    secret: bytes = field(repr=False)
    number: int = field(init=False)
    """What an id says of the key that signed it: a hint of which to try, and no more."""
    _inner: "hashlib._Hash" = field(init=False, repr=False, compare=False)
    _outer: "hashlib._Hash" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        secret = self.secret if len(self.secret) <= BLOCK_BYTES else hashlib.sha256(self.secret).digest()
        block = secret.ljust(BLOCK_BYTES, b"\0")
        object.__setattr__(self, "number", hashlib.sha256(self.name.encode()).digest()[0])
        object.__setattr__(self, "_inner", hashlib.sha256(bytes(byte ^ 0x36 for byte in block)))
        object.__setattr__(self, "_outer", hashlib.sha256(bytes(byte ^ 0x5C for byte in block)))

    def signature(self, content: bytes) -> bytes:
        """Give HMAC-SHA256 of the content, cut.

        The key is taken in once, as RFC 2104 has it, and not anew for each id, which takes a third of the time.
        """
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(content)
        outer.update(inner.digest())
        return outer.digest()[:SIGNATURE_BYTES]


@dataclass(frozen=True, slots=True)
class Row:
    """What the model said of one row."""

    class_number: int
    chance: int
    """That the model is right, in 255ths."""


@dataclass(frozen=True, slots=True)
class PredictionId:
    """What an id says."""

    model_mark: int
    version: str
    minute: int
    """When the prediction was made, in minutes since 1970."""
    random: int
    class_count: int
    names_mark: int
    """Of the classes' names: names of the same mark are the names that the classes had."""
    is_calibrated: bool
    """Whether the chances went through the calibration of the model's baseline."""
    rows: bytes
    """The rows as they are written: see `row`."""

    @property
    def row_count(self) -> int:
        return len(self.rows) // ROW.size

    def row(self, number: int) -> Row:
        return Row(*ROW.unpack_from(self.rows, number * ROW.size))

    def age_seconds(self, now_seconds: float) -> float:
        """How long ago the prediction was made, to a minute; clocks of replicas may differ, and nothing is younger
        than now."""
        return max(0.0, now_seconds - self.minute * SECONDS_A_MINUTE)


def mark_of_model(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def mark_of_names(names: Sequence[str]) -> int:
    if not names:
        return 0
    return int.from_bytes(hashlib.sha256("\n".join(names).encode()).digest()[:2], "big")


def write_rows(class_numbers: Sequence[int], chances: Sequence[float]) -> bytes:
    """Write the first rows, each with its class and the chance, from 0 to 1, that the model is right."""
    pack = ROW.pack
    if len(class_numbers) == 1:
        return pack(class_numbers[0], _step(chances[0]))
    rows = zip(class_numbers[:MOST_ROWS], chances[:MOST_ROWS], strict=True)
    return b"".join([pack(number, _step(chance)) for number, chance in rows])


def _step(chance: float) -> int:
    # What calls itself a probability may be beyond either end.
    return int(min(max(chance, 0.0), 1.0) * CHANCE_STEPS + 0.5)


def sign(content: bytes, key: SigningKey) -> str:
    """Write an id of its content, which begins with the form."""
    return base64.urlsafe_b64encode(content + key.signature(content)).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Frame:
    """What the ids of one version and one key have in common: all but when, at random and the rows."""

    front: bytes
    back: bytes

    def content(self, minute: int, random: bytes, rows: bytes) -> bytes:
        """Write what an id says, ready to be signed."""
        return b"".join((self.front, MINUTE.pack(minute), random, self.back, rows))


def frame(
    key: SigningKey, model_mark: int, version: str, class_count: int, names_mark: int, *, is_calibrated: bool
) -> Frame:
    written = version.encode()
    length = len(written) | (IS_CALIBRATED if is_calibrated else 0)
    return Frame(FRONT.pack(FORM, key.number, model_mark), BACK.pack(class_count, names_mark, length) + written)


def content(said: PredictionId, key: SigningKey) -> bytes:
    """Write what an id says, ready to be signed."""
    framed = frame(
        key, said.model_mark, said.version, said.class_count, said.names_mark, is_calibrated=said.is_calibrated
    )
    return framed.content(said.minute, said.random.to_bytes(RANDOM_BYTES, "big"), said.rows)


def read(text: str, keys: Sequence[SigningKey]) -> PredictionId:
    """Read an id that one of these keys has signed; raises InvalidId, and nothing else."""
    raw = _decoded(text)
    if raw[0] != FORM:
        raise InvalidId(f"the id has form {raw[0]}, which is not known here: expected {FORM}")
    said, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    possible = [key for key in keys if key.number == raw[1]]
    if not possible:
        raise InvalidId("the id was signed with a key that is not among those given here")
    if not any(_is_signed(said, signature, key) for key in possible):
        raise InvalidId("the id's signature is not right: it was changed, cut off, or signed with another secret")
    return _parsed(said)


def _decoded(text: str) -> bytes:
    if len(text) > MOST_CHARACTERS:
        raise InvalidId(f"the id has {len(text)} characters, and none has more than {MOST_CHARACTERS}")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise InvalidId("the id is not base64url") from None
    # Several texts have the same bytes, and only one of them is the id.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise InvalidId("the id is not base64url as it was written: it was changed or cut off")
    if len(raw) < HEAD.size + SIGNATURE_BYTES:
        raise InvalidId(f"the id has {len(text)} characters, which is too short: it was cut off")
    return raw


def _is_signed(said: bytes, signature: bytes, key: SigningKey) -> bool:
    return hmac.compare_digest(key.signature(said), signature)


def _parsed(said: bytes) -> PredictionId:
    """Take apart what our signature vouches for; a key that signs something else as well must do no harm."""
    _, _, model_mark, minute, random, class_count, names_mark, length = HEAD.unpack_from(said)
    end = HEAD.size + (length & ~IS_CALIBRATED)
    version, rows = said[HEAD.size : end], said[end:]
    if end > len(said) or len(rows) % ROW.size or not version.isascii():
        raise InvalidId("the id is signed and has no form that is known here")
    is_calibrated = bool(length & IS_CALIBRATED)
    return PredictionId(
        model_mark, version.decode(), minute, random, class_count, names_mark, is_calibrated, bytes(rows)
    )
