"""`python -m model.baseline` on models and rows of users: what it writes, what it tells, and what it refuses.

One start of TensorFlow serves all tests: `baseline_cases.py` runs the command
for every case.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitoring import baseline
from monitoring.baseline import Baseline
from monitoring.features import ColumnsInput, ImageInput

ROOT = Path(__file__).parent.parent.parent
SECONDS = 180

Json = dict[str, Any]

# Other processes of the machine may hold the processor while TensorFlow starts.
pytestmark = pytest.mark.timeout(SECONDS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("baselines")


@pytest.fixture(scope="module")
def cases(folder: Path) -> Json:
    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.baseline_cases", str(folder)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("TF_")},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    found: Json = json.loads(done.stdout)
    return found


def written(cases: Json, case: str) -> Baseline:
    """The file of a case, as a server reads it."""
    assert cases[case]["status"] == 0, cases[case]["stderr"]
    return baseline.read(cases[case]["content"].encode())


def column(folder: Path, name: str) -> Any:
    with (folder / "rows.csv").open() as file:
        return np.array([float(row[name] or "nan") for row in csv.DictReader(file)])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_columns_of_a_table_are_watched_by_their_names(cases: Json, folder: Path, form: str) -> None:
    seen = written(cases, form)
    assert isinstance(seen.input, ColumnsInput)
    assert [(each.feature, each.input, each.index) for each in seen.input.columns] == [
        ("age", "x", 0),
        ("income", "x", 1),
        ("visits", "x", 2),
    ]
    for feature in seen.features:
        values = column(folder, feature.name).astype(np.float32).astype(np.float64)
        present = values[~np.isnan(values)]
        assert (feature.observations, feature.missing) == (len(present), len(values) - len(present))
        edges = [-np.inf, *feature.edges, np.inf]
        assert list(feature.counts) == np.histogram(present, edges)[0].tolist()
        within = present.clip(feature.lower_bound, feature.upper_bound)
        assert (feature.mean, feature.stddev) == pytest.approx((within.mean(), within.std()))


def test_csv_and_parquet_of_the_same_rows_make_the_same_file(cases: Json) -> None:
    files = [json.loads(cases[form]["content"]) for form in ("csv", "parquet")]
    for file in files:
        for name in ("digest", "rows_are"):
            del file[name]
        del file["calibration"]["fitted_on"]
    assert files[0] == files[1]


def test_classes_have_the_names_and_the_order_that_were_given(cases: Json, folder: Path) -> None:
    seen = written(cases, "csv")
    with (folder / "rows.csv").open() as file:
        bought = [row["bought"] for row in csv.DictReader(file)]
    assert seen.classes is not None
    assert seen.classes.names == ("no", "yes", "perhaps")
    assert seen.classes.label_counts == tuple(bought.count(name) for name in seen.classes.names)
    assert sum(seen.classes.predicted_counts) == seen.rows == 1_200


def test_labels_give_quality_and_a_calibration_judged_on_other_rows(cases: Json) -> None:
    seen = written(cases, "npz")
    assert seen.quality is not None
    assert seen.calibration is not None
    assert 0.4 < seen.quality.accuracy_ratio < 0.9
    assert [each.rows > 0 for each in seen.quality.classes] == [True] * 3
    assert seen.calibration.rows == 600
    assert abs(seen.calibration.gap_ratio) < 0.08


def test_without_labels_there_is_confidence_and_no_quality(cases: Json) -> None:
    seen = written(cases, "no labels")
    assert seen.confidence is not None
    assert (seen.quality, seen.calibration) == (None, None)
    assert "warning: there are no labels" in cases["no labels"]["stdout"]


def test_logits_say_the_same_as_their_probabilities(cases: Json) -> None:
    logits, probabilities = written(cases, "logits"), written(cases, "npz")
    assert logits.output is not None
    assert (logits.output.name, logits.output.kind) == ("scores", "logits")
    assert logits.classes == probabilities.classes
    assert logits.confidence is not None
    assert probabilities.confidence is not None
    assert logits.confidence.mean == pytest.approx(probabilities.confidence.mean, abs=1e-6)


def test_logits_without_labels_are_classes_only_if_the_user_says_so(cases: Json) -> None:
    assert written(cases, "logits unlabelled").output is None
    assert "no output holds classes" in cases["logits unlabelled"]["stdout"]
    said = written(cases, "logits said")
    assert said.output is not None
    assert said.output.kind == "logits"


def test_chosen_features_keep_their_order(cases: Json) -> None:
    assert [feature.name for feature in written(cases, "logits said").features] == ["x[1]", "x[0]"]


def test_a_regression_has_its_answers_among_its_features_and_no_classes(cases: Json) -> None:
    seen = written(cases, "regression")
    assert [feature.name for feature in seen.features] == ["age", "income", "visits", "price"]
    assert isinstance(seen.input, ColumnsInput)
    assert [each.of for each in seen.input.columns] == ["input", "input", "input", "output"]
    assert seen.features[3].definition == "output 'price' at [0]"
    assert (seen.classes, seen.confidence, seen.quality) == (None, None, None)
    assert "not used: id" in cases["regression"]["stdout"]


def test_of_several_inputs_the_numbers_are_watched_and_text_is_told(cases: Json) -> None:
    seen = written(cases, "named inputs")
    assert [feature.name for feature in seen.features] == ["area"]
    assert "text is not watched: city" in cases["named inputs"]["stdout"]


def test_images_are_summed_up_in_the_range_of_their_pixels(cases: Json) -> None:
    seen = written(cases, "images")
    assert isinstance(seen.input, ImageInput)
    assert (seen.input.height, seen.input.width, seen.input.channels) == (8, 8, 3)
    assert (seen.input.low, seen.input.high) == (0.0, 1.0)
    assert len(seen.features) == 7
    assert seen.features[0].mean == pytest.approx(0.5, abs=0.01)


def test_a_single_column_is_the_second_of_two_classes(cases: Json) -> None:
    seen = written(cases, "one column")
    assert seen.output is not None
    assert seen.classes is not None
    assert (seen.output.columns, seen.classes.names) == (1, ("0", "1"))


def test_a_model_with_a_fixed_batch_says_the_same(cases: Json) -> None:
    assert json.loads(cases["fixed batch"]["content"]) == json.loads(cases["npz"]["content"])


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("few rows", "warning: 300 rows are few: the noise floor is 0.11 of PSI"),
        ("named inputs", "warning: the calibration error is 0.30, above 0.1"),
        ("constant chosen", "warning: feature 'x[3]' is constant at 7: any other value will be out of range"),
        ("npz", "not watched, because all their values are alike: x[3]"),
        ("npz", "note: it holds for live traffic only if none of its rows was trained on"),
    ],
)
def test_what_is_doubtful_is_told(cases: Json, case: str, sentence: str) -> None:
    assert cases[case]["status"] == 0
    assert sentence in cases[case]["stdout"]


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("unknown column", "rows.csv: it has no column 'sold', only age, income, visits, constant, bought"),
        ("label out of range", "row 5 (the first is 0) has the label 9, and the model has the classes 0 to 2"),
        ("unknown name", "row 0 (the first is 0) has the label"),
        ("wrong shape", "the input x float32 [-1, 4] does not fit float32 [1200, 5]"),
        ("refused row", "the model refuses row 777 (the first is 0): assertion failed: [too old]"),
        ("no file", "nowhere.csv: there is no such file"),
        ("wrong format", "its name ends in .txt, and what can be read is .npz, .csv, .parquet"),
        ("damaged npz", "it is no npz file, as numpy.savez writes them"),
        ("damaged parquet", "it cannot be read as parquet"),
        ("nothing finite chosen", "feature 'x[1]' has no finite value in 1,200 rows: leave it out with --features"),
        ("too few rows", "10 rows are too few for a baseline: at least 100 are needed"),
        ("unknown feature", "--features names 'height', and what can be watched is x[0], x[1], x[2], x[3]"),
        ("unknown output", "the model has no output 'y', only p"),
        ("unknown input", "--input names 'y', and the model takes x float32 [-1, 4]"),
        ("unknown kind", "output 'price' holds no probabilities"),
        ("text for numbers", "'age' holds text, and the input 'x' takes numbers"),
        ("no model", "nowhere is not a readable SavedModel: there is no such folder"),
        ("no folder", "b.json could not be written: No such file or directory"),
        ("lengths differ", "'x' has 1,200 rows and 'labels' 1,199"),
        ("only NaN", "the model answers 1,200 of 1,200 rows with NaN or infinity"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_written(cases: Json, case: str, sentence: str) -> None:
    ended = cases[case]
    assert ended["status"] == 2
    last = ended["stderr"].splitlines()[-1]
    assert last.startswith("error: ")
    assert sentence in last
    assert "Traceback" not in ended["stderr"]
    assert ended["content"] is None
    assert ended["left"] == []
