"""Train, export and evaluate on a handful of rows: what is promised, and what is left when it fails.

Two starts of TensorFlow serve all tests: `python -m model.train` as a user
types it, and `trainings.py` with every other case. MNIST is taken where it can
be had, else the small digits: nothing here depends on how good a model is.
"""

import csv
import gzip
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import data, idx, links
from model.idx import PARTS
from model.links import Arrays
from monitoring import baseline

ROOT = Path(__file__).parent.parent.parent
TRAIN = (sys.executable, "-m", "model.train")
TRIAL = ("--rows", "600", "--epochs", "2", "--seed", "7", "--allow-fallback")
SECONDS = 180

Json = dict[str, Any]

# Other processes of the machine may hold the processor while TensorFlow starts twice.
pytestmark = pytest.mark.timeout(2 * SECONDS)


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# Importing TensorFlow elsewhere in this run sets how much it says, which a user's shell does not.
SHELL = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """The command, typed into an empty folder."""
    work = tmp_path_factory.mktemp("trained")
    return subprocess.run(
        [*TRAIN, *TRIAL],
        cwd=work,
        env=SHELL | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


@pytest.fixture(scope="module")
def version(trained: subprocess.CompletedProcess[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert trained.returncode == 0, trained.stderr
    return tmp_path_factory.getbasetemp() / "trained0" / "models" / "mnist" / "1"


@pytest.fixture(scope="module")
def cases(version: Path, tmp_path_factory: pytest.TempPathFactory) -> Json:
    folder = tmp_path_factory.mktemp("cases")
    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.trainings", str(folder), str(version), *TRIAL],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    outcome: Json = json.loads(done.stdout) | {"report": json.loads((folder / "report.json").read_text())}
    return outcome


def asset(version: Path, name: str) -> Json:
    content: Json = json.loads((version / "assets.extra" / name).read_text())
    return content


def test_the_command_tells_where_the_model_is_and_how_good(
    trained: subprocess.CompletedProcess[str], version: Path
) -> None:
    where, accuracy = trained.stdout.splitlines()
    assert where == "model: models/mnist/1"
    assert accuracy.startswith(f"test accuracy: {asset(version, 'model_card.json')['metrics']['accuracy']:.4f} on 100")


def test_nothing_but_the_version_folder_is_written(version: Path) -> None:
    assert everything_in(version.parent.parent.parent) == [
        "models",
        "models/mnist",
        "models/mnist/1",
        *(f"models/mnist/1/{name}" for name in everything_in(version)),
    ]
    assert everything_in(version / "assets.extra") == [
        "baseline.json",
        "confusion.png",
        "curves.png",
        "history.csv",
        "model_card.json",
    ]


def test_the_version_folder_can_be_read_by_the_server_s_user(version: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)
    assert version.stat().st_mode & 0o777 == 0o777 & ~umask


def test_the_terminal_is_spared_the_remarks_of_tensorflow(trained: subprocess.CompletedProcess[str]) -> None:
    assert "oneDNN" not in trained.stderr
    assert "NodeDef" not in trained.stderr


@pytest.mark.parametrize("model", ["command", "cnn"])
def test_the_signature_is_the_promised_one(cases: Json, model: str) -> None:
    seen = cases["models"][model]
    assert seen["signatures"] == ["serving_default"]
    assert seen["inputs"] == {"image": "uint8 (None, 28, 28)"}
    assert seen["outputs"] == {"probabilities": "float32 (None, 10)", "digit": "int64 (None,)"}
    assert [sum(row) for row in seen["probabilities"]] == pytest.approx([1.0, 1.0])
    assert seen["digit"] == [int(np.argmax(row)) for row in seen["probabilities"]]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(cases: Json) -> None:
    models = cases["models"]
    assert models["command"]["weights"] == models["same"]["weights"]
    assert models["command"]["weights"].keys() == models["other"]["weights"].keys()
    assert models["command"]["weights"] != models["other"]["weights"]


def test_the_card_tells_where_the_model_comes_from(version: Path) -> None:
    card = asset(version, "model_card.json")
    assert (card["name"], card["version"]) == ("mnist", 1)
    assert card["data"]["rows"] == {"train": 550, "validation": 50, "test": 100}
    assert card["data"]["link"]
    if card["data"]["is_mnist"]:
        assert card["data"]["sha256"] == {part.file: part.sha256 for part in PARTS.values()}
    assert card["versions"].keys() == {"python", "tensorflow", "keras", "numpy"}
    assert (card["hyperparameters"]["network"], card["hyperparameters"]["seed"]) == ("mlp", 7)
    assert card["training_seconds"] > 0
    assert len(card["metrics"]["classes"]) == 10
    assert sum(map(sum, card["metrics"]["confusion"])) == card["metrics"]["rows"] == 100


def test_the_baseline_is_of_the_test_rows_and_signed(version: Path) -> None:
    described = asset(version, "baseline.json")
    baseline.read((version / "assets.extra" / "baseline.json").read_bytes())
    assert described["rows"] == 100
    assert described["quality"]["accuracy_ratio"] == asset(version, "model_card.json")["metrics"]["accuracy"]
    assert described["digest"] == baseline.digest(described)


def test_the_history_has_a_line_per_epoch(version: Path) -> None:
    with (version / "assets.extra" / "history.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["epoch"] for line in lines] == ["1", "2"]
    assert all(0 < float(line[f"{rows}accuracy"]) <= 1 for line in lines for rows in ("", "validation_"))


@pytest.mark.parametrize("picture", ["curves.png", "confusion.png"])
def test_the_pictures_are_pictures(version: Path, picture: str) -> None:
    assert (version / "assets.extra" / picture).read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("diverging", "the loss became (inf|nan) in epoch [0-9]+ by step [0-9]+: lower --learning-rate"),
        ("full-disk", ".*full-disk/models/1 could not be written: File too large$"),
        ("no-data", "there is no .*nowhere"),
        ("damaged-data", "train-images-idx3-ubyte is damaged: it has 1,000 bytes uncompressed, .*"),
    ],
)
def test_a_run_that_fails_says_why_in_one_line_and_leaves_nothing(cases: Json, case: str, sentence: str) -> None:

    ended = cases[case]
    last = ended["stderr"].splitlines()[-1]
    assert ended["status"] == 2
    assert re.match(f"error: {sentence}", last), last
    assert "Traceback" not in ended["stderr"]
    assert ended["stdout"] == ""
    assert ended["left"] == []


def test_an_existing_version_is_refused_before_any_work(cases: Json) -> None:
    taken = cases["taken"]
    assert taken["status"] == 2
    assert taken["stderr"].startswith("error: ")
    assert "same/1 exists already" in taken["stderr"]


def test_an_interrupted_run_is_status_130_and_leaves_nothing(cases: Json) -> None:
    interrupted = cases["interrupted"]
    assert interrupted["status"] == 130
    assert interrupted["stderr"].splitlines()[-1] == "interrupted: nothing half-written is left behind"
    assert interrupted["left"] == []


def test_a_model_that_reaches_the_thresholds_is_status_0(cases: Json) -> None:
    good = cases["good enough"]
    assert good["status"] == 0, good
    assert "FAILED" not in good["stdout"]
    assert "0 rows gained and 0 lost" in good["stdout"]
    assert cases["report"]["passed"] is True
    assert len(cases["report"]["metrics"]["classes"]) == 10
    assert cases["report"]["comparison"] == {"lost_rows": 0, "gained_rows": 0, "p_value": 1.0}


def test_a_model_below_a_threshold_is_status_1_and_says_which(cases: Json) -> None:
    bad = cases["not good enough"]
    assert bad["status"] == 1
    assert "FAILED: accuracy" in bad["stdout"]


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("broken signature", "float32 [-1, 10]; found x float32 [-1] to y float32 [-1]"),
        ("broken name", "expected serving_default; found something_else"),
        ("broken truncated", "is not a readable SavedModel"),
    ],
)
def test_a_model_of_something_else_is_status_2_and_says_what_it_is(cases: Json, case: str, sentence: str) -> None:
    ended = cases[case]
    assert ended["status"] == 2
    assert sentence in ended["stderr"].splitlines()[-1]
    assert "Traceback" not in ended["stderr"]


