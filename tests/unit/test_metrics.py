"""What is exported is what the contract says, at zero from the start, and counted once."""

import re
import time
from functools import partial

import pytest
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from monitoring.contract import CONTRACT
from monitoring.contract.metric import Kind
from monitoring.contract.values import CODES, PROTOCOLS, REJECTIONS, STAGES, TRIGGERS
from serving.lifecycle import Phase
from serving.metrics import RETIRED_MODELS, Metrics, ModelMetrics, RequestMetrics
from serving.schedule import Trigger
from tests.doubles import Tally, model_metrics

MODEL = {"model_name": "mnist", "model_version": "1"}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_every_metric_of_the_contract_is_exported_with_its_kind_and_help() -> None:
    metrics = Metrics()
    model_metrics(metrics)
    families = {family.name: family for family in text_string_to_metric_families(metrics.render().decode())}
    for described in CONTRACT:
        family = families[described.name.removesuffix("_total")]
        assert family.type == described.kind
        assert family.documentation == described.help


def test_nothing_of_ours_is_exported_that_is_not_in_the_contract() -> None:
    metrics = Metrics()
    model_metrics(metrics)
    exported = set(re.findall(r"^# TYPE (ecluse_\w+)", metrics.render().decode(), re.MULTILINE))
    assert exported == {metric.name for metric in CONTRACT}


def test_the_labels_and_buckets_are_those_of_the_contract() -> None:
    metrics = Metrics()
    model_metrics(metrics)
    for described in CONTRACT:
        metrics[described.name].labels(*described.labels)
    samples: dict[str, set[tuple[str, ...]]] = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            samples.setdefault(sample.name, set()).add(tuple(sorted(set(sample.labels) - {"le"})))
    for described in CONTRACT:
        name = described.name + ("_bucket" if described.kind is Kind.HISTOGRAM else "")
        assert samples[name] == {tuple(sorted(described.labels))}
        if described.kind is Kind.HISTOGRAM:
            bounds = re.findall(rf'^{name}{{.*le="([^"]+)"', metrics.render().decode(), re.MULTILINE)
            assert {float(bound) for bound in bounds} == {*described.buckets, float("inf")}


def test_a_scrape_is_byte_for_byte_what_prometheus_client_writes() -> None:
    metrics = Metrics()
    model = model_metrics(metrics)
    foreign = Histogram("request_predict_seconds", "Theirs.", ["model_name"], registry=CollectorRegistry())
    metrics.share(foreign).labels(model_name="mnist").observe(0.5)
    for _ in range(2):
        model.answered("v2", 200, 0.1, 3000, 300)
        model.batch_left(rows=5, padding_rows=3, waits=[0.125, 0.375], trigger=Trigger.IDLE)
        # The process itself goes on meanwhile, and a scrape is told of by the next.
        assert of_the_server(metrics.render()) == of_the_server(generate_latest(metrics.registry))


def of_the_server(text: bytes) -> list[str]:
    changing = ("process_", "python_gc_", "ecluse_metrics_render_seconds")
    return [line for line in text.decode().splitlines() if not line.removeprefix("# HELP ").startswith(changing)]


def test_every_series_that_errors_can_make_is_there_at_zero() -> None:
    metrics = Metrics()
    model_metrics(metrics)
    for protocol in PROTOCOLS:
        for code in CODES:
            assert value(metrics, "ecluse_requests_total", **MODEL, protocol=protocol, code=str(code)) == 0
    for reason in REJECTIONS:
        assert value(metrics, "ecluse_rejected_total", **MODEL, reason=reason) == 0
    for trigger in TRIGGERS:
        assert value(metrics, "ecluse_batches_total", **MODEL, trigger=trigger) == 0
    for stage in STAGES:
        assert value(metrics, "ecluse_stage_duration_seconds_count", **MODEL, stage=stage) == 0


def test_no_series_tells_when_it_was_created() -> None:
    metrics = Metrics()
    model_metrics(metrics)
    assert b"_created" not in metrics.render()


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        pytest.param(200, "success", id="an answer"),
        pytest.param(400, "client_error", id="bad input"),
        pytest.param(499, "client_error", id="a caller who left"),
        pytest.param(500, "server_error", id="a failure"),
        pytest.param(503, "server_error", id="a refusal"),
    ],
)
def test_an_answer_is_counted_once_with_its_duration(code: int, outcome: str) -> None:
    metrics = Metrics()
    RequestMetrics(metrics, "mnist", "1").answered("grpc", code, 0.25, 300, 5)
    assert value(metrics, "ecluse_requests_total", **MODEL, protocol="grpc", code=str(code)) == 1
    labels = {**MODEL, "protocol": "grpc", "outcome": outcome}
    assert value(metrics, "ecluse_request_duration_seconds_count", **labels) == 1
    assert value(metrics, "ecluse_request_duration_seconds_sum", **labels) == 0.25
    for name, size in (("ecluse_request_size_bytes", 300), ("ecluse_response_size_bytes", 5)):
        assert value(metrics, f"{name}_count", **MODEL) == 1
        assert value(metrics, f"{name}_sum", **MODEL) == size


def test_a_reason_that_is_no_rejection_is_not_counted_as_one() -> None:
    metrics = Metrics()
    series = RequestMetrics(metrics, "mnist", "1")
    series.rejected("queue_full")
    series.rejected("unknown_model")
    assert value(metrics, "ecluse_rejected_total", **MODEL, reason="queue_full") == 1
    assert value(metrics, "ecluse_rejected_total", **MODEL, reason="unknown_model") is None


