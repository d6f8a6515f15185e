"""The seven numbers that sum up an image, as drift is watched on them.

Definitions are exact, in the unit of the pixels as they are sent, because the
server computes the same numbers on live rows: a baseline is of use only where
both agree. Pure functions of arrays; nothing here knows of bins or models.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

INK_THRESHOLD = 128
"""Half of full scale: from here on a pixel counts as ink."""


@dataclass(frozen=True, slots=True)
class Feature:
    name: str
    unit: str
    definition: str


FEATURES = (
    Feature("mean_intensity", "pixel value, 0 to 255", "mean of all pixels"),
    Feature("contrast", "pixel value, 0 to 255", "population standard deviation of all pixels"),
    Feature("ink_share", "ratio, 0 to 1", f"share of pixels whose value is at least {INK_THRESHOLD}"),
    Feature("max", "pixel value, 0 to 255", "largest pixel"),
    Feature(
        "centroid_x",
        "pixels from the left edge, 0 to width - 1",
        "sum of column index times pixel, divided by the sum of pixels; the centre for a blank image",
    ),
    Feature(
        "centroid_y",
        "pixels from the top edge, 0 to height - 1",
        "sum of row index times pixel, divided by the sum of pixels; the centre for a blank image",
    ),
    Feature(
        "sharpness",
        "pixel value, 0 to 255",
        "mean absolute difference over all pairs of horizontally or vertically adjacent pixels",
    ),
)


def summarise(images: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Images [rows, height, width] to float64 [rows, 7], in the order of `FEATURES`."""
    pixels = images.astype(np.float64)
    height, width = pixels.shape[1:]
    down = np.abs(np.diff(pixels, axis=1))
    across = np.abs(np.diff(pixels, axis=2))
    pairs = (height - 1) * width + height * (width - 1)
    return np.stack(
        [
            pixels.mean(axis=(1, 2)),
            pixels.std(axis=(1, 2)),
            (pixels >= INK_THRESHOLD).mean(axis=(1, 2)),
            pixels.max(axis=(1, 2)),
            _centroid(pixels.sum(axis=1)),
            _centroid(pixels.sum(axis=2)),
            (down.sum(axis=(1, 2)) + across.sum(axis=(1, 2))) / pairs,
        ],
        axis=1,
    )


def _centroid(profile: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Centre of mass of each row's profile [rows, length] along its length."""
    positions = np.arange(profile.shape[1])
    mass = profile.sum(axis=1)
    centre = np.full(len(profile), (profile.shape[1] - 1) / 2)
    np.divide(profile @ positions, mass, out=centre, where=mass > 0)
    return centre
