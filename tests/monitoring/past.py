"""What Prometheus would hold of a service: series over a common clock, and their two written forms.

A value that is NaN was not scraped. OpenMetrics is what promtool makes blocks
of; the remote-write form is what a running Prometheus takes in. Pure: values
in, values out.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

SUFFIXES = ("_bucket", "_count", "_sum")


@dataclass(frozen=True, slots=True)
class Series:
    """One series: a value for each tick of the clock, NaN where there was none."""

    name: str
    labels: Mapping[str, str]
    values: Floats


@dataclass(frozen=True, slots=True)
class Past:
    """All series of some hours, on one clock."""

    times: Times
    """Milliseconds since 1970, ascending."""
    series: tuple[Series, ...]
    kinds: Mapping[str, str]
    """The type of each family, by the name it is exported under."""

    @property
    def start(self) -> float:
        return float(self.times[0]) / 1000

    @property
    def end(self) -> float:
        return float(self.times[-1]) / 1000

    def of(self, name: str, **labels: str) -> list[Series]:
        """The series of this name that have these labels."""
        return [each for each in self.series if each.name == name and labels.items() <= each.labels.items()]

    def last(self, name: str, **labels: str) -> float:
        """The sum of the last values, to compare with what Prometheus says; series that ended count nothing."""
        values = [each.values[-1] for each in self.of(name, **labels)]
        return float(np.nansum(values))


def family(name: str, kinds: Mapping[str, str]) -> str:
    """The family that a sample's name belongs to."""
    if name in kinds:
        return name
    for suffix in SUFFIXES:
        if name.removesuffix(suffix) in kinds:
            return name.removesuffix(suffix)
    raise KeyError(name)


def openmetrics(past: Past) -> Iterator[str]:
    """The lines of the OpenMetrics form, family by family, as `promtool tsdb create-blocks-from` reads it."""
    families: dict[str, list[Series]] = {}
    for each in past.series:
        families.setdefault(family(each.name, past.kinds), []).append(each)
    seconds = [f"{time / 1000:.3f}" for time in past.times]
    for name, members in families.items():
        kind = past.kinds[name]
        yield f"# TYPE {name.removesuffix('_total') if kind == 'counter' else name} {kind}"
        for each in members:
            labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in each.labels.items())
            for second, value in zip(seconds, each.values.tolist(), strict=True):
                if value == value:
                    yield f"{each.name}{{{labels}}} {value!r} {second}"
    yield "# EOF"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def write_requests(times: Times, series: Sequence[Series], *, ticks: int = 60, at_once: int = 2000) -> Iterator[bytes]:
    """Bodies for Prometheus' remote write, oldest ticks first, since it wants a series' samples in order."""
    marked = [(_labels(each), with_ends(each.values)) for each in series]
    for first in range(0, len(times), ticks):
        part = slice(first, first + ticks)
        messages = [
            _message(labels, times[part][there[part]], values[part][there[part]])
            for labels, (values, there) in marked
            if there[part].any()
        ]
        for start in range(0, len(messages), at_once):
            yield stored(b"".join(messages[start : start + at_once]))


SAMPLE = np.dtype([("tag", "V3"), ("value", "<f8"), ("mark", "V1"), ("time", "V6")])
"""A field of 16 bytes that holds a double and a varint of six bytes: every time from 2004 to 2109 has that length."""


STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""The NaN by which Prometheus marks that a series ended, so that it is not looked back for."""


def with_ends(values: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The values with a mark where a series ends, and which of them are to be written."""
    there = ~np.isnan(values)
    ends = ~there & np.append(False, there[:-1])
    return np.where(ends, STALE, values), there | ends


def _message(labels: bytes, times: Times, values: Floats) -> bytes:
    """prometheus.TimeSeries, as the one field of WriteRequest."""
    samples = np.zeros(len(times), dtype=SAMPLE)
    samples["tag"] = np.void(b"\x12\x10\x09")
    samples["mark"] = np.void(b"\x10")
    samples["value"] = values
    digits = (times[:, None] >> (7 * np.arange(6))) & 0x7F
    digits[:, :5] |= 0x80
    samples["time"] = np.ascontiguousarray(digits.astype(np.uint8)).view("V6").ravel()
    body = labels + samples.tobytes()
    return b"\x0a" + _varint(len(body)) + body


def _labels(series: Series) -> bytes:
    written = b""
    for name, value in sorted({"__name__": series.name, **series.labels}.items()):
        if value:
            pair = b"".join(
                tag + _varint(len(text)) + text for tag, text in ((b"\x0a", name.encode()), (b"\x12", value.encode()))
            )
            written += b"\x0a" + _varint(len(pair)) + pair
    return written


def _varint(number: int) -> bytes:
    digits = []
    while True:
        number, digit = number >> 7, number & 0x7F
        digits.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(digits)


def stored(data: bytes) -> bytes:
    """Snappy's form of data that is not compressed: one literal."""
    return _varint(len(data)) + b"\xfc" + struct.pack("<I", len(data) - 1) + data
