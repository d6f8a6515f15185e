"""Running every batch size before the first caller does, and what is learned from it."""

from collections.abc import Callable
from math import inf

import numpy as np
import pytest

from serving.datatypes import BYTES, DTYPES
from serving.errors import InvalidRequest, ModelFailed
from serving.latency import LatencyTable
from serving.schedule import buckets_up_to
from serving.signature import Signature, Tensors, TensorSpec
from serving.warm_up import TIMED_RUNS, synthetic, warm_up

BUCKETS = buckets_up_to(4)
ROWS = Signature(
    "s",
    (TensorSpec("x", "FP32", (-1, 2)), TensorSpec("text", BYTES, (-1, -1))),
    (TensorSpec("y", "FP32", (-1,)),),
    is_batched=True,
)
NO_ROWS = Signature("s", (TensorSpec("x", "FP32", None),), (TensorSpec("y", "FP32", ()),), is_batched=False)


class Recording:
    """Gives a row for each row, and remembers how many there were."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def __call__(self, tensors: Tensors) -> Tensors:
        rows = tensors["x"].shape[0] if tensors["x"].ndim else 0
        self.rows.append(rows)
        return {"y": np.zeros(rows)}


def test_every_bucket_is_run_and_its_time_is_known() -> None:
    model, latency = Recording(), LatencyTable(BUCKETS)
    warmth = warm_up(model, ROWS, latency, BUCKETS)
    assert warmth.is_batched
    assert warmth.note == ""
    assert sorted(set(model.rows)) == list(BUCKETS)
    # Then two rows, alone twice and together once, to see that they do not touch each other.
    assert model.rows[len(BUCKETS) * (1 + TIMED_RUNS) :] == [1, 1, 1, 1, 2]
    assert all(0 <= latency.seconds(bucket) <= warmth.seconds for bucket in BUCKETS)


def test_a_model_without_rows_is_run_once_for_all() -> None:
    model, latency = Recording(), LatencyTable((1,))
    assert not warm_up(model, NO_ROWS, latency, (1,)).is_batched
    assert latency.seconds(1) < inf


def test_outputs_that_are_no_rows_end_batching() -> None:
    latency = LatencyTable(BUCKETS)
    warmth = warm_up(lambda tensors: {"y": np.zeros(1)}, ROWS, latency, BUCKETS)
    assert not warmth.is_batched
    assert warmth.note == "output 'y' does not have a row for each row of the input, so requests run alone"


@pytest.mark.parametrize(
    "outputs",
    [
        pytest.param(lambda x: {"y": np.cumsum(x, axis=0)}, id="a running sum"),
        pytest.param(lambda x: {"y": x - x.mean(axis=0)}, id="a mean over the batch"),
        pytest.param(lambda x: {"y": np.cumsum(x, axis=0).astype(np.int64)}, id="a running sum of whole numbers"),
        pytest.param(lambda x: {"y": np.cumsum(x, axis=0).astype(DTYPES["BF16"])}, id="a running sum in BF16"),
    ],
)
def test_rows_that_touch_each_other_end_batching(outputs: Callable[[np.ndarray], Tensors]) -> None:
    warmth = warm_up(lambda tensors: outputs(tensors["x"]), ROWS, LatencyTable(BUCKETS), BUCKETS)
    assert not warmth.is_batched
    assert warmth.note == "the outputs of a row depend on the rows beside it, so requests run alone"


def test_a_last_digit_and_a_tie_between_classes_do_not_end_batching() -> None:
    def model(tensors: Tensors) -> Tensors:
        rows = len(tensors["x"])
        return {"scores": tensors["x"] * (1 + 1e-6 * rows), "class": np.full(rows, rows)}

    assert warm_up(model, ROWS, LatencyTable(BUCKETS), BUCKETS).is_batched


def test_a_model_that_draws_lots_is_believed() -> None:
    lots = iter(np.random.default_rng(1).random(1000))
    warmth = warm_up(lambda tensors: {"y": tensors["x"] * next(lots)}, ROWS, LatencyTable(BUCKETS), BUCKETS)
    assert warmth.is_batched


def test_a_model_that_takes_one_row_and_refuses_more_is_not_batched() -> None:
    def one_row_only(tensors: Tensors) -> Tensors:
        if tensors["x"].shape[0] > 1:
            raise InvalidRequest("cannot reshape")
        return {"y": np.zeros(1)}

    warmth = warm_up(one_row_only, ROWS, LatencyTable(BUCKETS), BUCKETS)
    assert not warmth.is_batched
    assert "cannot reshape" in warmth.note


def test_a_model_that_refuses_made_up_rows_may_still_be_batched() -> None:
    def not_zero(tensors: Tensors) -> Tensors:
        raise InvalidRequest("zero is no input")

    latency = LatencyTable(BUCKETS)
    warmth = warm_up(not_zero, ROWS, latency, BUCKETS)
    assert warmth.is_batched
    assert warmth.note == "warm-up input was refused: zero is no input"
    assert latency.seconds(1) == inf


def test_a_model_that_fails_is_not_served() -> None:
    def broken(tensors: Tensors) -> Tensors:
        raise ModelFailed("no such kernel")

    with pytest.raises(ModelFailed):
        warm_up(broken, ROWS, LatencyTable(BUCKETS), BUCKETS)


@pytest.mark.parametrize("datatype", DTYPES)
def test_made_up_rows_fit_the_signature(datatype: str) -> None:
    spec = TensorSpec("x", datatype, (-1, 3, -1))
    tensor = synthetic(Signature("s", (spec,), (spec,), is_batched=True), 5)["x"]
    assert tensor.dtype == spec.dtype
    assert tensor.shape == (5, 3, 1)
    assert set(tensor.ravel().tolist()) == ({b""} if datatype == BYTES else {0})


def test_what_is_made_up_for_any_rank_is_a_scalar() -> None:
    assert synthetic(NO_ROWS, 1)["x"].shape == ()


# With requests that the model brings along


def request(*values: float, width: int = 2) -> Tensors:
    count = len(values)
    return {
        "x": np.repeat(np.array(values, np.float32)[:, np.newaxis], width, axis=1),
        "text": np.full((count, 1), b"a", dtype=object),
    }


class Keeping:
    """Gives a row for each row, and keeps every batch."""

    def __init__(self) -> None:
        self.batches: list[list[float]] = []

    def __call__(self, tensors: Tensors) -> Tensors:
        if (tensors["x"] < 0).any():
            raise InvalidRequest("a negative number has no root")
        self.batches.append(tensors["x"][:, 0].tolist())
        return {"y": tensors["x"][:, 0] * 2}


def test_every_bucket_is_filled_with_rows_of_the_requests() -> None:
    model = Keeping()
    warmth = warm_up(model, ROWS, LatencyTable(BUCKETS), BUCKETS, [request(1, 2), request(-1), request(3)])
    assert warmth.is_batched
    assert warmth.replayed == 2
    assert model.batches[:2] == [[1, 2], [3]]
    assert model.batches[2::4][: len(BUCKETS)] == [[1], [1, 2], [1, 2, 3, 1]]
    # And so is the trial whether rows touch each other.
    assert model.batches[-5:] == [[1], [2], [1], [2], [1, 2]]


def test_rows_of_one_shape_share_a_batch_and_each_shape_is_run_once() -> None:
    model = Keeping()
    warm_up(model, ROWS, LatencyTable(BUCKETS), BUCKETS, [request(1, width=3), request(2, 3), request(4)])
    assert model.batches[:3] == [[1], [2, 3], [4]]
    assert model.batches[-1] == [2, 3]


def test_requests_that_the_model_refuses_leave_made_up_rows() -> None:
    model = Keeping()
    warmth = warm_up(model, ROWS, LatencyTable(BUCKETS), BUCKETS, [request(-1)])
    assert warmth.replayed == 0
    assert model.batches[0] == [0]


def test_a_model_that_refuses_made_up_rows_is_timed_with_real_ones() -> None:
    def positive(tensors: Tensors) -> Tensors:
        if (tensors["x"] <= 0).any():
            raise InvalidRequest("only what is above zero has a logarithm")
        return {"y": tensors["x"][:, 0]}

    latency = LatencyTable(BUCKETS)
    warmth = warm_up(positive, ROWS, latency, BUCKETS, [request(1)])
    assert (warmth.is_batched, warmth.note) == (True, "")
    assert latency.seconds(BUCKETS[-1]) < inf


def test_a_model_without_rows_is_warmed_up_with_each_request() -> None:
    runs: list[float] = []

    def model(tensors: Tensors) -> Tensors:
        runs.append(float(tensors["x"]))
        return {"y": tensors["x"]}

    asked = [{"x": np.array(value, np.float32)} for value in (1, 2)]
    assert warm_up(model, NO_ROWS, LatencyTable((1,)), (1,), asked).replayed == 2
    assert runs[:2] == [1, 2]
