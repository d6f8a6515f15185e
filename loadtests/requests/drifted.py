"""What happens to a camera: pictures inverted, noisy or dimmed, the same for the same seed.

Works on numbers of any range, as of all rows together; what a thing is does
not change by how it is seen, so labels stay. Strings are left alone.
"""

from typing import Literal

import numpy as np

from loadtests.requests.datatypes import BF16, DTYPES, Array, Arrays, to_bf16

Drift = Literal["", "inverted", "noisy", "dimmed"]

NOISE = 0.3
"""The standard deviation, as a share of the range."""
DIMMED = 0.4
"""What is left of the light."""
FLIPPED = 0.1
"""Of true and false: how many a noise turns round."""


def drifted(arrays: Arrays, datatypes: dict[str, str], drift: Drift, random: np.random.Generator) -> Arrays:
    """Give the same rows as another camera sees them."""
    if not drift:
        return arrays
    return {name: _changed(array, datatypes[name], drift, random) for name, array in arrays.items()}


def _changed(array: Array, datatype: str, drift: Drift, random: np.random.Generator) -> Array:
    if array.dtype.kind == "O" or not array.size:
        return array
    if array.dtype.kind == "b":
        return ~array if drift == "inverted" else array ^ (random.random(array.shape) < FLIPPED)
    low, high = _range(array)
    numbers = array.astype(np.float64)
    if drift == "inverted":
        numbers = low + high - numbers
    elif drift == "noisy":
        numbers = (numbers + random.normal(0, NOISE * (high - low), array.shape)).clip(low, high)
    else:
        numbers = low + (numbers - low) * DIMMED
    if array.dtype.kind != "f":
        return np.rint(numbers).astype(array.dtype)
    return to_bf16(numbers) if datatype == BF16 else numbers.astype(DTYPES[datatype])


def _range(array: Array) -> tuple[float, float]:
    """Give the numbers between which these lie: all that a byte holds, 0 to 1 where none is beyond, else their own."""
    if array.dtype == np.uint8:
        return 0.0, 255.0
    low, high = float(array.min()), float(array.max())
    return (0.0, 1.0) if array.dtype.kind == "f" and low >= 0 and high <= 1 else (low, high)
