"""Requests that are kept: which, how, and how much of them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from serving.capture import Capture, Record, Sink, as_line
from serving.ending import Ending
from serving.outbox import Fate

RECORD = Record(0.0, Ending("a-1", "v2", "mnist", "1", 200, 0.0015), b'{"inputs": [1]}', b"\x00\xff")


class Fates(Counter[str]):
    def __call__(self, fate: Fate, things: int) -> None:
        self[fate] += things


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def capture(path: Path, fates: Fates, *, sample_ratio: float = 1.0, draws: tuple[float, ...] = (0.0,)) -> Capture:
    drawn = iter(draws)
    return Capture(
        path,
        sample_ratio,
        fates,
        record_bytes=100,
        file_bytes=10_000,
        files=2,
        draw=lambda: next(drawn),
    )


def end(kept: Capture, request: bytes = b"{}", answer: bytes = b"{}", name: str = "a-1") -> None:
    kept.ended(Ending(name, "v2", "mnist", "1", 200, 0.0015), request, answer)


def test_a_record_is_a_line_of_json() -> None:
    assert json.loads(as_line(RECORD)) == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "request_id": "a-1",
        "protocol": "v2",
        "model_name": "mnist",
        "model_version": "1",
        "code": 200,
        "reason": None,
        "milliseconds": 1.5,
        "request": {"bytes": 15, "json": {"inputs": [1]}},
        "answer": {"bytes": 2, "base64": "AP8="},
    }


@pytest.mark.parametrize("body", [b'{"inputs": [', b"[" * 2000, b'{"a": NaN}', b"{}\x00\x01", b'{"a": "\xff"}', b""])
def test_a_body_that_is_no_json_is_kept_in_base64(body: bytes) -> None:
    line = as_line(RECORD._replace(request=body))
    assert line.count(b"\n") == 1
    assert "base64" in json.loads(line)["request"]


def test_the_sample_is_as_large_as_it_is_told_to_be(tmp_path: Path) -> None:
    fates = Fates()
    kept = capture(tmp_path / "kept", fates, sample_ratio=0.5, draws=(0.0, 0.5, 0.49))
    for name in ("first", "second", "third"):
        end(kept, name=name)
    kept.start()
    kept.stop()
    assert [line["request_id"] for line in lines(tmp_path / "kept")] == ["first", "third"]
    assert fates == {Fate.SENT: 2}


def test_of_a_large_body_only_the_length_is_kept(tmp_path: Path) -> None:
    kept = capture(tmp_path / "kept", Fates())
    end(kept, request=b"x" * 101, answer=b"y" * 100)
    kept.start()
    kept.stop()
    (line,) = lines(tmp_path / "kept")
    assert line["request"] == {"bytes": 101, "is_left_out": True}
    assert line["answer"]["bytes"] == 100
    assert "base64" in line["answer"]


def test_a_disk_that_takes_nothing_fails_no_request_and_is_counted(tmp_path: Path) -> None:
    fates = Fates()
    (tmp_path / "file").write_text("in the way of a folder")
    kept = capture(tmp_path / "file" / "kept", fates)
    kept.start()
    end(kept)
    kept.stop()
    assert fates == {Fate.FAILED: 1}


def test_a_full_file_is_put_aside_and_the_oldest_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    sink = Sink(path, file_bytes=3 * len(as_line(RECORD)), files=3)
    for number in range(10):
        sink.write([RECORD._replace(ending=RECORD.ending._replace(code=number))])
    sink.close()
    assert [line["code"] for line in lines(path)] == [9]
    assert [line["code"] for line in lines(path.with_name("kept.1"))] == [6, 7, 8]
    assert [line["code"] for line in lines(path.with_name("kept.2"))] == [3, 4, 5]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_that_is_there_is_written_on(tmp_path: Path) -> None:
    for _ in range(2):
        sink = Sink(tmp_path / "kept", file_bytes=10_000, files=2)
        sink.write([RECORD])
        sink.close()
    assert len(lines(tmp_path / "kept")) == 2


def test_what_is_kept_is_for_nobody_else_on_the_machine(tmp_path: Path) -> None:
    sink = Sink(tmp_path / "kept", file_bytes=1, files=2)
    sink.write([RECORD, RECORD])
    sink.close()
    assert [oct(file.stat().st_mode & 0o777) for file in (tmp_path / "kept", tmp_path / "kept.1")] == ["0o600"] * 2
