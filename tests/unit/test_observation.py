"""What is counted of rows is what numpy counts of them, however they came; and serving never hears of it."""

import itertools
import weakref
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.baseline import Baseline
from monitoring.contract.metric import Kind
from monitoring.contract.observations import OBSERVATIONS
from monitoring.features import Column, ColumnsInput, ImageInput
from serving import baseline_series
from serving.observation import Monitor, Observation, Seen
from serving.prediction import Classifier, Scores
from serving.row_counts import portions
from serving.series import Count, Distribution, Level
from serving.signature import Signature, Tensors, TensorSpec
from tests.baselines import counted_by_hand, described_answers, described_features, opened, sealed

RANDOM = np.random.default_rng(1)
NAMES = ("cat", "dog", "eel")
IMAGE = ImageInput(name="image", shape=(5, 4), height=5, width=4)
HELD_OUT = RANDOM.integers(0, 256, (400, 5, 4)).astype(np.uint8)
SIGNATURE = Signature(
    "s",
    (TensorSpec("image", "UINT8", (-1, 5, 4)),),
    (TensorSpec("digit", "INT64", (-1,)), TensorSpec("scores", "FP32", (-1, 3))),
    is_batched=True,
)
BASELINE = opened(
    sealed(
        described_features({"image": HELD_OUT}, IMAGE),
        described_answers("scores", RANDOM.dirichlet([1.0, 2.0, 3.0], 400), NAMES),
    )
)
CLASSIFIER = Classifier("scores", Scores.PROBABILITIES, 3, NAMES)
MODEL = {"model_name", "model_version"}
BY_NAME = {metric.name: metric for metric in OBSERVATIONS}

Counts = dict[tuple[str, ...], float]


