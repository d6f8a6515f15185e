"""Requests and their answers kept for later: sampled, bounded, a JSON object a line.

For those who look into a model's doings, or train the next one. Off unless asked
for. What is taken are the bodies of inferences as they came and left, with the
names of request and model; headers are not, since keys travel in them. The
event loop hands over two references, all else happens on a thread, and where
that does not keep up records are dropped and counted.
"""

import base64
import os
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from serving.ending import Ending
from serving.outbox import Fate, Outbox

MOST_RECORDS = 1024
MOST_BYTES = 64 * 1024 * 1024
"""What may wait to be written."""


class Record(NamedTuple):
    """One request and its end."""

    time: float
    ending: Ending
    request: bytes | int
    """The body; or its length alone, where it is too large to be kept."""
    answer: bytes | int


class Capture:
    """Decides which requests are kept, and has them written."""

    def __init__(
        self,
        path: Path,
        sample_ratio: float,
        count: Callable[[Fate, int], None],
        *,
        record_bytes: int,
        file_bytes: int,
        files: int,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._sample_ratio = sample_ratio
        self._record_bytes = record_bytes
        self._draw = draw
        self._sink = Sink(path, file_bytes=file_bytes, files=files)
        self._outbox = Outbox("capture", self._sink.write, count, most=MOST_RECORDS, most_bytes=MOST_BYTES)

    def start(self) -> None:
        self._outbox.start()

    def stop(self) -> None:
        self._outbox.stop()
        self._sink.close()

    def ended(self, ending: Ending, request: bytes, answer: bytes) -> None:
        """Hear of a request's end, and keep it if the lot falls on it."""
        if self._draw() >= self._sample_ratio:
            return
        kept = [body if len(body) <= self._record_bytes else len(body) for body in (request, answer)]
        size_bytes = sum(len(body) for body in kept if isinstance(body, bytes))
        self._outbox.put(Record(time.time(), ending, *kept), size_bytes)


class Sink:
    """A file of lines, and the files before it: `path`, `path.1` and so on, the oldest being deleted."""

    def __init__(self, path: Path, *, file_bytes: int, files: int) -> None:
        self._path = path
        self._file_bytes = file_bytes
        self._files = files
        self._file: Any = None

    def write(self, records: Sequence[Record]) -> None:
        """Write records; raises OSError where the disk will not have them."""
        try:
            for record in records:
                line = as_line(record)
                self._rotate(len(line))
                self._file.write(line)
            self._file.flush()
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def _rotate(self, more: int) -> None:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._open("ab")
        if not self._file.tell() or self._file.tell() + more <= self._file_bytes:
            return
        self.close()
        for number in range(self._files - 1, 0, -1):
            older = self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))
        self._file = self._open("wb")

    def _open(self, mode: str) -> Any:
        # What callers send is for whoever runs the server, and for nobody else on its machine.
        return open(self._path, mode, opener=lambda path, flags: os.open(path, flags, 0o600))

    def _numbered(self, number: int) -> Path:
        return self._path if number == 0 else self._path.with_name(f"{self._path.name}.{number}")


def as_line(record: Record) -> bytes:
    ending = record.ending
    described = {
        "time": datetime.fromtimestamp(record.time, UTC).isoformat(timespec="milliseconds"),
        "request_id": ending.request_id,
        "protocol": ending.protocol,
        "model_name": ending.model_name,
        "model_version": ending.model_version,
        "code": ending.code,
        "reason": ending.reason,
        "milliseconds": round(ending.seconds * 1000, 3),
        "request": _body(record.request),
        "answer": _body(record.answer),
    }
    return orjson.dumps(described) + b"\n"


def _body(body: bytes | int) -> dict[str, Any]:
    """A body as JSON where it is JSON, else in base64."""
    if isinstance(body, int):
        return {"bytes": body, "is_left_out": True}
    if body[:1] in (b"{", b"["):
        try:
            return {"bytes": len(body), "json": orjson.loads(body)}
        except orjson.JSONDecodeError:
            pass  # a head of JSON, and binary tensors behind it
    return {"bytes": len(body), "base64": base64.b64encode(body).decode()}
