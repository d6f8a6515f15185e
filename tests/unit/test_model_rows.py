"""What is known of a version's rows is looked up, and whatever is wrong with it keeps no version from being served."""

from pathlib import Path

import numpy as np
import pytest

from serving import logs
from serving.model_rows import ModelRows, look_up
from serving.settings import Monitor
from serving.signature import Signature, Tensors, TensorSpec

SIGNATURE = Signature("s", (TensorSpec("x", "FP32", (-1, 2)),), (TensorSpec("y", "FP32", (-1, 3)),), is_batched=True)


def thirds(_: Tensors) -> Tensors:
    return {"y": np.full((1, 3), 1 / 3, np.float32)}


def refusing(_: Tensors) -> Tensors:
    raise ValueError("not such rows")


def scalar(_: Tensors) -> Tensors:
    return {"y": "no array"}  # type: ignore[dict-item]


def test_without_a_baseline_the_model_is_tried(tmp_path: Path) -> None:
    rows = look_up("m", "1", tmp_path, SIGNATURE, thirds, Monitor())
    assert rows.baseline is None
    assert rows.classifier is not None
    assert rows.classifier.output == "y"


def test_a_model_that_refuses_what_it_is_tried_with_has_no_classes(tmp_path: Path) -> None:
    assert look_up("m", "1", tmp_path, SIGNATURE, refusing, Monitor()) == ModelRows()


@pytest.mark.parametrize(
    ("run", "settings"), [(scalar, Monitor()), (thirds, Monitor(baseline="no\0name"))], ids=["answer", "path"]
)
def test_a_fault_in_looking_is_told_and_costs_no_version(
    run: object, settings: Monitor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logs.logger.name):
        assert look_up("m", "1", tmp_path, SIGNATURE, run, settings) == ModelRows()  # type: ignore[arg-type]
    assert [record.getMessage() for record in caplog.records] == ["monitor_failed"]