class Counted:
    """The series of one version, without a registry around them: a hundred are made in a test."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, ...], Any] = {}

    def __call__(self, name: str, *labels: str) -> Any:
        metric = BY_NAME[name]
        assert len(labels) == len(set(metric.labels) - MODEL)
        if (name, *labels) not in self._series:
            kinds: dict[Kind, Any] = {
                Kind.COUNTER: Count,
                Kind.GAUGE: Level,
                Kind.HISTOGRAM: partial(Distribution, metric.buckets),
            }
            self._series[name, *labels] = kinds[metric.kind]()
        return self._series[name, *labels]

    def read(self) -> Counts:
        """By name, and by the values of the labels in the order of their names."""
        found: Counts = {}
        for (name, *labels), series in self._series.items():
            names = [label for label in BY_NAME[name].labels if label not in MODEL]
            for (suffix, more), value in zip(series.parts(), series.values(), strict=True):
                told = sorted({**dict(zip(names, labels, strict=True)), **more}.items())
                found[name.removesuffix("_total") + suffix, *(value for _, value in told)] = value
        return found


@dataclass
class Server:
    """What one replica counts, without the rest of it."""

    series: Counted
    observation: Observation
    monitor: Monitor

    def ran(self, inputs: Tensors, outputs: Tensors, rows: int) -> None:
        self.observation.ran(inputs, outputs, rows)

    def read(self) -> Counts:
        """Everything that is counted or told of rows, once all that was handed over is counted."""
        self.monitor.start()
        self.monitor.stop()
        return self.series.read()


def server(
    baseline: Baseline | None = BASELINE,
    classifier: Classifier | None = CLASSIFIER,
    signature: Signature = SIGNATURE,
    *,
    rate: float = 1e9,
    most_bytes: int = 2**30,
) -> Server:
    series = Counted()
    monitor = Monitor(series("ecluse_monitor_busy_seconds_total"), most_bytes=most_bytes)
    observation = Observation(signature, classifier, baseline, monitor, series, input_rows_per_second=rate)
    if baseline is not None:
        baseline_series.export(baseline, classifier, series)
    return Server(series, observation, monitor)


def traffic(rows: int, seed: int) -> tuple[Tensors, Tensors]:
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (rows, 5, 4)).astype(np.uint8)
    images[random.random(rows) < 0.1] //= 8
    scores = random.dirichlet([3.0, 2.0, 1.0], rows).astype(np.float32)
    scores[random.random(rows) < 0.05] = np.nan
    return {"image": images}, {"digit": scores.argmax(axis=1), "scores": scores}


def padded(tensors: Tensors, at: int, rows: int, bucket: int) -> Tensors:
    """Rows of some tensors, with the first of them repeated behind them."""
    cut = {name: array[at : at + rows] for name, array in tensors.items()}
    return {name: np.concatenate([array, np.repeat(array[:1], bucket - rows, axis=0)]) for name, array in cut.items()}


def expected(inputs: Tensors, outputs: Tensors) -> Counts:
    return counted_by_hand(BASELINE, IMAGE, inputs, outputs["scores"])


def part_of(counted: Counts, of: Counts) -> Any:
    return pytest.approx({series: counted.get(series) for series in of}, rel=1e-9, abs=1e-9)


@given(seed=st.integers(0, 100), sizes=st.lists(st.integers(1, 70), min_size=1, max_size=12), spare=st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_counts_are_numpys_however_rows_were_split_into_batches_and_padded(
    seed: int, sizes: list[int], spare: int
) -> None:
    inputs, outputs = traffic(sum(sizes), seed)
    one = server()
    at = 0
    for size in sizes:
        one.ran(padded(inputs, at, size, size + spare), padded(outputs, at, size, size + spare), size)
        at += size
    by_hand = expected(inputs, outputs)
    assert by_hand == part_of(one.read(), by_hand)


@given(seed=st.integers(0, 100), owners=st.lists(st.integers(0, 2), min_size=2, max_size=60))
@settings(max_examples=15, deadline=None)
def test_the_counts_of_replicas_add_up_to_those_of_one(seed: int, owners: list[int]) -> None:
    inputs, outputs = traffic(len(owners), seed)
    replicas = [server() for _ in range(3)]
    for row, owner in enumerate(owners):
        replicas[owner].ran(padded(inputs, row, 1, 1), padded(outputs, row, 1, 1), 1)
    counted = [replica.read() for replica in replicas]
    by_hand = expected(inputs, outputs)
    together = {series: sum(each[series] for each in counted) for series in by_hand}
    assert by_hand == part_of(together, by_hand)


def test_counters_never_go_down() -> None:
    one, before = server(), Counts()
    for seed in range(5):
        inputs, outputs = traffic(50, seed)
        # What a model calls a chance may be anything.
        outputs["scores"][seed] = [-700.0, -800.0, -900.0]
        one.observation.count([Seen(one.observation, 50, {"scores": outputs["scores"]}, inputs, 50, seed)])
        after = one.series.read()
        assert sum(after.values()) > sum(before.values())
        # What the baseline says is constant.
        assert all(after[series] >= value for series, value in before.items())
        before = after


def test_every_series_is_there_at_zero_before_the_first_row() -> None:
    counted = server().read()
    by_hand = expected(*traffic(1, 1))
    assert {series: counted.get(series) for series in by_hand} == dict.fromkeys(by_hand, 0.0)
    assert {counted["ecluse_monitor_dropped_rows_total", part] for part in ("inputs", "predictions")} == {0.0}


def test_what_the_baseline_says_is_told_as_constants() -> None:
    told = server().read()
    for feature in BASELINE.features:
        shares = [
            told["ecluse_drift_baseline_ratio", f"{each:02d}", feature.name] for each in range(len(feature.counts))
        ]
        assert sum(shares) == pytest.approx(1)
        assert shares[0] == (feature.counts[0] + 0.5) / (400 + 0.5 * len(shares))
        assert told["ecluse_feature_lower_bound", feature.name] == feature.lower_bound
        assert told["ecluse_baseline_feature_mean", feature.name] == feature.mean
        assert told["ecluse_drift_baseline_observations", feature.name] == 400
    assert sum(told["ecluse_baseline_class_ratio", name] for name in NAMES) == pytest.approx(1)
    assert told["ecluse_baseline_predictions",] == 400
    assert told["ecluse_baseline_accuracy_ratio",] == 0.9
    assert told["ecluse_baseline_class_recall_ratio", "dog"] == 0.9
    assert told["ecluse_baseline_calibration_gap_ratio",] == -0.4


def test_without_a_baseline_only_what_was_said_is_counted() -> None:
    inputs, outputs = traffic(50, 1)
    one = server(baseline=None)
    one.ran(inputs, outputs, 50)
    counted, by_hand = one.read(), expected(inputs, outputs)
    by_hand = {
        series: value for series, value in by_hand.items() if "predictions" in series[0] or "_confi" in series[0]
    }
    assert by_hand == part_of(counted, by_hand)
    families = {series[0] for series in counted}
    assert not {
        name for name in families if "drift" in name or "input" in name or "baseline" in name or "expected" in name
    }


def test_inputs_are_sampled_and_every_answer_is_counted() -> None:
    one = server(rate=100.0)
    for seed in range(10):
        inputs, outputs = traffic(64, seed)
        one.ran(inputs, outputs, 64)
    counted = one.read()
    assert 100 <= counted["ecluse_input_rows_total",] <= 200
    assert counted["ecluse_prediction_confidence_count",] + counted["ecluse_nonfinite_outputs_total",] == 640
    bins = [value for series, value in counted.items() if series[0] == "ecluse_drift_observations_total"]
    assert sum(bins) == 7 * counted["ecluse_input_rows_total",]


def test_what_does_not_fit_is_dropped_and_counted_and_nothing_waits() -> None:
    inputs, outputs = traffic(50, 1)
    held = outputs["scores"].nbytes + inputs["image"].nbytes
    one = server(most_bytes=held + outputs["scores"].nbytes)
    for _ in range(4):
        one.ran(inputs, outputs, 50)
    counted = one.read()
    assert counted["ecluse_monitor_dropped_rows_total", "inputs"] == 150
    assert counted["ecluse_monitor_dropped_rows_total", "predictions"] == 100
    assert counted["ecluse_input_rows_total",] == 50
    assert counted["ecluse_prediction_confidence_count",] + counted["ecluse_nonfinite_outputs_total",] == 100


def test_a_fault_in_looking_is_told_once_and_counted_and_the_next_rows_are_looked_at(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inputs, outputs = traffic(50, 1)
    one = server()
    for broken in range(3):
        one.ran({"image": np.array([[object()]] * 2)}, {"scores": np.array([["a", "b", "c"]] * 2)}, 2)
        one.observation.ran({}, {}, 7 + broken)
    one.ran(inputs, outputs, 50)
    counted = one.read()
    assert [record.message for record in caplog.records] == ["monitor_failed"]
    assert counted["ecluse_monitor_dropped_rows_total", "predictions"] >= 7 + 8 + 9


def test_looking_costs_processor_time_that_is_told() -> None:
    inputs, outputs = traffic(500, 1)
    one = server()
    one.ran(inputs, outputs, 500)
    assert one.read()["ecluse_monitor_busy_seconds_total",] > 0


# Other models


def of_columns(held_out: Tensors, *columns: Column) -> Baseline:
    return opened(sealed(described_features(held_out, ColumnsInput(columns=columns))))


def test_a_missing_number_is_counted_as_missing_and_nowhere_else() -> None:
    table = RANDOM.normal(size=(300, 3))
    baseline = of_columns({"x": table}, *(Column(feature=f"c{i}", input="x", shape=(3,), index=i) for i in range(3)))
    signature = Signature("s", (TensorSpec("x", "FP64", (-1, 3)),), (TensorSpec("y", "INT64", (-1,)),), is_batched=True)
    one = server(baseline, None, signature)
    table[:7, 1] = np.nan
    table[9, 1] = np.inf
    one.ran({"x": table}, {"y": np.zeros(300)}, 300)
    counted = one.read()
    assert counted["ecluse_input_missing_values_total", "c1"] == 7
    assert counted["ecluse_input_missing_values_total", "c0"] == 0
    bins = [value for series, value in counted.items() if series[0].endswith("observations_total") and "c1" in series]
    assert sum(bins) == 293
    assert counted["ecluse_input_out_of_range_values_total", "c1", "high"] >= 1
    assert np.isfinite(counted["ecluse_feature_offset_sum_total", "c1"])


def test_what_a_regression_answers_is_counted_like_an_input() -> None:
    table, prices = RANDOM.normal(size=(300, 1)), RANDOM.normal(size=(300, 1))
    columns = (Column(feature="x", input="x", shape=(1,)), Column(feature="price", input="y", shape=(1,), of="output"))
    baseline = of_columns({"x": table, "y": prices}, *columns)
    signature = Signature(
        "s", (TensorSpec("x", "FP64", (-1, 1)),), (TensorSpec("y", "FP64", (-1, 1)),), is_batched=True
    )
    one = server(baseline, None, signature)
    one.ran({"x": table}, {"y": np.concatenate([prices[:200], prices[:56]])}, 200)
    counted = one.read()
    (feature,) = [each for each in baseline.features if each.name == "price"]
    by_hand = np.histogram(prices[:200], [-np.inf, *feature.edges, np.inf])[0]
    assert [counted["ecluse_drift_observations_total", f"{i:02}", "price"] for i in range(len(by_hand))] == list(
        by_hand
    )


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        pytest.param(
            {"x": np.array([b"a", b"b"], dtype=object)}, {"y": np.array([b"c", b"d"], dtype=object)}, id="texts"
        ),
        pytest.param({"x": np.array(1.0)}, {"y": np.array(2.0)}, id="scalars"),
        pytest.param({"x": np.ones((2, 3))}, {"y": np.ones((5, 3))}, id="no rows"),
    ],
)
def test_what_has_no_features_and_no_classes_does_no_harm(inputs: Tensors, outputs: Tensors) -> None:
    specs = [
        TensorSpec(name, "FP32" if array.dtype != object else "BYTES", array.shape)
        for name, array in (inputs | outputs).items()
    ]
    signature = Signature("s", (specs[0],), (specs[1],), is_batched=False)
    one = server(None, None, signature)
    if one.observation.is_needed:
        one.ran(inputs, outputs, 1)
    assert one.read().get(("ecluse_monitor_dropped_rows_total", "predictions"), 0) == 0


def test_a_model_whose_requests_run_alone_is_counted_by_the_rows_that_it_answers() -> None:
    inputs, outputs = traffic(20, 3)
    one = server(signature=Signature("s", SIGNATURE.inputs, SIGNATURE.outputs, is_batched=False))
    one.ran(inputs, outputs, 1)
    by_hand = expected(inputs, outputs)
    assert by_hand == part_of(one.read(), by_hand)


def test_a_number_that_is_none_is_found_in_any_output() -> None:
    signature = Signature(
        "s",
        (TensorSpec("x", "FP32", (-1,)),),
        (TensorSpec("a", "FP32", (-1, 2, 2)), TensorSpec("b", "BF16", (-1,))),
        is_batched=True,
    )
    one = server(None, None, signature)
    first = np.zeros((4, 2, 2), np.float32)
    first[1, 1, 1] = np.inf
    second = np.array([0.0, np.nan, np.nan, 1.0], np.float32)
    one.ran({"x": second}, {"a": first, "b": second}, 4)
    assert one.read()["ecluse_nonfinite_outputs_total",] == 2


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20), st.integers(1, 200))
def test_batches_are_joined_whole_and_so_many_values_at_a_time(sizes: list[int], most: int) -> None:
    numbers = np.arange(sum(sizes) * 3).reshape(-1, 3)
    ends = np.cumsum([0, *sizes])
    batches = [{"x": numbers[a:b], "y": numbers[a:b, 0]} for a, b in itertools.pairwise(ends)]
    joined = list(portions(batches, most))
    np.testing.assert_array_equal(np.concatenate([each["x"] for each in joined]), numbers)
    assert all(len(each["x"]) == len(each["y"]) for each in joined)
    assert max(len(each["x"]) for each in joined) <= max(1, most // 4)


def test_rows_of_other_shapes_are_counted_apart() -> None:
    batches = [{"x": np.zeros((2, 3))}, {"x": np.zeros((1, 4))}, {"x": np.zeros((5, 3))}]
    assert sorted(each["x"].shape for each in portions(batches, 1000)) == [(1, 4), (7, 3)]


def test_nothing_is_kept_of_rows_that_were_looked_at() -> None:
    one = server()
    kept = []
    for seed in range(20):
        inputs, outputs = traffic(64, seed)
        kept += [weakref.ref(inputs["image"]), weakref.ref(outputs["scores"])]
        one.ran(inputs, outputs, 64)
    del inputs, outputs
    one.read()
    assert [ref for ref in kept if ref() is not None] == []
