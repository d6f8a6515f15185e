"""What of a model's inputs is watched: the summaries of an image, or columns.

Guessed from the shape and the type of the inputs, and told; whoever knows better
says so by options. At most twelve columns: each costs a score of time series, and
what nobody looks at finds nothing. Pure functions.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import BadOption, NoBaseline
from monitoring.contract.values import MOST_FEATURES
from monitoring.features import Column, ColumnsInput, ImageInput

Array = npt.NDArray[Any]

LEAST_PIXELS = 8
"""A side of an image; what is smaller is taken for columns."""
CHANNELS = (1, 3, 4)
MOST_ANSWERS = 4
"""Numbers of the answers that are watched where a model has no classes."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user said of it."""

    image: str | None = None
    """Height, width and channels of a row, as `28x28`, `224x224x3` or `3x224x224`."""
    pixels: tuple[float, float] | None = None
    features: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    input: ImageInput | ColumnsInput | None
    remarks: tuple[str, ...] = field(default=())
    """Sentences for the user: what was guessed, and what is left out."""


def choose(inputs: Mapping[str, Array], columns: Mapping[str, tuple[str, ...]], wishes: Wishes) -> Watched:
    """Decide what is watched of these rows."""
    numeric = {name: array for name, array in inputs.items() if array.dtype.kind not in "OUS"}
    if wishes.features is None:
        for name, array in numeric.items():
            described = _image(name, array, wishes)
            if described is not None:
                return Watched(described, _remarks_on_image(described, wishes, list(inputs)))
        if wishes.image is not None:
            raise BadOption(f"--image {wishes.image} fits no input: {_shapes(inputs)}")
    return _columns(inputs, numeric, columns, wishes)


def with_answers(watched: Watched, outputs: Mapping[str, Array]) -> Watched:
    """Watch the numbers that a model without classes answers, before its inputs where both are too many."""
    if isinstance(watched.input, ImageInput):
        return replace(watched, remarks=(*watched.remarks, "answers are not watched beside images"))
    columns = watched.input.columns if watched.input is not None else ()
    taken = {column.input for column in columns} | {column.feature for column in columns}
    numeric = {
        name: array for name, array in outputs.items() if array.dtype.kind in "iuf" and name not in taken and array.ndim
    }
    every = {name: column for name, column in _candidates(numeric, {}) if name not in taken}
    answers = [column.model_copy(update={"of": "output"}) for column in every.values()][:MOST_ANSWERS]
    if not answers:
        return watched
    kept = columns[: MOST_FEATURES - len(answers)]
    told = [f"answers are watched as features: {', '.join(column.feature for column in answers)}"]
    if len(every) > len(answers):
        told.append(f"{len(every) - len(answers)} other numbers of the answers are not")
    if len(kept) < len(columns):
        told.append(f"for them are left out: {', '.join(column.feature for column in columns[len(kept) :])}")
    return Watched(ColumnsInput(columns=(*kept, *answers)), (*watched.remarks, *told))


def _image(name: str, array: Array, wishes: Wishes) -> ImageInput | None:
    row = array.shape[1:]
    wanted = tuple(int(size) for size in wishes.image.split("x")) if wishes.image is not None else None
    if wanted is not None and int(np.prod(wanted)) != int(np.prod(row)):
        return None
    if wanted is None and not _looks_like_image(array):
        return None
    form = wanted or row
    is_last = len(form) == 2 or form[2] in CHANNELS or form[0] not in CHANNELS
    height, width, channels = (*form, 1)[:3] if is_last else (form[1], form[2], form[0])
    low, high = wishes.pixels or _pixel_range(array)
    return ImageInput(
        name=name,
        shape=row,
        height=height,
        width=width,
        channels=channels,
        channels_at="last" if is_last else "first",
        low=low,
        high=high,
    )


def _looks_like_image(array: Array) -> bool:
    row = array.shape[1:]
    if len(row) == 2:
        return min(row) >= LEAST_PIXELS and (array.dtype == np.uint8 or row[0] == row[1])
    if len(row) == 3:
        return (row[2] in CHANNELS and min(row[:2]) >= LEAST_PIXELS) or (
            row[0] in CHANNELS and min(row[1:]) >= LEAST_PIXELS
        )
    return False


