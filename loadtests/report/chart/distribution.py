"""The distribution of response times, phase beside phase, with as much room for the last thousandth as for the half."""

import math

from loadtests.report.chart.form import Chart, Limit, Line
from loadtests.report.chart.scale import Scale, spread
from loadtests.report.figures import PhaseFigures
from loadtests.report.wording import count, duration, round_duration

MOST_PHASES = 8
SHARES = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
STEPS_OF_A_DECADE = 20


def distribution(phases: list[PhaseFigures], promised: float | None) -> Chart | None:
    """Draw the judged phases; of many, those that were slowest at the 99th percentile."""
    drawn = [phase for phase in phases if phase.span.role != "warm-up" and phase.all.requests]
    left_out = len(drawn) - MOST_PHASES
    if left_out > 0:
        slowest = sorted(drawn, key=lambda phase: -_finite(phase.all.quantile(0.99)))[:MOST_PHASES]
        drawn = [phase for phase in drawn if phase in slowest]
    if not drawn:
        return None
    most = max(phase.all.requests for phase in drawn)
    lines = tuple(_line(phase, number) for number, phase in enumerate(drawn))
    limits = (Limit(f"promised {duration(promised)}", promised),) if promised else ()
    values = [value for line in lines for _, value in line.points]
    return Chart(
        key="distribution",
        title="Response times by percentile",
        words=" ".join(
            f"{phase.span.name}: half within {duration(phase.all.quantile(0.5))}, "
            f"99 % within {duration(phase.all.quantile(0.99))}."
            for phase in drawn
        ),
        across=_nines(most),
        up=spread([*values, *(limit.value for limit in limits)], round_duration),
        lines=lines,
        limits=limits,
        height=320,
        note=f"Of {count(len(drawn) + left_out)} phases the {MOST_PHASES} slowest are drawn." if left_out > 0 else "",
    )


def _nines(samples: int) -> Scale:
    """As many nines as so many samples can tell; an axis of 1 / (1 - share), by decades."""
    last = max(0.9, 1 - 1 / samples)
    ticks = tuple((1 / (1 - each), f"{100 * each:g} %") for each in SHARES if each <= last + 1e-12)
    return Scale(1, 1 / (1 - last), ticks, is_log=True)


def _line(phase: PhaseFigures, number: int) -> Line:
    decades = math.log10(max(phase.all.requests, 2))
    steps = math.ceil(decades * STEPS_OF_A_DECADE)
    places = [10 ** (decades * step / steps) for step in range(steps + 1)]
    points = tuple((place, phase.all.quantile(1 - 1 / place)) for place in places)
    return Line(phase.span.name, f"series-{number}", points)


def _finite(value: float) -> float:
    return -1.0 if math.isnan(value) else value