@pytest.fixture(scope="module")
def mnist(version: Path) -> Arrays:
    """The real images, which a run before has put into the cache."""
    if not asset(version, "model_card.json")["data"]["is_mnist"]:
        pytest.skip("MNIST can be had neither from the cache nor over the network")
    return links.from_folder(data.cache_folder())


def write_npz(arrays: Arrays, folder: Path) -> Path:
    path = folder / "mnist.npz"
    np.savez(
        path,
        x_train=arrays["train_images"],
        y_train=arrays["train_labels"],
        x_test=arrays["test_images"],
        y_test=arrays["test_labels"],
    )
    return path


def write_zipped_folder(arrays: Arrays, folder: Path) -> Path:
    for name, part in PARTS.items():
        with gzip.open(folder / f"{part.file}.gz", "wb", compresslevel=1) as file:
            file.write(idx.encode(part, arrays[name]))
    return folder


@pytest.mark.parametrize("write", [write_npz, write_zipped_folder])
def test_real_images_come_back_from_every_form(
    mnist: Arrays, tmp_path: Path, write: Callable[[Arrays, Path], Path]
) -> None:
    again = links.from_path(write(mnist, tmp_path))
    assert all(np.array_equal(again[name], mnist[name]) for name in PARTS)


def test_real_images_come_back_from_the_package(mnist: Arrays, tmp_path: Path) -> None:
    package = tmp_path / "package.tgz"
    files = write_plain_folder(mnist, tmp_path / "data")
    with tarfile.open(package, "w:gz", compresslevel=1) as archive:
        archive.add(files, "package/data")
    again = links.from_tarball(package)
    assert all(np.array_equal(again[name], mnist[name]) for name in PARTS)


def write_plain_folder(arrays: Arrays, folder: Path) -> Path:
    folder.mkdir()
    for name, part in PARTS.items():
        (folder / part.file).write_bytes(idx.encode(part, arrays[name]))
    return folder
