"""Ways in which images change between training and serving: each a function of 8-bit images.

The kinds are those that are met: a dimmer lamp, a worse sensor, a moved camera,
a tilted page, ink and paper exchanged, a lens out of focus, more of one class,
and a few broken rows among good ones. Strengths are of the full scale of a pixel.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Images = npt.NDArray[np.uint8]
Random = np.random.Generator
Change = Callable[[Images, Random], Images]

FULL = 255.0


@dataclass(frozen=True, slots=True)
class Shift:
    """How traffic changes: what becomes of an image, of how many, and how often a class comes."""

    name: str
    change: Change
    share: float = 1.0
    """Of the rows that are changed."""
    more_of: int | None = None
    times: float = 1.0
    """So many times as many rows of the class `more_of`."""


def same(images: Images, random: Random) -> Images:
    return images


def darker(factor: float) -> Change:
    return lambda images, random: _pixels(images * factor)


def noisy(deviation: float) -> Change:
    return lambda images, random: _pixels(images + random.normal(0.0, deviation * FULL, images.shape))


def moved(columns: int) -> Change:
    return lambda images, random: np.roll(np.pad(images, ((0, 0), (0, 0), (0, columns))), columns, axis=2)[
        :, :, : images.shape[2]
    ]


def turned(degrees: float) -> Change:
    return lambda images, random: _pixels(
        ndimage.rotate(images.astype(np.float64), degrees, axes=(2, 1), reshape=False, order=1)
    )


def inverted(images: Images, random: Random) -> Images:
    return np.asarray(255 - images, dtype=np.uint8)


def blurred(deviation: float) -> Change:
    return lambda images, random: _pixels(ndimage.gaussian_filter(images.astype(np.float64), (0, deviation, deviation)))


SHIFTS = (
    Shift("none", same),
    Shift("darker, x 0.7", darker(0.7)),
    Shift("noise, deviation 0.15", noisy(0.15)),
    Shift("noise, deviation 0.3", noisy(0.3)),
    Shift("moved by 1 pixel", moved(1)),
    Shift("turned by 15 degrees", turned(15.0)),
    Shift("inverted", inverted),
    Shift("blurred, 1 pixel", blurred(1.0)),
    Shift("class 8 comes x 4", same, more_of=8, times=4.0),
    Shift("noise 0.3 in 10 % of rows", noisy(0.3), share=0.1),
)


def _pixels(values: npt.NDArray[np.floating[Any]]) -> Images:
    return np.asarray(values.round().clip(0, FULL), dtype=np.uint8)
