"""What a load test exports is what the contract says, both ways, and adds up to what was reported."""

import math
import shutil
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from loadtests.measure.outcome import Outcome
from loadtests.report.live import Moment
from loadtests.report.metrics import Exporter
from loadtests.verdict.result import Status
from monitoring import metrics_page
from monitoring.contract import CONTRACT
from monitoring.contract.labels import closed
from monitoring.contract.load_tests import LOAD_BOUNDED, LOAD_OUTCOMES, LOAD_TESTS, MOST_CODES, VERDICTS
from monitoring.contract.metric import Kind, Metric
from tests.reported_runs import seen, timeline

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def at(second: int, phase: str = "steady") -> Moment:
    return Moment(second, phase, "load", planned_rate=12.5, seconds_left=3, in_flight=4)


def exporter() -> Exporter:
    made = Exporter("steady", ["v2-json", "grpc"])
    made.update(at(0, "warm-up"))
    made.update(at(2))
    made.add(
        timeline(
            [
                seen(1.5, 0.010),
                seen(2.0, 0.010),
                seen(2.1, 0.250),
                seen(2.2, 12.0, Outcome.TIMEOUT),
                seen(2.3, 0.003, Outcome.SHED, stream="grpc"),
                seen(2.4, 0.004, Outcome.WRONG),
            ]
        )
    )
    return made


def samples(made: Exporter) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(made.render().decode())
        for sample in family.samples
    }


def value(made: Exporter, name_: str, **labels: str) -> float:
    return samples(made).get((name_, tuple(sorted(labels.items()))), math.nan)


def test_each_family_of_the_contract_is_exported_with_its_type_help_and_labels_and_no_other() -> None:
    exported = {family.name: family for family in text_string_to_metric_families(exporter().render().decode())}

    assert set(exported) == {metric.name.removesuffix("_total") for metric in LOAD_TESTS}
    for metric in LOAD_TESTS:
        family = exported[metric.name.removesuffix("_total")]
        assert (family.type, family.documentation) == (metric.kind.value, metric.help)
        assert {label for sample in family.samples for label in sample.labels} - {"le"} == set(metric.labels)


def test_every_value_of_a_closed_label_is_listed() -> None:
    described = {metric.name.removesuffix("_total"): metric for metric in LOAD_TESTS}

    for family in text_string_to_metric_families(exporter().render().decode()):
        for sample in family.samples:
            for label, shown in sample.labels.items():
                listed = None if label == "le" else closed(described[family.name], label)
                assert listed is None or shown in listed


@pytest.mark.parametrize("metric", LOAD_TESTS, ids=lambda metric: str(metric.name))
def test_the_contract_is_well_formed(metric: Metric) -> None:
    assert metric.name.startswith("loadtest_")
    assert metric.name.endswith("_total") is (metric.kind is Kind.COUNTER)
    assert bool(metric.buckets) is (metric.kind is Kind.HISTOGRAM)
    assert metric.help.endswith(".")
    assert all((closed(metric, label) is None) is (label in LOAD_BOUNDED) for label in metric.labels)
    assert metric not in CONTRACT
    assert f"### `{metric.name}`" in metrics_page.page()


def test_the_words_are_those_of_outcomes_and_verdicts() -> None:
    assert tuple(outcome.value for outcome in Outcome) == LOAD_OUTCOMES
    assert set(VERDICTS) == {"running", *(status.name.lower() for status in Status)}


def test_each_request_counts_once_in_its_phase_with_its_code_and_error() -> None:
    made = exporter()

    def requests(**labels: str) -> float:
        return value(made, "loadtest_requests_total", **labels)

    assert requests(phase="warm-up", code="200", error="") == 1
    assert requests(phase="steady", code="200", error="") == 2
    assert requests(phase="steady", code="200", error="wrong") == 1
    assert requests(phase="steady", code="503", error="shed") == 1
    assert requests(phase="steady", code="timeout", error="timeout") == 1


def test_what_has_not_failed_yet_is_zero_and_not_absent() -> None:
    made = exporter()

    assert value(made, "loadtest_requests_total", phase="steady", code="500", error="server") == 0
    labels = {"phase": "steady", "name": "grpc", "outcome": "ok"}
    assert value(made, "loadtest_response_duration_seconds_count", **labels) == 0


def test_a_bucket_holds_what_took_no_longer_than_its_bound() -> None:
    made = exporter()
    labels = {"phase": "steady", "name": "v2-json", "outcome": "ok"}

    def within(le: str) -> float:
        return value(made, "loadtest_response_duration_seconds_bucket", **labels, le=le)

    assert [within(le) for le in ("0.0075", "0.01", "0.2", "0.25", "10.0", "+Inf")] == [0, 1, 1, 2, 2, 2]
    total = value(made, "loadtest_response_duration_seconds_sum", **labels)
    assert total == pytest.approx(0.260, rel=0.001)
    labels["outcome"] = "timeout"
    assert [within(le) for le in ("10.0", "+Inf")] == [0, 1]


def test_the_gauges_say_where_the_run_stands() -> None:
    made = exporter()

    assert value(made, "loadtest_target_rate") == 12.5
    assert value(made, "loadtest_users") == 4
    assert value(made, "loadtest_schedule_lag_seconds_count") == 6


def test_the_verdict_is_running_until_there_is_one() -> None:
    made = exporter()
    assert value(made, "loadtest_verdict_info", profile="steady", verdict="running") == 1

    made.ended(Status.INCONCLUSIVE)

    assert math.isnan(value(made, "loadtest_verdict_info", profile="steady", verdict="running"))
    assert value(made, "loadtest_verdict_info", profile="steady", verdict="inconclusive") == 1


def test_a_server_cannot_make_series_without_end() -> None:
    made = exporter()
    made.add(timeline(seen(2.5)._replace(code=str(code), outcome=Outcome.SERVER) for code in range(500, 600)))

    codes = {dict(labels)["code"] for name, labels in samples(made) if name == "loadtest_requests_total"}
    assert len(codes) == MOST_CODES + 1
    assert "other" in codes


def test_before_the_run_begins_it_can_be_asked() -> None:
    assert value(Exporter("steady", []), "loadtest_target_rate") == 0


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_amiss() -> None:
    promtool = shutil.which("promtool")
    assert promtool is not None
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=exporter().render(), capture_output=True, check=False, timeout=30
    )
    assert (checked.returncode, checked.stderr.decode()) == (0, "")
