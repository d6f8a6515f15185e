"""baseline.json is read strictly: each mistake is told in a sentence of its own."""

import json
from typing import Any

import numpy as np
import pytest

from monitoring import baseline
from monitoring.baseline import BaselineError
from monitoring.features import Column, ColumnsInput, ImageInput
from serving.signature import TensorSpec
from tests.baselines import described_answers, described_features, opened, sealed

RANDOM = np.random.default_rng(1)
IMAGES = RANDOM.integers(0, 256, (200, 5, 4)).astype(np.uint8)
SCORES = RANDOM.dirichlet([1.0, 2.0, 3.0], 200)
IMAGE = ImageInput(name="image", shape=(5, 4), height=5, width=4)
NAMES = ["cat", "dog", "eel"]


def content() -> dict[str, Any]:
    return sealed(described_features({"image": IMAGES}, IMAGE), described_answers("scores", SCORES, NAMES))


def changed(path: str, value: object) -> dict[str, Any]:
    """The file with one thing in it replaced, and sealed anew."""
    whole = json.loads(json.dumps(content()))
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner = whole
    for part in way:
        inner = inner[part]
    inner[last] = value
    whole["digest"] = baseline.digest(whole)
    return dict(whole)


def refusal(text: bytes | dict[str, Any]) -> str:
    with pytest.raises(BaselineError) as told:
        baseline.read(text if isinstance(text, bytes) else json.dumps(text).encode())
    return str(told.value)


def test_what_was_sealed_reads_back_whole() -> None:
    whole = content()
    read = opened(whole)
    assert json.loads(read.model_dump_json(exclude_unset=True)) == whole
    assert read.digest == baseline.digest(whole)


def test_a_model_that_classifies_nothing_has_a_baseline_of_its_inputs() -> None:
    read = opened(sealed(described_features({"image": IMAGES}, IMAGE)))
    assert (len(read.features), read.output, read.classes) == (7, None, None)


def test_a_model_of_texts_has_a_baseline_of_its_answers() -> None:
    read = opened(sealed(described_answers("scores", SCORES, NAMES)))
    assert (read.input, read.features) == (None, ())
    assert read.classes is not None
    assert sum(read.classes.predicted_counts) == 200


def test_any_change_after_sealing_is_seen() -> None:
    whole = content() | {"rows_are": "others"}
    assert "baseline was changed since it was made: its digest is not sha256:" in refusal(whole)


def test_spaces_and_the_order_of_keys_are_no_change() -> None:
    whole = content()
    turned = json.dumps(dict(reversed(whole.items())), indent=4).encode()
    assert baseline.read(turned) == opened(whole)


