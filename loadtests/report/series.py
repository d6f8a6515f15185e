"""`timeline.csv`: a row a second, for spreadsheets and notebooks. Durations are seconds, rates are of a second.

A quantile that falls on a request without an answer in time is `inf`; one of
nothing is empty.
"""

import csv
import io
import math
from collections import Counter

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.report.stretches import Stretch, each_second

NAME = "timeline.csv"
MOST_VERSIONS = 12
"""A server that tells another version each time makes no columns without end."""


def series(run: Run) -> bytes:
    told: Counter[str] = Counter()
    for cell in run.timeline.cells.values():
        told.update(cell.versions)
    versions = sorted(version for version, _ in told.most_common(MOST_VERSIONS))
    written = io.StringIO(newline="")
    table = csv.writer(written, lineterminator="\n")
    table.writerow(
        [
            *("second", "phase", "planned_rate", "due", "sent", "p50", "p95", "p99"),
            *(outcome.value for outcome in Outcome),
            *("lag_p99", "busy_ratio", "in_flight"),
            *(f"version {version}" for version in versions),
        ]
    )
    for second in each_second(run):
        table.writerow(_row(second, versions))
    return written.getvalue().encode(errors="replace")


def _row(second: Stretch, versions: list[str]) -> list[object]:
    cell, figures = second.cell, second.figures
    return [
        second.began,
        second.span.name if second.span else "",
        round(second.planned_rate, 3),
        cell.total,
        cell.total - cell.count(Outcome.DROPPED),
        *(_number(figures.quantile(share)) for share in (0.5, 0.95, 0.99)),
        *(cell.count(outcome) for outcome in Outcome),
        _number(cell.lags.quantile(0.99)),
        "" if second.busy_ratio is None else round(second.busy_ratio, 3),
        "" if second.in_flight is None else second.in_flight,
        *(cell.versions[version] for version in versions),
    ]


def _number(value: float) -> float | str:
    return "" if math.isnan(value) else value
