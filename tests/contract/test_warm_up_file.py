"""The requests that a SavedModel brings along for TF Serving warm it up here too."""

import shutil
from math import inf
from pathlib import Path

import numpy as np
import pytest

from serving.latency import LatencyTable
from serving.saved_model import SavedModel
from serving.warm_up import warm_up
from serving.warm_up_file import MAX_RECORDS, PLACE, read_warm_up_file


def test_what_fits_the_signature_is_read_and_the_rest_is_counted(zoo: Path) -> None:
    found = read_warm_up_file(zoo / "warmed", SavedModel(zoo / "warmed").signature)
    assert found is not None
    assert [request["x"].tolist() for request in found.requests] == [[1, 2], [3], [4]]
    assert found.requests[0]["x"].dtype == np.float32
    assert found.passed_over == 6
    assert found.reason == "unknown input 'z', expected 'x'"


def test_a_model_that_refuses_zeros_is_timed_with_them(zoo: Path) -> None:
    model = SavedModel(zoo / "warmed")
    found = read_warm_up_file(zoo / "warmed", model.signature)
    assert found is not None
    latency = LatencyTable((1, 2, 4))
    warmth = warm_up(model.run, model.signature, latency, (1, 2, 4), found.requests)
    assert (warmth.is_batched, warmth.note, warmth.replayed) == (True, "", 3)
    assert latency.seconds(4) < inf


def test_a_model_without_such_a_file_has_none(zoo: Path) -> None:
    assert read_warm_up_file(zoo / "dense", SavedModel(zoo / "dense").signature) is None


@pytest.mark.parametrize(
    ("keep", "requests"),
    [pytest.param(0.5, True, id="cut in the middle"), pytest.param(0, False, id="no record at all")],
)
def test_a_damaged_file_gives_what_can_be_read(zoo: Path, tmp_path: Path, keep: float, *, requests: bool) -> None:
    whole = (zoo / "warmed" / PLACE).read_bytes()
    (tmp_path / PLACE).parent.mkdir()
    (tmp_path / PLACE).write_bytes(whole[: int(len(whole) * keep)] + b"noise" * 10)
    found = read_warm_up_file(tmp_path, SavedModel(zoo / "warmed").signature)
    assert found is not None
    assert bool(found.requests) is requests
    assert found.passed_over > 0


def test_no_more_is_read_than_tf_serving_reads(zoo: Path, tmp_path: Path) -> None:
    (tmp_path / PLACE).parent.mkdir()
    shutil.copy(zoo / "warmed" / PLACE, tmp_path / PLACE)
    with (tmp_path / PLACE).open("ab") as file:
        file.write((zoo / "warmed" / PLACE).read_bytes() * 150)
    found = read_warm_up_file(tmp_path, SavedModel(zoo / "warmed").signature)
    assert found is not None
    assert len(found.requests) + found.passed_over == MAX_RECORDS
