"""Real exports, loaded and run by the parts that serve them, without a socket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Histogram

from serving.batched_model import BatchedModel
from serving.call import Call
from serving.device import Device, Runner
from serving.endpoint import DirectEndpoint
from serving.errors import InvalidRequest, ModelFailed, StartupError
from serving.latency import LatencyTable
from serving.metrics import Metrics, ModelMetrics
from serving.model_folder import find_versions
from serving.saved_model import SavedModel
from serving.schedule import buckets_up_to
from serving.settings import Batch, Settings
from serving.warm_up import Warmth, warm_up
from tests.contract.zoo import SLOW_SECONDS

BUCKETS = buckets_up_to(8)


def batched(zoo: Path, model: str) -> tuple[Warmth, LatencyTable]:
    loaded = SavedModel(zoo / model)
    latency = LatencyTable(BUCKETS)
    return warm_up(loaded.run, loaded.signature, latency, BUCKETS), latency


class TestSignature:
    @pytest.mark.parametrize(
        ("model", "inputs", "outputs", "is_batched"),
        [
            ("dense", {"x": ("FP32", (-1, 3))}, {"y": ("FP32", (-1, 2))}, True),
            (
                "two_inputs",
                {"count": ("INT32", (-1, 2)), "price": ("FP32", (-1,))},
                {"cost": ("FP32", (-1, 2)), "pieces": ("INT32", (-1,))},
                True,
            ),
            ("text", {"text": ("BYTES", (-1,))}, {"shouted": ("BYTES", (-1,)), "length": ("INT32", (-1,))}, True),
            ("fixed_matrix", {"x": ("FP32", (2, 3))}, {"y": ("FP32", (3, 2))}, False),
            ("scalar", {"x": ("FP32", ())}, {"y": ("FP32", ())}, False),
            ("mean", {"x": ("FP32", (-1, 2))}, {"mean": ("FP32", (2,))}, False),
            ("any_rank_in", {"x": ("FP32", None)}, {"y": ("FP32", None)}, False),
            ("tensorflow_1", {"x": ("FP32", (-1, 3))}, {"y": ("FP32", (-1, 2))}, True),
        ],
    )
    def test_is_what_was_exported(
        self, zoo: Path, model: str, inputs: dict[str, Any], outputs: dict[str, Any], is_batched: bool
    ) -> None:
        signature = SavedModel(zoo / model).signature
        assert {spec.name: (spec.datatype, spec.shape) for spec in signature.inputs} == inputs
        assert {spec.name: (spec.datatype, spec.shape) for spec in signature.outputs} == outputs
        assert signature.is_batched == is_batched

    def test_is_the_only_one_where_none_was_asked_for(self, zoo: Path) -> None:
        assert SavedModel(zoo / "other_name").signature.name == "classify"

    def test_is_the_one_that_was_asked_for(self, zoo: Path) -> None:
        assert SavedModel(zoo / "two_signatures", "double").signature.name == "double"


class TestFoldersThatCannotBeServed:
    @pytest.mark.parametrize(
        ("model", "signature", "sentence"),
        [
            ("damaged", "serving_default", "cannot be loaded"),
            ("two_signatures", "triple", "no signature 'triple'; it has 'double', 'serving_default'"),
            ("other_name", "double", "no signature 'double'; it has 'classify'"),
            ("complex_numbers", "serving_default", "'x' of .* is complex64, which V2 has no datatype for"),
            ("no_input", "serving_default", "has no inputs"),
        ],
    )
    def test_are_told_in_one_sentence(self, zoo: Path, model: str, signature: str, sentence: str) -> None:
        with pytest.raises(StartupError, match=sentence) as told:
            SavedModel(zoo / model, signature)
        assert "\n" not in str(told.value)
        assert model in str(told.value)


class TestRun:
    def test_gives_every_output_by_name(self, zoo: Path) -> None:
        outputs = SavedModel(zoo / "dense").run({"x": np.array([[1, 2, 3]], np.float32)})
        assert outputs.keys() == {"y"}
        assert outputs["y"].tolist() == [[4, 5]]

    @pytest.mark.parametrize(
        ("model", "tensors", "shapes"),
        [
            ("scalar", {"x": np.array(1.5, np.float32)}, {"y": ()}),
            ("one_word", {"word": np.array(b"hey", np.object_)}, {"shouted": (), "is_empty": ()}),
        ],
    )
    def test_gives_scalars_as_arrays(self, zoo: Path, model: str, tensors: Any, shapes: dict[str, Any]) -> None:
        outputs = SavedModel(zoo / model).run(tensors)
        assert all(isinstance(output, np.ndarray) for output in outputs.values())
        assert {name: output.shape for name, output in outputs.items()} == shapes

    @pytest.mark.parametrize(
        ("model", "tensors", "sentence"),
        [
            ("root", {"x": np.array([-1], np.float32)}, r"a negative number has no root"),
            ("lookup", {"index": np.array([7], np.int32)}, r"indices\[0\] = 7 is not in \[0, 5\)"),
        ],
    )
    def test_tells_what_the_graph_refuses_in_the_graphs_words(
        self, zoo: Path, model: str, tensors: Any, sentence: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=sentence) as told:
            SavedModel(zoo / model).run(tensors)
        assert "{{" not in str(told.value)
        assert "\n" not in str(told.value)

    def test_calls_any_other_failure_the_models_own(self, zoo: Path) -> None:
        with pytest.raises(ModelFailed, match="NotFoundError"):
            SavedModel(zoo / "broken").run({"x": np.array([1], np.float32)})


class TestWarmUp:
    def test_measures_every_bucket(self, zoo: Path) -> None:
        warmth, latency = batched(zoo, "dense")
        assert warmth.is_batched
        assert not warmth.note
        assert all(0 < latency.seconds(bucket) < 1 for bucket in BUCKETS)

    def test_finds_outputs_that_are_no_rows(self, zoo: Path) -> None:
        warmth, _ = batched(zoo, "distinct")
        assert not warmth.is_batched
        assert "'y'" in warmth.note

    def test_does_not_take_a_refusal_of_its_own_rows_for_a_fault(self, zoo: Path) -> None:
        warmth, _ = batched(zoo, "positive")
        assert warmth.is_batched
        assert "above zero" in warmth.note

    def test_finds_that_a_model_is_slow(self, zoo: Path) -> None:
        _, latency = batched(zoo, "slow")
        assert all(latency.seconds(bucket) >= SLOW_SECONDS for bucket in BUCKETS)


class TestDevice:
    async def test_runs_a_short_model_at_once(self, zoo: Path) -> None:
        device = Device()
        lane = Runner(device, SavedModel(zoo / "dense").run, batched(zoo, "dense")[1], inline_seconds=0.1)
        outputs = lane.start({"x": np.ones((1, 3), np.float32)}, 1)
        device.close()
        assert isinstance(outputs, dict)

    async def test_runs_a_slow_model_beside_the_event_loop(self, zoo: Path) -> None:
        device = Device()
        lane = Runner(device, SavedModel(zoo / "slow").run, batched(zoo, "slow")[1], inline_seconds=SLOW_SECONDS / 2)
        outputs = lane.start({"x": np.ones(1, np.float32)}, 1)
        assert isinstance(outputs, asyncio.Future)
        turns = 0
        while not outputs.done():
            await asyncio.sleep(0)
            turns += 1
        device.close()
        assert outputs.result()["y"].tolist() == [1.0]
        assert turns > 10


Open = Callable[[str], DirectEndpoint]


@pytest.fixture
async def endpoint(zoo: Path) -> AsyncIterator[Open]:
    """Open models of the zoo as a server does; closes them afterwards."""
    opened: list[BatchedModel] = []
    device = Device()

    def open_(name: str) -> DirectEndpoint:
        model = BatchedModel(name, find_versions(zoo / name)[-1], Settings(batch=Batch(max_rows=8)))
        model.load_graph()
        model.warm_up()
        opened.append(model)
        return model.open(model_metrics(name), device)

    yield open_
    for model in opened:
        model.close()
    device.close()


def model_metrics(name: str) -> ModelMetrics:
    registry = CollectorRegistry()
    stages = {stage: Histogram(stage, stage, registry=registry) for stage in ("preprocess", "predict", "postprocess")}
    return ModelMetrics(Metrics(), name, "1", **stages)


def body(*values: float) -> bytes:
    return str({"instances": list(values)}).replace("'", '"').encode()


class TestOneBatch:
    async def test_gives_each_of_its_callers_their_own_rows(self, endpoint: Open) -> None:
        root = endpoint("root")
        answers = await asyncio.gather(*(root.predict_v1(body(n * n, 4), Call()) for n in range(4)))
        assert answers == [f'{{"predictions":[{n}.0,2.0]}}'.encode() for n in range(4)]

    async def test_is_halved_until_the_one_that_the_graph_refuses_stands_alone(self, endpoint: Open) -> None:
        root = endpoint("root")
        values = [0.0, 1.0, -1.0, 9.0, 16.0]
        answers = await asyncio.gather(
            *(root.predict_v1(body(value), Call()) for value in values), return_exceptions=True
        )
        assert isinstance(answers.pop(2), InvalidRequest)
        assert answers == [f'{{"predictions":[{root}.0]}}'.encode() for root in (0, 1, 3, 4)]

    async def test_is_padded_with_rows_that_the_graph_does_not_refuse(self, endpoint: Open) -> None:
        """Three rows go out as four, and a fourth of zeros would be refused."""
        answer = await endpoint("positive").predict_v1(body(1, 1, 1), Call())
        assert answer == b'{"predictions":[0.0,0.0,0.0]}'

    async def test_that_is_slow_does_not_hold_up_the_loop(self, endpoint: Open) -> None:
        slow = asyncio.ensure_future(endpoint("slow").predict_v1(body(5), Call()))
        turns = 0
        while not slow.done():
            await asyncio.sleep(0)
            turns += 1
        assert slow.result() == b'{"predictions":[5.0]}'
        # Run in place it would take the few turns that a batch waits for company.
        assert turns > 100
