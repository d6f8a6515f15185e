"""A trace: when requests are due, a second a line, from 0 and in order."""

import math
from pathlib import Path

from loadtests.profile.errors import BadProfile

LARGEST_BYTES = 32 * 1024 * 1024
MOST_LINES = 1_000_000
"""All are sent to each worker."""


def read_trace(path: Path) -> tuple[float, ...]:
    """Read it; empty lines and those that begin with # count for nothing. Raises BadProfile."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BadProfile(f"the trace {path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > LARGEST_BYTES:
        raise BadProfile(f"the trace {path} has more than {LARGEST_BYTES} bytes")
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError as error:
        raise BadProfile(f"the trace {path} is no text in UTF-8: byte {error.start} is none of it") from error
    seconds: list[float] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        seconds.append(_second(line, f"line {number} of the trace {path}"))
        if len(seconds) > 1 and seconds[-1] < seconds[-2]:
            raise BadProfile(
                f"line {number} of the trace {path} is {seconds[-1]:g} after {seconds[-2]:g}: it must be in order"
            )
    if not seconds:
        raise BadProfile(f"the trace {path} is empty: it must hold a second a line, as 0.25")
    if len(seconds) > MOST_LINES:
        raise BadProfile(f"the trace {path} has {len(seconds):,} lines, and at most {MOST_LINES:,} can be sent")
    return tuple(seconds)


def _second(line: str, where: str) -> float:
    try:
        second = float(line)
    except ValueError:
        raise BadProfile(f"{where} must be a number of seconds, and is {line.strip()[:40]!r}") from None
    if not math.isfinite(second) or second < 0:
        raise BadProfile(f"{where} must be 0 or more seconds, and is {line.strip()[:40]!r}")
    return second
