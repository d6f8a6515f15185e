"""What a model version has done, in Triton's shape."""

from typing import Any

from serving import statistics
from serving.metrics import Metrics
from serving.schedule import Trigger
from serving.statistics import Tally
from tests.doubles import model_metrics


def test_runs_are_told_by_their_rows() -> None:
    tally = Tally(clock=lambda: 1234.5)
    for rows in (3, 1, 3):
        tally.ran(rows, 0.25, 0.5)
    told = statistics.describe("m", "2", tally, {})
    assert (told["name"], told["version"]) == ("m", "2")
    assert (told["inference_count"], told["execution_count"]) == (7, 3)
    assert told["last_inference"] == 1_234_500
    assert told["batch_stats"] == [
        {
            "batch_size": rows,
            "compute_input": {"count": runs, "ns": 250_000_000 * runs},
            "compute_infer": {"count": runs, "ns": 500_000_000 * runs},
            "compute_output": {"count": runs, "ns": 0},
        }
        for rows, runs in ((1, 1), (3, 2))
    ]


def test_before_the_first_request_everything_is_zero() -> None:
    told = model_metrics(Metrics()).statistics()
    assert told["batch_stats"] == []
    assert (told["last_inference"], told["inference_count"], told["execution_count"]) == (0, 0, 0)
    assert all(spent == {"count": 0, "ns": 0} for spent in told["inference_stats"].values())


def test_every_word_is_triton_s() -> None:
    told = statistics.describe("m", "1", Tally(), {})
    assert list(told["inference_stats"]) == [
        *("success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss")
    ]


def test_a_model_that_runs_its_requests_itself_has_a_run_a_request() -> None:
    told = statistics.describe("m", "1", Tally(), {"success": (4, 2.0)})
    assert (told["inference_count"], told["execution_count"]) == (4, 4)


def test_what_the_metrics_counted_is_told_over_all_protocols() -> None:
    model = model_metrics(Metrics())
    for protocol, code, seconds in (("v2", 200, 0.5), ("grpc", 200, 0.25), ("v1", 400, 0.125), ("v2", 503, 0.125)):
        model.answered(protocol, code, seconds)
    model.batch_left(rows=2, padding_rows=0, waits=[0.5], trigger=Trigger.IDLE)
    model.batch_ran(rows=2, has_answer=True, assemble_seconds=0.125, run_seconds=0.25)
    model.batch_ran(rows=5, has_answer=False, assemble_seconds=0.125, run_seconds=0.25)
    model.encoded(0.0625)
    told: Any = model.statistics()
    assert told["inference_stats"] == {
        "success": {"count": 2, "ns": 750_000_000},
        "fail": {"count": 2, "ns": 250_000_000},
        "queue": {"count": 1, "ns": 500_000_000},
        "compute_input": {"count": 2, "ns": 250_000_000},
        "compute_infer": {"count": 2, "ns": 500_000_000},
        "compute_output": {"count": 1, "ns": 62_500_000},
        "cache_hit": {"count": 0, "ns": 0},
        "cache_miss": {"count": 0, "ns": 0},
    }
    assert (told["inference_count"], told["execution_count"]) == (2, 1)