def test_a_batch_is_counted_where_it_leaves_and_where_it_ran() -> None:
    metrics = Metrics()
    model = model_metrics(metrics)
    model.batch_left(rows=5, padding_rows=3, waits=[0.125, 0.375], trigger=Trigger.IDLE)
    model.batch_ran(rows=3, has_answer=True, assemble_seconds=0.125, run_seconds=0.25)
    assert value(metrics, "ecluse_batches_total", **MODEL, trigger="idle") == 1
    assert value(metrics, "ecluse_batch_rows_sum", **MODEL) == 5
    assert value(metrics, "ecluse_batch_requests_sum", **MODEL) == 2
    assert value(metrics, "ecluse_batch_padding_rows_total", **MODEL) == 3
    assert value(metrics, "ecluse_executor_busy_seconds_total", **MODEL) == 0.25
    assert value(metrics, "ecluse_stage_duration_seconds_count", **MODEL, stage="queue") == 2
    for stage, seconds in (("queue", 0.5), ("assemble", 0.125), ("inference", 0.25)):
        assert value(metrics, "ecluse_stage_duration_seconds_sum", **MODEL, stage=stage) == seconds


def test_the_histograms_that_old_dashboards_know_are_kept() -> None:
    preprocess, predict, postprocess = Tally(), Tally(), Tally()
    model = ModelMetrics(Metrics(), "mnist", "1", preprocess=preprocess, predict=predict, postprocess=postprocess)
    model.decoded(3, 0.1)
    model.predicted(0.2)
    model.encoded(0.3)
    assert (preprocess.observed, predict.observed, postprocess.observed) == ([0.1], [0.2], [0.3])


def test_a_gauge_that_is_watched_is_read_at_each_scrape() -> None:
    metrics = Metrics()
    queue = [1.0]
    model_metrics(metrics).watch("ecluse_queue_rows", lambda: queue[0])
    assert value(metrics, "ecluse_queue_rows", **MODEL) == 1
    queue[0] = 7.0
    assert value(metrics, "ecluse_queue_rows", **MODEL) == 7


def test_one_phase_is_marked_at_a_time() -> None:
    metrics = Metrics()
    for phase in Phase:
        metrics.enter_phase(phase, Phase)
        marked = [other for other in Phase if value(metrics, "ecluse_phase", phase=other)]
        assert marked == [phase]


def test_the_build_is_described_by_labels() -> None:
    metrics = Metrics()
    versions = {"version": "1", "python": "3", "tensorflow": "2", "kserve": "0"}
    metrics.describe_build(**versions)
    assert value(metrics, "ecluse_build_info", **versions) == 1


def test_metrics_that_another_library_keeps_are_exported_too() -> None:
    metrics = Metrics()
    foreign = Histogram("request_predict_seconds", "Theirs.", registry=CollectorRegistry())
    metrics.share(foreign)
    foreign.observe(0.5)
    assert value(metrics, "request_predict_seconds_sum") == 0.5


def test_a_version_is_not_ready_before_it_serves_and_has_an_age_from_then() -> None:
    metrics = Metrics()
    metrics.load_begins("mnist", "1")
    assert value(metrics, "ecluse_model_ready", **MODEL) == 0
    metrics.serves("mnist", "1", lambda: True)
    assert value(metrics, "ecluse_model_ready", **MODEL) == 1
    assert value(metrics, "ecluse_model_loaded_timestamp_seconds", **MODEL) == pytest.approx(time.time(), abs=60)
    metrics.load_begins("mnist", "1")
    assert value(metrics, "ecluse_model_ready", **MODEL) == 1


def test_of_a_baselines_digest_twelve_digits_are_told_and_of_one_that_was_replaced_none() -> None:
    metrics = Metrics()
    info = partial(value, metrics, "ecluse_model_info", **MODEL, signature="serving_default")
    metrics.describe_model("mnist", "1", signature="serving_default", baseline="")
    assert info(baseline="") == 1
    metrics.describe_model("mnist", "1", signature="serving_default", baseline="sha256:0123456789abcdef")
    assert info(baseline="0123456789ab") == 1
    assert info(baseline="") is None


def test_a_model_that_is_gone_is_forgotten_once_a_few_more_have_gone() -> None:
    metrics = Metrics()
    for number in range(RETIRED_MODELS + 1):
        name = f"m{number}"
        metrics.announce(name)
        metrics.of_model(name).answered("v2", 404, 0.1)
        metrics.load_begins(name, "1")
        metrics.withdraw(name)
        assert metrics.of_model(name) is metrics.strangers
    counted = {
        sample.labels["model_name"]
        for family in metrics.registry.collect()
        for sample in family.samples
        if "model_name" in sample.labels
    }
    assert counted == {"", *(f"m{number}" for number in range(1, RETIRED_MODELS + 1))}
    metrics.announce("m1")
    metrics.announce("other")
    metrics.withdraw("other")
    labels = {"model_name": "m1", "model_version": "", "protocol": "v2", "code": "404"}
    assert value(metrics, "ecluse_requests_total", **labels) == 1  # it has come back, and counts on


def test_how_long_a_scrape_took_is_told_by_the_next() -> None:
    metrics = Metrics()
    assert b"ecluse_metrics_render_seconds 0.0" in metrics.render()
    assert value(metrics, "ecluse_metrics_render_seconds") != 0


def test_two_registries_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    RequestMetrics(one, "mnist", "1").answered("v2", 200, 0.1)
    assert value(other, "ecluse_requests_total", **MODEL, protocol="v2", code="200") is None