def test_a_file_of_version_1_is_refused_in_words() -> None:
    told = refusal(content() | {"schema_version": 1})
    assert told == "baseline has schema_version 1, expected 2: make it anew with python -m model.baseline"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(b"{", "baseline is no JSON", id="half a file"),
        pytest.param(b"\xff\xfe", "baseline is no JSON", id="no text"),
        pytest.param(b"[" * 100_000, "baseline is no JSON", id="nested without end"),
        pytest.param(b"[1]", "baseline is no JSON object", id="a list"),
        pytest.param(
            b" " * (4 * 1024 * 1024 + 1), "baseline is 4194305 bytes long, and at most 4194304 are read", id="long"
        ),
    ],
)
def test_what_is_no_baseline_at_all_is_told(text: bytes, told: str) -> None:
    assert refusal(text) == told


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        pytest.param("rows", "many", "rows: input should be a valid integer", id="a word for a number"),
        pytest.param("rowz", 1, "rowz: extra inputs are not permitted", id="an unknown key"),
        pytest.param("features.0.edges", [2.0, 1.0], "features.0: edges do not ascend", id="edges"),
        pytest.param(
            "features.0.counts", [200], "features.0: 1 counts do not fit 9 edges, one more was expected", id="counts"
        ),
        pytest.param(
            "features.0.observations", 7, "features.0: counts add up to 200, and observations are 7", id="observations"
        ),
        pytest.param(
            "features.0.missing",
            3,
            "feature 'mean_intensity' has 200 observations and 3 missing, and rows are 200",
            id="rows",
        ),
        pytest.param("features.0.lower_bound", 1e9, "features.0: lower_bound is above upper_bound", id="bounds"),
        pytest.param(
            "features.0.mean",
            -1e9,
            "features.0: mean is outside the bounds, into which values are brought first",
            id="mean",
        ),
        pytest.param("features.0.name", "x", "features are 'x', 'contrast'", id="another feature"),
        pytest.param("features", [], "features are none, and the input has 'mean_intensity'", id="no features"),
        pytest.param(
            "input.height",
            7,
            "input.image: rows of shape [5, 4] are no images of 7 by 4 pixels with 1 channels",
            id="shape",
        ),
        pytest.param("classes.predicted_counts", [1, 2], "classes: 2 counts do not fit 3 classes", id="classes"),
        pytest.param("classes.names", ["a", "a", "b"], "classes: two classes have one name", id="names"),
        pytest.param("output.columns", 4, "3 classes do not fit an output of 4 columns", id="columns"),
        pytest.param("confidence", None, "output and confidence go together, and one of them is missing", id="half"),
        pytest.param("margin.bounds", [1.0], "margin: bounds are [1.0], expected [0.1, 0.2,", id="other bounds"),
        pytest.param("calibration.confidence", [1.0, 0.0], "calibration: confidence does not ascend", id="knots"),
        pytest.param(
            "calibration.probability_correct", [1.0, 0.0], "calibration: probability_correct descends", id="chances"
        ),
        pytest.param(
            "quality.accuracy_ratio", 1.5, "quality.accuracy_ratio: input should be less than or equal to 1", id="ratio"
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(path: str, value: object, told: str) -> None:
    assert refusal(changed(path, value)).startswith(f"baseline is not valid: {told}")


def spec(name: str, datatype: str, *shape: int) -> dict[str, TensorSpec]:
    return {name: TensorSpec(name, datatype, shape)}


RIGHT = (spec("image", "UINT8", -1, 5, 4), spec("scores", "FP32", -1, 3))


@pytest.mark.parametrize(
    "inputs", [RIGHT[0], spec("image", "FP32", -1, -1, -1), {"image": TensorSpec("image", "UINT8", None)}]
)
def test_a_baseline_fits_its_own_model_and_one_with_open_dimensions(inputs: dict[str, TensorSpec]) -> None:
    baseline.check_fits(opened(content()), inputs, RIGHT[1])


@pytest.mark.parametrize(
    ("inputs", "outputs", "told"),
    [
        pytest.param(
            spec("x", "UINT8", -1, 5, 4),
            RIGHT[1],
            "baseline is of another model: it reads input 'image', and the model has 'x'",
            id="input",
        ),
        pytest.param(
            spec("image", "UINT8", -1, 28, 28),
            RIGHT[1],
            "baseline is of another model: rows of its input 'image' have shape [5, 4], and the model's [28, 28]",
            id="shape",
        ),
        pytest.param(
            spec("image", "BYTES", -1),
            RIGHT[1],
            "baseline reads input 'image' as numbers, and the model takes BYTES there",
            id="texts",
        ),
        pytest.param(
            RIGHT[0],
            spec("y", "FP32", -1, 3),
            "baseline is of another model: it reads output 'scores', and the model has 'y'",
            id="output",
        ),
        pytest.param(
            RIGHT[0],
            spec("scores", "FP32", -1, 10),
            "baseline is of another model: rows of its output 'scores' have shape [3], and the model's [10]",
            id="classes",
        ),
        pytest.param(
            RIGHT[0],
            spec("scores", "INT64", -1, 3),
            "baseline reads output 'scores' as scores, and it is INT64",
            id="numbers",
        ),
    ],
)
def test_a_baseline_of_another_model_is_told(
    inputs: dict[str, TensorSpec], outputs: dict[str, TensorSpec], told: str
) -> None:
    with pytest.raises(BaselineError) as raised:
        baseline.check_fits(opened(content()), inputs, outputs)
    assert str(raised.value) == told


def test_columns_are_read_of_several_inputs() -> None:
    columns = ColumnsInput(
        columns=(Column(feature="age", input="age"), Column(feature="income", input="money", shape=(2, 2), index=3))
    )
    inputs = {"age": np.arange(50), "money": RANDOM.normal(size=(50, 2, 2))}
    read = opened(sealed(described_features(inputs, columns)))
    assert [feature.definition for feature in read.features] == ["input 'age'", "input 'money' at [1, 1]"]
    baseline.check_fits(read, spec("age", "INT64", -1) | spec("money", "FP64", -1, 2, 2), {})


def test_an_output_that_is_watched_is_looked_for_among_the_outputs() -> None:
    columns = ColumnsInput(columns=(Column(feature="price", input="y", shape=(1,), of="output"),))
    read = opened(sealed(described_features({"y": RANDOM.normal(size=(50, 1))}, columns)))
    assert [feature.definition for feature in read.features] == ["output 'y' at [0]"]
    baseline.check_fits(read, {}, spec("y", "FP32", -1, 1))
    with pytest.raises(baseline.BaselineError, match="it reads output 'y', and the model has none"):
        baseline.check_fits(read, spec("y", "FP32", -1, 1), {})


def test_an_input_and_an_output_of_one_name_are_not_watched_together() -> None:
    columns = (Column(feature="a", input="y"), Column(feature="b", input="y", of="output"))
    with pytest.raises(ValueError, match="an output that is called as an input"):
        ColumnsInput(columns=columns)
