"""A profile's rate over time, drawn in characters for a terminal."""

from loadtests.profile.outline import Outline, Stretch, length

BLOCKS = " ▁▂▃▄▅▆▇█"
PLAIN = " .:#"
"""For terminals that know ASCII alone."""
ROWS = 6
COLUMNS = 72


def sketch(outline: Outline, marks: str = BLOCKS) -> list[str]:
    """Give its lines: the curve, where phases begin, and their names with their seconds."""
    rates = [_rate(outline, (column + 0.5) / COLUMNS * outline.seconds) for column in range(COLUMNS)]
    highest = max(rates) or 1.0
    label = f"{highest:,.4g}/s"
    lines = []
    for row in range(ROWS, 0, -1):
        left = label if row == ROWS else "0" if row == 1 else ""
        lines.append(
            f"{left:>9} " + "".join(_mark(rate / highest * ROWS - (row - 1), marks) for rate in rates).rstrip()
        )
    return [*lines, " " * 10 + _ruler(outline), *_names(outline)]


def _rate(outline: Outline, at: float) -> float:
    for stretch in outline.stretches:
        if at < stretch.began + stretch.seconds:
            return stretch.rate_at(at - stretch.began)
    return 0.0


def _mark(height: float, marks: str) -> str:
    """Choose the mark for what a row holds of a column: nothing, part of it or all."""
    return marks[round(min(1.0, max(0.0, height)) * (len(marks) - 1))]


def _ruler(outline: Outline) -> str:
    ticks = [" "] * COLUMNS
    for number, stretch in enumerate(outline.stretches):
        ticks[min(COLUMNS - 1, stretch.began * COLUMNS // outline.seconds)] = chr(ord("a") + number % 26)
    return "".join(ticks).rstrip()


def _names(outline: Outline) -> list[str]:
    width = max(len(stretch.name) for stretch in outline.stretches)
    return [
        f"{chr(ord('a') + number % 26):>9} {stretch.name:<{width}}  {stretch.role:<8}  "
        f"{length(stretch.seconds):>8}  {_rates(stretch)}"
        for number, stretch in enumerate(outline.stretches)
    ]


def _rates(stretch: Stretch) -> str:
    if stretch.trace:
        return f"{stretch.requests:,.0f} requests of the trace"
    moments = [stretch.rate_at(stretch.seconds * part / 200) for part in range(201)]
    least, most = min(moments), max(moments)
    if most - least < 1e-9:
        return f"{most:,.4g}/s"
    if moments in (sorted(moments), sorted(moments, reverse=True)):
        return f"{moments[0]:,.4g}/s to {moments[-1]:,.4g}/s"
    return f"between {least:,.4g}/s and {most:,.4g}/s"
