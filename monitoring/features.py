"""The numbers that sum up a row of input, as drift is watched on them.

Seven summaries of an image, or the chosen columns of a table. Definitions are
exact, in the unit in which values are sent, because the server computes the
same numbers on live rows: a baseline is of use only where both agree. How a
row is to be read stands in the baseline itself. Pure functions of arrays;
nothing here knows of bins or models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitoring.contract.values import MOST_FEATURES

Floats = npt.NDArray[np.float64]
Size = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True)
class Feature:
    name: str
    unit: str
    definition: str


class Form(BaseModel):
    """A part of baseline.json: nothing is guessed, nothing is left over."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ImageInput(Form):
    """An input whose rows are images; how large a row is, where its channels are, and what its pixels range over."""

    kind: Literal["image"] = "image"
    name: str
    shape: tuple[Size, ...]
    """Of one row as the model takes it: [h, w], [h, w, c], [c, h, w], or flat with as many values."""
    height: Size
    width: Size
    channels: Size = 1
    channels_at: Literal["last", "first"] = "last"
    """Whether a pixel's channels lie together (h, w, c) or each channel is an image of its own (c, h, w)."""
    low: float = 0.0
    """The darkest a pixel can be."""
    high: float = 255.0
    """The brightest a pixel can be."""

    @model_validator(mode="after")
    def _is_whole(self) -> "ImageInput":
        if prod(self.shape) != self.height * self.width * self.channels:
            raise ValueError(
                f"rows of shape {list(self.shape)} are no images of {self.height} by {self.width} pixels "
                f"with {self.channels} channels"
            )
        if self.low >= self.high:
            raise ValueError(f"low is {self.low:g} and high is {self.high:g}: low must be less")
        return self

    @property
    def ink_threshold(self) -> float:
        """Halfway from dark to bright: from here on a pixel counts as ink."""
        return (self.low + self.high) / 2

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of a row of each input that is read."""
        return {self.name: self.shape}

    @property
    def outputs(self) -> frozenset[str]:
        """Which of these are outputs: none."""
        return frozenset()

    @property
    def features(self) -> tuple[Feature, ...]:
        return image_features(self.low, self.high)


class Column(Form):
    """One number of a row."""

    feature: Annotated[str, Field(min_length=1, max_length=64)]
    input: str
    shape: tuple[Size, ...] = ()
    """Of one row of that input as the model takes it."""
    index: Annotated[int, Field(ge=0)] = 0
    """Which of the row's values it is, counted in row-major order."""
    of: Literal["input", "output"] = "input"
    """Whether `input` names an input, or an output whose numbers are watched like one: what a regression answers."""

    @model_validator(mode="after")
    def _is_inside(self) -> "Column":
        if self.index >= prod(self.shape):
            raise ValueError(f"column {self.feature!r} has index {self.index} in rows of {prod(self.shape)} values")
        return self


