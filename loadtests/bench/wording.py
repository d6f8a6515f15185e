"""Figures and lists in the words of the report.

One place for the number of digits and for singular and plural. Pure.
"""

from collections.abc import Iterable, Sequence

from loadtests.bench.results import Summary


def rate(summary: Summary | None) -> str:
    if summary is None:
        return "-"
    return f"{summary.requests_per_second:,.0f} [{summary.least:,.0f} to {summary.greatest:,.0f}]"


def latencies(summary: Summary | None) -> str:
    if summary is None:
        return "-"
    return f"{milliseconds(summary.p50_seconds)} / {milliseconds(summary.p99_seconds)}"


def tail(summary: Summary | None) -> str:
    return "-" if summary is None else f"{summary.p99_seconds / summary.p50_seconds:.2f}"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f}" if seconds < 0.01 else f"{seconds * 1000:.1f}"


def times(one: Summary, other: Summary) -> str:
    ratio = one.requests_per_second / other.requests_per_second
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def turns(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def listing(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [heads, ["---:"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
