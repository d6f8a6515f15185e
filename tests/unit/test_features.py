"""The seven summaries of an image, against their definitions spelled out."""

from collections.abc import Callable

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from monitoring.features import FEATURES, Column, ColumnsInput, ImageInput, features_of, summarise

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


IMAGES = np.random.default_rng(3).integers(0, 256, (6, 5, 4)).astype(np.uint8)


def test_an_image_is_summed_up_alike_however_its_rows_lie() -> None:
    expected = summarise(IMAGES)
    flat = ImageInput(name="x", shape=(20,), height=5, width=4)
    deep = ImageInput(name="x", shape=(5, 4, 1), height=5, width=4)
    np.testing.assert_array_equal(features_of({"x": IMAGES.reshape(6, 20)}, flat), expected)
    np.testing.assert_array_equal(features_of({"x": IMAGES.reshape(6, 5, 4, 1)}, deep), expected)


def test_a_pixel_of_several_channels_is_their_mean_wherever_they_are() -> None:
    colours = np.random.default_rng(4).integers(0, 256, (6, 5, 4, 3)).astype(np.uint8)
    last = ImageInput(name="x", shape=(5, 4, 3), height=5, width=4, channels=3)
    first = ImageInput(name="x", shape=(3, 5, 4), height=5, width=4, channels=3, channels_at="first")
    expected = summarise(colours.astype(np.float64).mean(axis=3))
    np.testing.assert_allclose(features_of({"x": colours}, last), expected, rtol=1e-12)
    np.testing.assert_allclose(features_of({"x": np.moveaxis(colours, 3, 1)}, first), expected, rtol=1e-12)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0)])
def test_pixels_of_another_scale_see_the_same_ink_in_the_same_place(low: float, high: float) -> None:
    scaled = low + IMAGES.astype(np.float64) / 255 * (high - low)
    described = ImageInput(name="x", shape=(5, 4), height=5, width=4, low=low, high=high)
    there, here = features_of({"x": scaled}, described), summarise(IMAGES)
    for name in ("ink_share", "centroid_x", "centroid_y"):
        np.testing.assert_allclose(there[:, NAMES.index(name)], here[:, NAMES.index(name)])
    np.testing.assert_allclose(there[:, 0], low + here[:, 0] / 255 * (high - low))
    assert described.features[2].definition == f"share of pixels whose value is at least {(low + high) / 2:g}"


def test_single_precision_comes_out_as_what_it_is() -> None:
    ones = (IMAGES / 255).astype(np.float32)
    np.testing.assert_array_equal(summarise(ones), summarise(ones.astype(np.float64)))


def test_an_image_with_a_hole_is_missing_and_spoils_no_other() -> None:
    images = IMAGES.astype(np.float32)
    images[2, 1, 1] = np.nan
    values = summarise(images)
    assert np.isnan(values[2, [0, 1, 3, 4, 5, 6]]).all()
    np.testing.assert_array_equal(np.delete(values, 2, axis=0), summarise(np.delete(images, 2, axis=0)))


def test_a_row_of_another_shape_is_missing_as_a_whole() -> None:
    described = ImageInput(name="x", shape=(5, 4), height=5, width=4)
    assert np.isnan(features_of({"x": np.zeros((2, 6, 4))}, described)).all()
    columns = ColumnsInput(columns=(Column(feature="a", input="x", shape=(3,), index=1),))
    assert np.isnan(features_of({"x": np.zeros((2, 4))}, columns)).all()


@pytest.mark.parametrize(
    "dtype", [np.bool_, np.int64, np.uint8, np.float16, np.float32, np.float64, ml_dtypes.bfloat16]
)
def test_columns_are_taken_as_they_are_whatever_their_datatype(dtype: type) -> None:
    table: np.ndarray = np.arange(8).reshape(4, 2).astype(dtype)
    columns = ColumnsInput(
        columns=(
            Column(feature="second", input="table", shape=(2,), index=1),
            Column(feature="alone", input="alone"),
        )
    )
    values = features_of({"table": table, "alone": table[:, 0]}, columns)
    np.testing.assert_array_equal(values, np.stack([table[:, 1], table[:, 0]], axis=1).astype(np.float64))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: ImageInput(name="x", shape=(5, 4), height=4, width=4), "no images of 4 by 4"),
        (lambda: ImageInput(name="x", shape=(2, 2), height=2, width=2, low=1.0, high=1.0), "low must be less"),
        (lambda: Column(feature="a", input="x", shape=(3,), index=3), "has index 3 in rows of 3 values"),
        (lambda: ColumnsInput(columns=(Column(feature="a", input="x"),) * 2), "two columns have one name"),
        (lambda: ColumnsInput(columns=tuple(Column(feature=str(i), input="x") for i in range(13))), "at most 12"),
    ],
)
def test_a_description_that_cannot_be_is_refused(make: Callable[[], object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        make()
