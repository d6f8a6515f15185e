"""The true class of each row, from numbers or from the names of classes.

A row without a label is NaN or empty, and has no class here. Pure functions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import BadRows

UNKNOWN = -1
"""The class of a row whose label is missing."""
PLACES = ("labels.txt", "assets.extra/labels.txt")
"""Where the server looks for the names of classes, in the order of the classes."""

Array = npt.NDArray[Any]


def class_names(folder: Path, given: str | None) -> tuple[str, ...]:
    """The names that were given, else those that lie beside the model; none where there are neither."""
    if given is not None:
        return tuple(name.strip() for name in given.split(","))
    for place in PLACES:
        path = folder / place
        if path.is_file():
            try:
                return tuple(path.read_text(encoding="utf-8").splitlines())
            except (OSError, UnicodeDecodeError) as error:
                raise BadRows(path, f"it cannot be read as text: {error}") from error
    return ()


def least_classes(labels: Array) -> int:
    """How many classes there must be for these labels: names, or whole numbers from zero; 0 where they are none."""
    if labels.ndim != 1:
        return 0
    if labels.dtype.kind in "OUS":
        return len({str(label).strip() for label in labels} - {""})
    numbers = labels.astype(np.float64)
    known = numbers[~np.isnan(numbers)]
    whole = len(known) and np.isfinite(known).all() and (known == np.floor(known)).all() and known.min() >= 0
    return int(known.max()) + 1 if whole else 0


def classes_of(path: Path, labels: Array, names: Sequence[str]) -> npt.NDArray[np.int64]:
    """The class of each row by number; raises BadRows with the row whose label is none."""
    if labels.ndim != 1:
        raise BadRows(path, f"its labels have the shape {list(labels.shape)}, and one label for each row is expected")
    if labels.dtype.kind in "OUS":
        return _by_name(path, labels, names)
    numbers = labels.astype(np.float64)
    is_missing = np.isnan(numbers)
    good = is_missing | ((numbers >= 0) & (numbers < len(names)) & (numbers == np.floor(numbers)))
    if not good.all():
        row = int(np.argmin(good))
        raise BadRows(
            path,
            f"row {row:,} (the first is 0) has the label {numbers[row]:g}, and the model has the classes "
            f"0 to {len(names) - 1}",
        )
    return np.where(is_missing, UNKNOWN, numbers).astype(np.int64)


def _by_name(path: Path, labels: Array, names: Sequence[str]) -> npt.NDArray[np.int64]:
    places = {name: index for index, name in enumerate(names)} | {"": UNKNOWN}
    text = [str(label).strip() for label in labels]
    for row, label in enumerate(text):
        if label not in places:
            shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
            raise BadRows(
                path,
                f"row {row:,} (the first is 0) has the label {label!r}, and the classes are called {shown}: "
                "name them in the model's order with --classes",
            )
    return np.array([places[label] for label in text], dtype=np.int64)
