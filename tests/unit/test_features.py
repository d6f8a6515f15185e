"""The seven summaries of an image, against their definitions spelled out."""

import numpy as np
import numpy.typing as npt
import pytest

from monitoring.features import FEATURES, summarise

NAMES = [feature.name for feature in FEATURES]


def summary(image: npt.NDArray[np.uint8]) -> dict[str, float]:
    return dict(zip(NAMES, summarise(image[np.newaxis])[0].tolist(), strict=True))


def test_each_feature_is_what_its_definition_says() -> None:
    image = np.random.default_rng(1).integers(0, 256, (5, 4)).astype(np.uint8)
    pixels = [[int(value) for value in line] for line in image]
    flat = [value for line in pixels for value in line]
    mean = sum(flat) / 20
    steps = [abs(pixels[y][x] - pixels[y][x + 1]) for y in range(5) for x in range(3)]
    steps += [abs(pixels[y][x] - pixels[y + 1][x]) for y in range(4) for x in range(4)]
    assert summary(image) == pytest.approx(
        {
            "mean_intensity": mean,
            "contrast": (sum((value - mean) ** 2 for value in flat) / 20) ** 0.5,
            "ink_share": sum(value >= 128 for value in flat) / 20,
            "max": max(flat),
            "centroid_x": sum(x * pixels[y][x] for y in range(5) for x in range(4)) / sum(flat),
            "centroid_y": sum(y * pixels[y][x] for y in range(5) for x in range(4)) / sum(flat),
            "sharpness": sum(steps) / len(steps),
        }
    )


def test_a_blank_image_has_its_centroid_in_the_middle() -> None:
    blank = summary(np.zeros((28, 28), np.uint8))
    assert (blank["centroid_x"], blank["centroid_y"]) == (13.5, 13.5)
    assert {blank[name] for name in NAMES if not name.startswith("centroid")} == {0.0}


def test_a_shift_to_the_right_moves_one_centroid_by_one_pixel() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[10:15, 10:15] = 200
    before, after = summary(image), summary(np.roll(image, 1, axis=1))
    assert after["centroid_x"] - before["centroid_x"] == pytest.approx(1.0)
    assert after["centroid_y"] == before["centroid_y"]


def test_a_row_is_summed_up_alike_in_any_company() -> None:
    images = np.random.default_rng(2).integers(0, 256, (7, 28, 28)).astype(np.uint8)
    together = summarise(images)
    alone = np.concatenate([summarise(image[np.newaxis]) for image in images])
    np.testing.assert_allclose(together, alone, rtol=1e-12)
