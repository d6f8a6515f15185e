"""Labels from a CSV file: columns id and label, and row where a request had several.

Promises to say what is wrong with the file before a label is sent, and to say
of a line that cannot be sent which one it is. Holds one line at a time.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("id", "label")
LONGEST_FIELD = 10_000
"""Characters; ids are shorter, and a quote that never closes is longer."""
DIGITS_OF_A_ROW = 9


class LabelsFileError(Exception):
    """The file cannot be used; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class LateLabel:
    """What one line says."""

    line: int
    id: str
    row: int
    label: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that says nothing that could be sent."""

    line: int
    reason: str


def check(path: Path) -> None:
    """Look at the whole file, so that what is wrong with it comes before anything is sent; raises LabelsFileError."""
    for _ in read(path):
        pass


def read(path: Path) -> Iterator[LateLabel | BadLine]:
    """Read line after line; raises LabelsFileError."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        # Spreadsheets begin a file with a mark of its encoding.
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            columns = _columns(path, next(lines, None))
            for fields in lines:
                if fields:
                    yield _line(lines.line_num, fields, columns)
    except OSError as error:
        raise LabelsFileError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise LabelsFileError(f"{path} is not UTF-8: {error.reason}") from None
    except csv.Error as error:
        raise LabelsFileError(f"{path} is not CSV: line {lines.line_num}: {error}") from None


def _columns(path: Path, header: list[str] | None) -> dict[str, int]:
    if not header:
        raise LabelsFileError(f"{path} is empty, expected a header with the columns id, label and, if need be, row")
    columns = {name.strip().lower(): place for place, name in enumerate(header)}
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        found = ", ".join(repr(name) for name in header)
        raise LabelsFileError(
            f"{path} has no column {' and no column '.join(map(repr, missing))}: its first line has {found[:200]}, "
            "expected id, label and, if need be, row, with commas between"
        )
    return columns


def _line(number: int, fields: list[str], columns: dict[str, int]) -> LateLabel | BadLine:
    found = {name: fields[place].strip() if place < len(fields) else "" for name, place in columns.items()}
    for name in NEEDED:
        if not found[name]:
            return BadLine(number, f"the line has no {name}")
    row = found.get("row", "") or "0"
    if not (row.isascii() and row.isdecimal() and len(row) <= DIGITS_OF_A_ROW):
        return BadLine(number, f"row is {row[:40]!r}, expected a number from 0")
    return LateLabel(number, found["id"], int(row), found["label"])
