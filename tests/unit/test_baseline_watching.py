"""What of a model's inputs is watched where nobody says so, and where somebody does."""

import numpy as np
import pytest

from model.baseline.watching import Wishes, choose, parse_image, with_answers
from model.errors import BadOption
from monitoring.features import ColumnsInput, ImageInput

RANDOM = np.random.default_rng(1)


def image(*shape: int, kind: type = np.uint8, most: float = 255) -> np.ndarray:
    return RANDOM.uniform(0, most, (20, *shape)).astype(kind)


@pytest.mark.parametrize(
    ("array", "form"),
    [
        (image(28, 28), (28, 28, 1, "last", 0, 255)),
        (image(20, 30), (20, 30, 1, "last", 0, 255)),
        (image(32, 24, 3, kind=np.float32, most=1), (32, 24, 3, "last", 0, 1)),
        (image(3, 32, 24, kind=np.float32, most=1) * 2 - 1, (32, 24, 3, "first", -1, 1)),
        (image(16, 16, 1, kind=np.float32, most=9), (16, 16, 1, "last", 0, 255)),
    ],
)
def test_what_looks_like_an_image_is_watched_as_one(array: np.ndarray, form: tuple[object, ...]) -> None:
    found = choose({"x": array}, {}, Wishes()).input
    assert isinstance(found, ImageInput)
    assert (found.height, found.width, found.channels, found.channels_at, found.low, found.high) == form


@pytest.mark.parametrize("shape", [(4,), (), (3, 5), (20, 30), (5, 5)])
def test_what_does_not_is_watched_by_its_columns(shape: tuple[int, ...]) -> None:
    found = choose({"x": image(*shape, kind=np.float32)}, {}, Wishes()).input
    assert isinstance(found, ColumnsInput)
    assert len(found.columns) == min(int(np.prod(shape)), 12)


def test_flat_rows_are_images_where_the_user_says_so() -> None:
    found = choose({"x": image(784)}, {}, Wishes(image="28x28", pixels=(0, 16))).input
    assert isinstance(found, ImageInput)
    assert (found.shape, found.height, found.width, found.high) == ((784,), 28, 28, 16)
    with pytest.raises(BadOption, match="--image 20x20 fits no input: x has rows of shape"):
        choose({"x": image(784)}, {}, Wishes(image="20x20"))


def test_columns_have_the_names_of_the_file_and_constant_ones_are_left_out() -> None:
    matrix = image(3, kind=np.float32)
    matrix[:, 1] = 7
    found = choose({"x": matrix}, {"x": ("a", "b", "c")}, Wishes())
    assert isinstance(found.input, ColumnsInput)
    assert [(each.feature, each.index) for each in found.input.columns] == [("a", 0), ("c", 2)]
    assert found.remarks == ("not watched, because all their values are alike: b",)


def test_of_many_columns_the_first_twelve_are_watched_and_it_is_told() -> None:
    found = choose({"x": image(30, kind=np.float32)}, {}, Wishes())
    assert isinstance(found.input, ColumnsInput)
    assert [each.index for each in found.input.columns] == list(range(12))
    assert "12 of 30 columns are watched" in found.remarks[0]


def test_columns_of_several_inputs_are_chosen_by_name() -> None:
    inputs = {
        "a": image(kind=np.float32),
        "b": image(2, 2, kind=np.float32),
        "city": np.array(["x"] * 20, dtype=object),
    }
    found = choose(inputs, {}, Wishes(features=("b[1,0]", "a")))
    assert isinstance(found.input, ColumnsInput)
    assert [(each.input, each.index) for each in found.input.columns] == [("b", 2), ("a", 0)]
    assert found.remarks == ("text is not watched: city",)


def test_a_model_of_text_alone_has_no_input_that_is_watched() -> None:
    found = choose({"text": np.array(["x"] * 20, dtype=object)}, {}, Wishes())
    assert found.input is None
    assert "no input holds numbers" in found.remarks[-1]


def test_more_features_than_are_watched_are_refused() -> None:
    names = tuple(f"x[{number}]" for number in range(13))
    with pytest.raises(BadOption, match="names 13 columns, and at most 12 are watched"):
        choose({"x": image(20, kind=np.float32)}, {}, Wishes(features=names))


@pytest.mark.parametrize("text", ["28", "28x", "0x28", "ax b", "1x2x3x4"])
def test_an_image_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadOption, match="--image must be like 28x28"):
        parse_image(text)


def test_answers_that_are_no_classes_are_watched_beside_columns() -> None:
    watched = choose({"x": image(11, kind=np.float32)}, {}, Wishes())
    found = with_answers(watched, {"price": image(1, kind=np.float32), "range": image(2, kind=np.float32)})
    assert isinstance(found.input, ColumnsInput)
    assert [(each.feature, each.of) for each in found.input.columns[-4:]] == [
        ("x[8]", "input"),
        ("price", "output"),
        ("range[0]", "output"),
        ("range[1]", "output"),
    ]
    assert "for them are left out: x[9], x[10]" in found.remarks


def test_an_answer_that_is_called_as_an_input_is_not_watched() -> None:
    watched = choose({"x": image(2, kind=np.float32)}, {}, Wishes())
    assert with_answers(watched, {"x": image(1, kind=np.float32)}) == watched