class ColumnsInput(Form):
    """Chosen columns of one or several inputs."""

    kind: Literal["columns"] = "columns"
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=MOST_FEATURES)]

    @model_validator(mode="after")
    def _is_clear(self) -> "ColumnsInput":
        names = [column.feature for column in self.columns]
        if len(set(names)) < len(names):
            raise ValueError("two columns have one name")
        shapes = {(column.input, column.shape) for column in self.columns}
        if len(shapes) > len({name for name, _ in shapes}):
            raise ValueError("columns of one input differ in the shape of its rows")
        if any((column.of == "output") is not (column.input in self.outputs) for column in self.columns):
            raise ValueError("an output that is called as an input is cannot be watched beside it")
        return self

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of a row of each input that is read."""
        return {column.input: column.shape for column in self.columns}

    @property
    def outputs(self) -> frozenset[str]:
        """Which of these are outputs."""
        return frozenset(column.input for column in self.columns if column.of == "output")

    @property
    def features(self) -> tuple[Feature, ...]:
        return tuple(
            Feature(
                column.feature,
                "as it is sent" if column.of == "input" else "as it is answered",
                _place(column) if column.shape else f"{column.of} {column.input!r}",
            )
            for column in self.columns
        )


Input = Annotated[ImageInput | ColumnsInput, Field(discriminator="kind")]


def image_features(low: float = 0.0, high: float = 255.0) -> tuple[Feature, ...]:
    """The seven summaries of an image whose pixels range from `low` to `high`."""
    unit = f"pixel value, {low:g} to {high:g}"
    weight = "pixel" if low == 0 else f"(pixel less {low:g})"
    return (
        Feature("mean_intensity", unit, "mean of all pixels"),
        Feature("contrast", unit, "population standard deviation of all pixels"),
        Feature("ink_share", "ratio, 0 to 1", f"share of pixels whose value is at least {(low + high) / 2:g}"),
        Feature("max", unit, "largest pixel"),
        Feature(
            "centroid_x",
            "pixels from the left edge, 0 to width - 1",
            f"sum of column index times {weight}, divided by the sum of {weight}; the centre for a blank image",
        ),
        Feature(
            "centroid_y",
            "pixels from the top edge, 0 to height - 1",
            f"sum of row index times {weight}, divided by the sum of {weight}; the centre for a blank image",
        ),
        Feature(
            "sharpness",
            unit,
            "mean absolute difference over all pairs of horizontally or vertically adjacent pixels",
        ),
    )


CACHED_VALUES = 16_384

FEATURES = image_features()
"""Those of images of 8 bits."""


def features_of(inputs: Mapping[str, npt.NDArray[np.generic]], described: ImageInput | ColumnsInput) -> Floats:
    """Sum up rows: float64 [rows, features], NaN where a value is missing.

    A row of another shape than the baseline's, which a model with open dimensions takes, is missing as a whole.
    """
    if isinstance(described, ImageInput):
        return _images(inputs[described.name], described)
    return _columns(inputs, described.columns)


def _images(array: npt.NDArray[np.generic], described: ImageInput) -> Floats:
    if array.shape[1:] != described.shape:
        return np.full((len(array), len(FEATURES)), np.nan)
    size = (described.height, described.width)
    if described.channels == 1:
        return summarise(array.reshape(-1, *size), low=described.low, ink_threshold=described.ink_threshold)
    is_last = described.channels_at == "last"
    pixels = array.reshape(-1, *size, described.channels) if is_last else array.reshape(-1, described.channels, *size)
    pixels = pixels.mean(axis=3 if is_last else 1, dtype=np.float64)
    return summarise(pixels, low=described.low, ink_threshold=described.ink_threshold)


def _columns(inputs: Mapping[str, npt.NDArray[np.generic]], columns: Sequence[Column]) -> Floats:
    rows = len(inputs[columns[0].input])
    values = np.full((rows, len(columns)), np.nan)
    for place, column in enumerate(columns):
        array = inputs[column.input]
        if array.shape[1:] == column.shape:
            values[:, place] = array.reshape(rows, prod(column.shape))[:, column.index]
    return values


def summarise(images: npt.NDArray[np.generic], *, low: float = 0.0, ink_threshold: float = 127.5) -> Floats:
    """Images [rows, height, width], channels already averaged, to float64 [rows, 7], in the order of `FEATURES`."""
    rows, height, width = images.shape
    # So few at a time that they stay in the processor's cache: seven passes over all of them take five times as long.
    step = max(1, CACHED_VALUES // (height * width))
    summaries = np.empty((rows, len(FEATURES)))
    for at in range(0, rows, step):
        summaries[at : at + step] = _summarise(images[at : at + step].astype(np.float64), low, ink_threshold)
    return summaries


def _summarise(pixels: Floats, low: float, ink_threshold: float) -> Floats:
    rows, height, width = pixels.shape
    flat = pixels.reshape(rows, height * width)
    pairs = (height - 1) * width + height * (width - 1)
    weights = _weights(height, width)
    # What is not a number, or beyond numbers, comes out as NaN or infinity, which are counted as such.
    with np.errstate(invalid="ignore", over="ignore"):
        down = np.abs(pixels[:, 1:] - pixels[:, :-1]).reshape(rows, -1)
        across = np.abs(pixels[:, :, 1:] - pixels[:, :, :-1]).reshape(rows, -1)
        # A product with a few columns sums up four times as fast as sums along each axis.
        total, *moments = (flat @ weights).T
        mass = total - low * weights[:, 0].sum()
        steps = down @ np.ones(down.shape[1]) + across @ np.ones(across.shape[1])
        return np.stack(
            [
                total / flat.shape[1],
                flat.std(axis=1),
                (flat >= ink_threshold).sum(axis=1) / flat.shape[1],
                flat.max(axis=1),
                *(
                    _centre(moment - low * places.sum(), mass, places.max())
                    for moment, places in zip(moments, weights.T[1:], strict=True)
                ),
                steps / max(pairs, 1),
            ],
            axis=1,
        )


@cache
def _weights(height: int, width: int) -> Floats:
    """For each pixel of an image: 1, its column and its row."""
    rows, columns = np.divmod(np.arange(height * width, dtype=np.float64), width)
    return np.stack([np.ones(height * width), columns, rows], axis=1)


def _centre(moment: Floats, mass: Floats, last: float) -> Floats:
    """Where the mass lies on places from 0 to `last`."""
    centre = np.full(len(mass), last / 2)
    np.divide(moment, mass, out=centre, where=~(mass <= 0))
    return centre


def _place(column: Column) -> str:
    at = np.unravel_index(column.index, column.shape)
    return f"{column.of} {column.input!r} at [{', '.join(str(int(each)) for each in at)}]"
