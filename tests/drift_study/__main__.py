"""Measure the drift alerts on MNIST and write docs/drift.md's tables and figures: `python -m tests.drift_study`.

With `--quick` on a few windows, to see that it runs; with `--output` into
another folder. The same numbers each time for the same model and images.
"""

import re
import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from model import command, data, export
from monitoring import slo
from tests.drift_study import detection, false_alarms, figures
from tests.drift_study.detection import Sight
from tests.drift_study.false_alarms import ANY, BARE, INDEPENDENT, Cell, Order, copies, hours, runs
from tests.drift_study.trials import trials
from tests.drift_study.verdicts import ALERTS

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = "drift.md"
SEED = 1
TRIALS, QUICK_TRIALS = 20, 2
FALSE_ALARM_WINDOWS, QUICK_FALSE_ALARM_WINDOWS = 200, 10
"""Of each trial, for every size of window."""
DETECTION_TRIALS = 5
DETECTION_WINDOWS, QUICK_DETECTION_WINDOWS = 40, 5
SIZES = (50, 100, 200, 300, 500, 1_000, 2_000, 5_000)
TABLED = (300, 500, 1_000, 2_000, 5_000)
"""Windows that are large enough for any alert."""
ROWS = 500
"""The window for which it is told who sees what."""

ORDERS: tuple[Order, ...] = (runs(2), runs(5), copies(2), copies(5), hours(0.3), hours(0.5))


def parse(arguments: Sequence[str]) -> Namespace:
    parser = command.Parser(prog="python -m tests.drift_study", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--model", type=Path, default=Path("models/mnist"), help="a version folder, or a folder of versions")
    add("--data", type=Path, help="mnist.npz or a folder of the four idx files, instead of cache and downloads")
    add("--allow-fallback", action="store_true", help="accept scikit-learn's small digits if MNIST cannot be had")
    add("--quick", action="store_true", help="few windows")
    add("--output", type=Path, default=DOCS, help="folder of the page and its figures")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    started = time.perf_counter()
    console = Console(stderr=True, highlight=False)
    dataset = data.load(options.data, allow_fallback=options.allow_fallback, rows=None, console=console)

    from model import saved_model

    promise = slo.read()
    predict = saved_model.read(export.newest(options.model))
    held_out = list(trials(dataset, predict, QUICK_TRIALS if options.quick else TRIALS, SEED))
    windows = QUICK_FALSE_ALARM_WINDOWS if options.quick else FALSE_ALARM_WINDOWS
    cells: dict[str, list[Cell]] = {}
    for order in (INDEPENDENT, *ORDERS):
        with console.status(f"undrifted: {order.name}"):
            sizes = SIZES if order is INDEPENDENT else TABLED
            cells[order.name] = false_alarms.measure(held_out, promise, order, sizes, windows, SEED)
    with console.status("shifts"):
        few = QUICK_DETECTION_WINDOWS if options.quick else DETECTION_WINDOWS
        sights = detection.measure(held_out[:DETECTION_TRIALS], promise, few, SEED)

    independent = cells.pop(INDEPENDENT.name)
    if options.output != DOCS:
        options.output.mkdir(parents=True, exist_ok=True)
        shutil.copy(DOCS / PAGE, options.output / PAGE)
    page = options.output / PAGE
    text = page.read_text("utf-8")
    text = put(text, "guards", guards_table(independent))
    text = put(text, "false-alarms", false_alarm_table({INDEPENDENT.name: independent, **cells}))
    text = put(text, "detection", detection_table(sights))
    page.write_text(text, "utf-8")
    figures.draw_false_alarms(independent, cells, options.output / "drift-false-alarms.png")
    figures.draw_detection(sights, options.output / "drift-detection.png", ROWS)
    print(f"{page} written in {time.perf_counter() - started:.0f} s")
    return command.PASSED


def guards_table(cells: Sequence[Cell]) -> str:
    """A bare line on PSI against all guards, by rows of a window."""
    bare = " | ".join(f"PSI > {line:g} alone, one feature | any of seven" for line in BARE)
    lines = [f"| rows | {bare} | Écluse, any alert |"]
    lines.append("|---|" + "---|" * (2 * len(BARE) + 1))
    for cell in cells:
        bare = " | ".join(f"{_percent(cell.bare_one[line])} | {_percent(cell.bare_any[line])}" for line in BARE)
        lines.append(f"| {cell.rows:,} | {bare} | **{_percent(cell.shares[ANY])}** |")
    return "\n".join(lines)


def false_alarm_table(orders: Mapping[str, Sequence[Cell]]) -> str:
    """Per order of rows and alert: the share of windows, at each size."""
    lines = [f"| undrifted traffic | alert | {' | '.join(f'{rows:,} rows' for rows in TABLED)} |"]
    lines.append("|---|---|" + "---|" * len(TABLED))
    for name, cells in orders.items():
        tabled = [cell for cell in cells if cell.rows in TABLED]
        said = [alert for alert in (*ALERTS, ANY) if alert == ANY or any(cell.shares[alert] for cell in tabled)]
        for alert in said:
            shares = " | ".join(_percent(cell.shares[alert]) for cell in tabled)
            lines.append(f"| {name if alert == said[0] else ''} | {alert if alert != ANY else '**any**'} | {shares} |")
    windows = next(iter(orders.values()))[0].windows
    lines.append(
        f"\n{windows:,} windows a cell; 0 is none of them, and with that the truth is below {3 / windows:.2%}."
    )
    return "\n".join(lines)


def detection_table(sights: Sequence[Sight]) -> str:
    """Per shift: who sees it in windows of `ROWS`, and how many rows it takes."""
    alerts = " | ".join(alert.removeprefix("Ecluse") for alert in ALERTS)
    lines = [f"| shift | accuracy | {alerts} | rows until seen | share of an hour until seen |"]
    lines.append("|---|---|" + "---|" * (len(ALERTS) + 2))
    for sight in sights:
        shares = " | ".join(_percent(sight.by_rows[ROWS][alert]) for alert in ALERTS)
        rows, share = sight.rows_until_seen(), sight.share_until_seen()
        until = f"{rows:,}" if rows is not None else "never"
        lines.append(
            f"| {sight.shift.name} | {sight.accuracy:.3f} | {shares} | {until} "
            f"| {_percent(share) if share is not None else 'never'} |"
        )
    return "\n".join(lines)


def put(text: str, mark: str, content: str) -> str:
    """Replace what stands between two marks."""
    pattern = rf"(<!-- {mark} -->).*?(<!-- /{mark} -->)"
    assert re.search(pattern, text, re.DOTALL), f"docs/{PAGE} has no place for the {mark}"
    return re.sub(pattern, lambda found: f"{found[1]}\n{content}\n{found[2]}", text, flags=re.DOTALL)


def _percent(share: float) -> str:
    return "0" if share == 0 else f"{100 * share:.2g} %" if share < 0.1 else f"{share:.0%}".replace("%", " %")


if __name__ == "__main__":
    sys.exit(command.run(main, sys.argv[1:]))
