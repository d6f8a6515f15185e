"""The two pictures of docs/drift.md.

Drawn on figures of their own, without pyplot. Colours stay apart for
colour-blind readers; what is nought is drawn at the foot of a logarithmic scale.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from tests.drift_study.detection import HOUR_ROWS, SHARES, Sight
from tests.drift_study.false_alarms import ANY, BARE, Cell
from tests.drift_study.verdicts import ALERTS

BLUE, RED, GREEN, YELLOW, PURPLE, GREY = "#4477aa", "#cc6677", "#228833", "#ccbb44", "#aa3377", "#888888"
PROMISED = 0.01
"""The share of windows in which there may be a false alarm."""
FOOT = 1e-4


def draw_false_alarms(independent: Sequence[Cell], orders: Mapping[str, Sequence[Cell]], path: Path) -> None:
    """Left: with guards and without. Right: what rows that are alike do to the guards."""
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    rows = [cell.rows for cell in independent]
    for line, colour in zip(BARE, (RED, YELLOW), strict=True):
        shares = [cell.bare_any[line] for cell in independent]
        _line(left, rows, shares, colour, f"PSI > {line:g} alone, any of 7 features")
    _line(left, rows, [cell.bare_one[BARE[0]] for cell in independent], PURPLE, f"PSI > {BARE[0]:g} alone, one feature")
    _line(left, rows, [cell.shares[ANY] for cell in independent], BLUE, "Écluse, any of its alerts")
    left.set_title("No drift, rows independent of each other")
    for (name, cells), colour in zip(orders.items(), (BLUE, GREEN, YELLOW, RED, PURPLE, GREY), strict=False):
        _line(right, [cell.rows for cell in cells], [cell.shares[ANY] for cell in cells], colour, name)
    right.set_title("No drift, Écluse's alerts, rows that are alike")
    for axes in (left, right):
        axes.axhline(PROMISED, color="black", linewidth=1, linestyle=":")
        axes.annotate("1 %", (rows[-1], PROMISED), textcoords="offset points", xytext=(0, 4), ha="right", fontsize=9)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(FOOT * 0.7, 1.5)
        axes.set_xlabel("rows in the window")
        axes.set_xticks(rows, [f"{count:,}" for count in rows])
        axes.minorticks_off()
        axes.yaxis.set_major_formatter(FuncFormatter(_share))
        _plain(axes)
        _legend(axes, columns=2)
    left.set_ylabel("windows with a false alarm")
    figure.savefig(path, dpi=120, bbox_inches="tight", pad_inches=0.15)


def draw_detection(sights: Sequence[Sight], path: Path, rows: int) -> None:
    """Left: who sees what in windows of `rows`. Right: how much of an hour has to be shifted."""
    figure = Figure(figsize=(13, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    shares = [[sight.by_rows[rows][alert] for alert in ALERTS] for sight in sights]
    left.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.25, aspect="auto")
    for row, line in enumerate(shares):
        for column, share in enumerate(line):
            colour = "white" if share > 0.6 else "black" if share >= 0.005 else "#aaaaaa"
            left.text(column, row, f"{share:.0%}", ha="center", va="center", color=colour, fontsize=9)
    left.set_xticks(range(len(ALERTS)), [_words(alert) for alert in ALERTS], fontsize=9)
    left.xaxis.tick_top()
    left.set_yticks(
        range(len(sights)), [f"{sight.shift.name}\naccuracy {sight.accuracy:.3f}" for sight in sights], fontsize=8
    )
    left.tick_params(length=0)
    left.spines[:].set_visible(False)
    left.set_xlabel(f"windows of {rows} shifted rows in which the alert's condition holds")
    colours = (BLUE, RED, GREEN, YELLOW, PURPLE, GREY)
    for (curve, names), colour in zip(_alike(sights[1:]).items(), colours, strict=False):
        label = "\n".join(wrap("; ".join(names), 70))
        right.plot(SHARES, curve, color=colour, marker="o", markersize=3, label=label)
    right.set_xlabel(f"share of shifted rows in a window of {HOUR_ROWS:,}")
    right.set_ylabel("windows in which any alert's condition holds")
    right.set_xscale("log")
    ticks = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
    right.set_xticks(ticks, [f"{share:.0%}" for share in ticks])
    right.minorticks_off()
    right.yaxis.set_major_formatter(PercentFormatter(1.0))
    _legend(right, columns=1)
    _plain(right)
    figure.savefig(path, dpi=120, bbox_inches="tight", pad_inches=0.15)


def _line(axes: Axes, rows: Sequence[int], shares: Sequence[float], colour: str, label: str) -> None:
    axes.plot(rows, [max(share, FOOT) for share in shares], color=colour, marker="o", markersize=4, label=label)


def _alike(sights: Sequence[Sight]) -> dict[tuple[float, ...], list[str]]:
    """Curves that nobody could tell apart are one, of all their names."""
    found: dict[tuple[float, ...], list[str]] = {}
    for sight in sights:
        curve = tuple(round(share, 1) for share in sight.by_share.values())
        found.setdefault(curve, []).append(sight.shift.name)
    return found


def _share(share: float, _: int) -> str:
    return "none" if share <= FOOT else f"{100 * share:g} %"


def _plain(axes: Axes) -> None:
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(axes: Axes, columns: int) -> None:
    """Below the axes, where it hides no line."""
    axes.legend(frameon=False, fontsize=8.5, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=columns)


def _words(alert: str) -> str:
    """An alert's name over two lines, without the product's."""
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in alert.removeprefix("Ecluse")).split()
    return "\n".join(words).lower()
