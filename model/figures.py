"""The two pictures of a training run: curves.png and confusion.png.

Drawn on figures of their own, without pyplot: no global state, no window, the
same picture on a laptop and on a server. Numbers come in as they are shown;
nothing is computed here but shares of a row.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from model.quality import CLASSES, Quality

TRAIN, VALIDATION = "#4477aa", "#cc6677"
"""Two colours that stay apart for colour-blind readers and in grey print."""

History = dict[str, Sequence[float]]


def draw_curves(history: History, path: Path) -> None:
    """Loss and accuracy by epoch, train and validation, side by side."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    _draw_pair(loss, history, "loss")
    _draw_pair(accuracy, history, "accuracy")
    accuracy.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    loss.set_title("Loss (cross-entropy)")
    accuracy.set_title("Accuracy")
    loss.legend(frameon=False)
    accuracy.legend(frameon=False)
    figure.savefig(path, dpi=120, bbox_inches="tight", pad_inches=0.15)


def _draw_pair(axes: Axes, history: History, name: str) -> None:
    epochs = history["epoch"]
    axes.plot(epochs, history[name], color=TRAIN, marker="o", markersize=4, label="train, with dropout")
    axes.plot(epochs, history[f"validation_{name}"], color=VALIDATION, marker="s", markersize=4, label="validation")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def draw_confusion(quality: Quality, path: Path) -> None:
    """Actual digits down, predicted across; mistakes are coloured on a scale of their own."""
    counts = np.array(quality.confusion)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    is_right = np.eye(len(counts), dtype=bool)
    figure = Figure(figsize=(6, 6.2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(np.ma.masked_array(share, ~is_right), cmap="Blues", vmin=0.0, vmax=1.2)
    # A mistake of one per cent would not be seen beside a diagonal of ninety-eight.
    worst = share[~is_right].max()
    axes.imshow(np.ma.masked_array(share, is_right), cmap="Reds", vmin=0.0, vmax=2 * worst or 1.0)
    for actual, predicted in np.argwhere(counts):
        colour = "white" if actual == predicted and share[actual, predicted] > 0.5 else "black"
        axes.text(predicted, actual, f"{counts[actual, predicted]}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(CLASSES)), CLASSES)
    axes.set_yticks(range(len(CLASSES)), CLASSES)
    axes.tick_params(length=0)
    axes.set_xlabel("predicted digit")
    axes.set_ylabel("actual digit")
    axes.set_title(f"{quality.rows:,} test images, {quality.accuracy:.2%} right", pad=10)
    axes.spines[:].set_visible(False)
    figure.savefig(path, dpi=120, bbox_inches="tight", pad_inches=0.15)
