"""The short way into a graph answers as the long one does, or is not taken."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.direct_call import direct_call
from serving.errors import InvalidRequest, ModelFailed
from serving.saved_model import SavedModel
from serving.signature import Tensors
from serving.warm_up import synthetic
from tests.strategies import assert_same


@pytest.mark.parametrize(
    "model",
    ["dense", "image", "two_inputs", "echo", "text", "one_word", "open_length", "fixed_matrix", "scalar", "mean"]
    + ["constant", "any_rank_in", "any_rank_out", "root", "positive", "other_name", "tensorflow_1"],
)
def test_both_ways_give_the_same_answer_to_the_last_bit(zoo: Path, model: str) -> None:
    loaded = SavedModel(zoo / model)
    loaded.shorten()
    assert loaded.direct is not None
    rows = 3 if loaded.signature.is_batched else 1
    asked = synthetic(loaded.signature, rows, 1)
    short, long = loaded.direct(asked), loaded.run_publicly(asked)
    assert short.keys() == long.keys()
    for name, expected in long.items():
        assert_same(short[name], expected)


def test_a_model_that_refuses_made_up_rows_is_called_the_public_way(zoo: Path) -> None:
    loaded = SavedModel(zoo / "broken")
    loaded.shorten()
    assert loaded.direct is None
    with pytest.raises(ModelFailed):
        loaded.run({"x": np.array([1], np.float32)})


def test_an_answer_that_differs_from_the_public_one_means_the_public_way(zoo: Path) -> None:
    loaded = SavedModel(zoo / "dense")

    def other(tensors: Tensors) -> Tensors:
        return {name: array + 1 for name, array in loaded.run_publicly(tensors).items()}

    assert direct_call(loaded.public, other, loaded.signature.inputs) is None


@pytest.mark.parametrize("missing", ["_inference_function", "captured_inputs", "structured_outputs", "function_type"])
def test_a_tensorflow_that_lacks_what_is_needed_means_the_public_way(zoo: Path, missing: str) -> None:
    loaded = SavedModel(zoo / "dense")

    class Other:
        def __getattr__(self, name: str) -> Any:
            if name == missing:
                raise AttributeError(name)
            return getattr(loaded.public, name)

    assert direct_call(Other(), loaded.run_publicly, loaded.signature.inputs) is None


def test_several_threads_at_once_each_get_their_own_answer(zoo: Path) -> None:
    loaded = SavedModel(zoo / "dense")

    def ask(number: int) -> list[list[float]]:
        outputs = loaded.run({"x": np.full((2, 3), number, np.float32)})
        return outputs["y"].tolist()  # type: ignore[no-any-return]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, range(400)))
    assert answers == [[[2.0 * number] * 2] * 2 for number in range(400)]


def test_an_output_may_be_changed_without_changing_the_model_or_what_was_asked(zoo: Path) -> None:
    loaded = SavedModel(zoo / "open_length")
    asked = np.ones((1, 2), np.float32)
    loaded.run({"x": asked})["same"][:] = 7
    assert asked.tolist() == [[1, 1]]


def test_what_the_graph_refuses_is_told_alike_on_both_ways(zoo: Path) -> None:
    loaded = SavedModel(zoo / "dense")
    loaded.shorten()
    strange = {"x": np.ones((1, 4), np.float32)}
    with pytest.raises(InvalidRequest) as short:
        loaded.run(strange)
    loaded.direct = None
    with pytest.raises(InvalidRequest) as long:
        loaded.run(strange)
    assert str(short.value) == str(long.value)


def test_read_only_and_unaligned_bytes_are_taken_as_they_are(zoo: Path) -> None:
    raw = b"." + np.array([[1, 2, 3]], np.float32).tobytes()
    view = np.frombuffer(raw, np.float32, offset=1).reshape(1, 3)
    assert not view.flags.aligned or not view.flags.writeable
    assert SavedModel(zoo / "dense").run({"x": view})["y"].tolist() == [[4, 5]]