def _pixel_range(array: Array) -> tuple[float, float]:
    if array.dtype.kind in "iub":
        return (0.0, 255.0)
    finite = array[np.isfinite(array)]
    if finite.size == 0:
        raise NoBaseline("the images hold no finite pixel")
    least, most = float(finite.min()), float(finite.max())
    for low, high in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        if low <= least and most <= high:
            return low, high
    return least, most if most > least else least + 1


def _remarks_on_image(described: ImageInput, wishes: Wishes, inputs: list[str]) -> tuple[str, ...]:
    told = [
        f"the input {described.name!r} is watched as images of {described.height} x {described.width} pixels"
        f"{f' and {described.channels} channels' if described.channels > 1 else ''}, "
        f"from {described.low:g} to {described.high:g}"
        + ("" if wishes.image or wishes.pixels else " (--image, --pixels or --features say otherwise)")
    ]
    others = [name for name in inputs if name != described.name]
    if others:
        told.append(f"not watched, because an image is: {', '.join(others)}")
    return tuple(told)


def _columns(
    inputs: Mapping[str, Array], numeric: Mapping[str, Array], columns: Mapping[str, tuple[str, ...]], wishes: Wishes
) -> Watched:
    every = dict(_candidates(numeric, columns))
    text = [name for name in inputs if name not in numeric]
    remarks = [f"text is not watched: {', '.join(text)}"] if text else []
    if wishes.features is not None:
        for name in wishes.features:
            if name not in every:
                known = ", ".join(list(every)[:20]) or "none, since no input holds numbers"
                raise BadOption(f"--features names {name!r}, and what can be watched is {known}")
        if len(wishes.features) > MOST_FEATURES:
            raise BadOption(f"--features names {len(wishes.features)} columns, and at most {MOST_FEATURES} are watched")
        chosen = dict.fromkeys(wishes.features)
    else:
        varying = [name for name, column in every.items() if _varies(_values(numeric, column))]
        chosen = dict.fromkeys(varying[:MOST_FEATURES] or list(every)[:MOST_FEATURES])
        if len(varying) > len(chosen):
            remarks.append(
                f"{len(chosen)} of {len(every)} columns are watched, the first that vary; --features chooses others"
            )
        elif len(every) > len(chosen):
            still = ", ".join([name for name in every if name not in chosen][:MOST_FEATURES])
            remarks.append(f"not watched, because all their values are alike: {still}")
    if not chosen:
        return Watched(None, (*remarks, "no input holds numbers, so no input is watched"))
    return Watched(ColumnsInput(columns=tuple(every[name] for name in chosen)), tuple(remarks))


def _candidates(numeric: Mapping[str, Array], columns: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, Column]]:
    """Every number of a row by name: that of its column, or of its input with its place."""
    for name, array in numeric.items():
        row = array.shape[1:]
        named = columns.get(name, ())
        for index in range(int(np.prod(row))):
            if len(named) == int(np.prod(row)):
                feature = named[index]
            elif row in ((), (1,)):
                feature = name
            else:
                place = ",".join(str(int(each)) for each in np.unravel_index(index, row))
                feature = f"{name}[{place}]"
            yield feature, Column(feature=feature[:64], input=name, shape=row, index=index)


def _values(numeric: Mapping[str, Array], column: Column) -> Array:
    array = numeric[column.input]
    return array.reshape(len(array), -1)[:, column.index].astype(np.float64)


def _varies(values: Array) -> bool:
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() < finite.max())


def _shapes(inputs: Mapping[str, Array]) -> str:
    return ", ".join(f"{name} has rows of shape {list(array.shape[1:])}" for name, array in inputs.items())


def parse_image(text: str) -> str:
    """Accept height, width and perhaps channels."""
    if re.fullmatch(r"[1-9]\d{0,4}x[1-9]\d{0,4}(x[1-9]\d{0,4})?", text) is None:
        raise BadOption(f"--image must be like 28x28, 224x224x3 or 3x224x224, and is {text!r}")
    return text
