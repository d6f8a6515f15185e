"""What is wrong with a rule is told by name, and with what was meant."""

from dataclasses import replace

import pytest

from monitoring import slo
from monitoring.rules import families
from monitoring.rules.review.expression import Reading
from monitoring.rules.review.known import exported
from monitoring.rules.review.rules import mistakes, runbook_mistakes
from monitoring.rules.rule import Alert, Component, Group, Record, Severity

PROMISE = slo.read()

GOOD = Alert(
    "EcluseTried",
    "sum by (namespace) (rate(ecluse_requests_total[5m])) > 1",
    lasting="5m",
    severity=Severity.INFO,
    component=Component.QUALITY,
    summary="It is tried.",
    description="{{ $value }} in {{ $labels.namespace }}.",
    dashboard="ecluse-overview",
)


def told(expression: str) -> list[str]:
    return Reading(expression, exported(), scrape_seconds=30, scrapes=4).mistakes


def told_of(*rules: Record | Alert) -> list[str]:
    recording = Group("recording", tuple(rule for rule in rules if isinstance(rule, Record)))
    alerting = Group("alerting", tuple(rule for rule in rules if isinstance(rule, Alert)))
    return mistakes([recording], [alerting], PROMISE.model_copy(update={"left_out": ()}))


def test_the_shipped_rules_are_without_mistake() -> None:
    assert mistakes(families.recording(PROMISE), families.every_alert(PROMISE), PROMISE) == []


@pytest.mark.parametrize(
    ("expression", "mistake"),
    [
        ("rate(ecluse_request_total[5m])", "nobody exports or records; did you mean ecluse_requests_total?"),
        ("gibberish", "uses gibberish, which nobody exports or records"),
        ('{job="ecluse"}', "selects series without saying of which name"),
        (
            'rate(ecluse_requests_total{cod="500"}[5m])',
            "ecluse_requests_total is asked for has no such label; did you mean code",
        ),
        ('rate(ecluse_requests_total{code="506"}[5m])', "for code '506', which it never is"),
        (
            'rate(ecluse_requests_total{code=~"5..|6.."}[5m])',
            "asks ecluse_requests_total for code '6..', which it never is",
        ),
        (
            'rate(ecluse_rejected_total{reason="queue_ful"}[5m])',
            "for reason 'queue_ful', which it never is; did you mean queue_full?",
        ),
        ('rate(ecluse_request_duration_seconds_bucket{le="0.26"}[5m])', "for le '0.26', which it never is"),
        (
            "sum by (modelname) (rate(ecluse_requests_total[5m]))",
            "names the label modelname where sum is taken has no such label; did you mean model_name?",
        ),
        (
            "sum by (reason) (rate(ecluse_requests_total[5m]))",
            "names the label reason where sum is taken has no such label",
        ),
        ("rate(ecluse_queue_rows[5m])", "takes rate() of ecluse_queue_rows, which is a gauge"),
        ("increase(ecluse_model_ready[1h])", "takes increase() of ecluse_model_ready, which is a gauge"),
        ("delta(ecluse_requests_total[5m])", "takes delta() of ecluse_requests_total, which is a counter"),
        (
            "deriv(ecluse_request_duration_seconds_sum[5m])",
            "takes deriv() of ecluse_request_duration_seconds_sum, which is a counter",
        ),
        (
            "histogram_quantile(0.9, sum by (pod) (rate(ecluse_request_duration_seconds_bucket[5m])))",
            "takes a quantile of what has no le: the bounds of the histogram are summed away",
        ),
        ("rate(ecluse_requests_total[1m])", "looks at 1m, in which there are fewer than 4 scrapes"),
        (
            "sum by (namespace) (ecluse_queue_rows) / sum by (model_name) (ecluse_queue_limit_rows)",
            "joins two sides by `/` that never meet, for they differ by model_name, namespace",
        ),
        (
            "sum by (namespace) (ecluse_queue_rows) / on (pod) sum by (pod) (ecluse_queue_limit_rows)",
            "names the label pod where two sides are joined by `/` on it, and one has",
        ),
        ("rate(ecluse_requests_total)", "is no PromQL: expected type matrix in call to function 'rate', got vector"),
        ('ecluse_requests_total{code=~"["}', "is no PromQL: illegal regex for ["),
        ("sum(", "is no PromQL: unclosed left parenthesis"),
        ("", "is no PromQL: no expression found in input"),
    ],
)
def test_an_expression_that_cannot_mean_what_it_says_is_refused(expression: str, mistake: str) -> None:
    found = told(expression)
    assert len(found) == 1
    assert mistake in found[0]


@pytest.mark.parametrize(
    "expression",
    [
        'sum by (namespace) (rate(ecluse_requests_total{code!~"5..",protocol="v2"}[5m]))',
        "histogram_quantile(0.9, sum by (le) (rate(ecluse_request_duration_seconds_bucket[5m])))",
        "max_over_time(ecluse_batch_cap_rows[1d])",
        "sum without (model_version) (ecluse_queue_rows) / sum without (model_version) (ecluse_queue_limit_rows)",
        "ecluse_queue_rows / on (pod) group_left (version) ecluse_build_info",
        "max by (namespace, pod) (container_memory_working_set_bytes) and on (namespace, pod) ecluse_build_info",
        'ecluse_model_info{baseline=""}',
        "time() - ecluse_start_time_seconds",
        "sum_over_time(ecluse_model_ready[1d:1h] offset 1d)",
        "topk(3, ecluse_queue_rows)",
        "-ecluse_queue_rows",
        "vector(1)",
    ],
)
def test_an_expression_that_means_something_is_taken(expression: str) -> None:
    assert told(expression) == []


@pytest.mark.parametrize(
    ("expression", "labels"),
    [
        ("sum by (namespace) (ecluse_queue_rows)", {"namespace"}),
        ("sum(ecluse_queue_rows)", set()),
        ('absent(ecluse_build_info{job="a"})', {"job"}),
        (
            "max by (pod) (up) * on (pod) group_left (version) max by (pod, version) (ecluse_build_info)",
            {"pod", "version"},
        ),
        ("max by (pod, version) (ecluse_build_info) * on (pod) max by (pod) (up)", {"pod"}),
        ("max by (pod) (up) or max by (namespace) (up)", {"pod", "namespace"}),
        ("max by (pod, le) (ecluse_request_duration_seconds_bucket) and on (pod) up", {"pod", "le"}),
        ("histogram_quantile(0.5, max by (pod, le) (ecluse_request_duration_seconds_bucket))", {"pod"}),
        ("2 * max by (pod) (up)", {"pod"}),
    ],
)
def test_the_labels_of_a_result_are_found(expression: str, labels: set[str]) -> None:
    assert Reading(expression, exported(), 30, 4).labels == labels


def test_a_rule_is_named_that_is_wrong() -> None:
    record = Record("model:ecluse_tried:sum", "sum(gibberish)")
    assert told_of(record) == [f"{record.name}: uses gibberish, which nobody exports or records"]


def test_what_is_recorded_is_known_to_others_with_its_labels() -> None:
    record = Record("model:ecluse_tried:sum", "sum by (model_name) (ecluse_queue_rows)")
    uses = replace(GOOD, expression="sum by (pod) (model:ecluse_tried:sum) > 1", description="It is so.")
    assert told_of(record, uses) == ["EcluseTried: names the label pod where sum is taken has no such label"]


def test_records_may_be_written_in_any_order() -> None:
    first = Record("model:ecluse_tried:ratio", "model:ecluse_tried:sum / 2")
    second = Record("model:ecluse_tried:sum", "sum by (model_name) (ecluse_queue_rows)")
    assert told_of(first, second) == []


def test_a_rule_that_is_recorded_of_itself_is_refused() -> None:
    record = Record("model:ecluse_tried:sum", "model:ecluse_tried:sum + 1")
    assert told_of(record) == [f"{record.name}: is recorded of what is recorded of it"]


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (
            {"expression": "sum by (namespace) (rate(ecluse_requests_total[5m]))"},
            "compares nothing, so that it would fire all the time",
        ),
        (
            {"expression": "sum by (namespace) (ecluse_queue_rows) > bool 1"},
            "compares nothing, so that it would fire all the time",
        ),
        (
            {"expression": "max by (namespace) (up) > 1 or max by (namespace) (up)"},
            "compares nothing, so that it would fire all the time",
        ),
        ({"lasting": ""}, "must say how long it has to hold, as 5m, and says ''"),
        ({"lasting": "soon"}, "must say how long it has to hold, as 5m, and says 'soon'"),
        ({"summary": "There are {{ $value }}."}, "needs a summary that is one sentence, the same each time"),
        ({"summary": "Without an end"}, "needs a summary that is one sentence, the same each time"),
        ({"summary": ""}, "needs a summary that is one sentence, the same each time"),
        ({"description": ""}, "needs a description that is a sentence"),
        (
            {"description": "It is {{ $labels.pod }}."},
            "tells of the label pod in its description, which its expression does not give",
        ),
        ({"dashboard": "ecluse"}, "leads to the dashboard 'ecluse'; there are ecluse-batching, ecluse-drift, "),
        ({"name": "tried"}, "must be named in CamelCase that begins with Ecluse"),
    ],
)
def test_an_alert_that_would_leave_somebody_in_the_dark_is_refused(change: dict[str, str], mistake: str) -> None:
    alert = replace(GOOD, **change)  # type: ignore[arg-type]
    (found,) = told_of(alert)
    assert found.startswith(f"{alert.name}: {mistake}")


def test_a_good_alert_is_taken() -> None:
    assert told_of(GOOD) == []


def test_names_that_are_there_twice_are_refused() -> None:
    record = Record("model:ecluse_tried:sum", "sum(ecluse_queue_rows)")
    group = Group("tried", (record,))
    assert mistakes([group, group], [], PROMISE.model_copy(update={"left_out": ()})) == [
        "group tried: is there 2 times, and names of groups must differ",
        f"{record.name}: is there 2 times, and names must differ",
    ]


def test_a_record_that_does_not_say_its_level_is_refused() -> None:
    assert told_of(Record("ecluse_tried", "sum(ecluse_queue_rows)")) == [
        "ecluse_tried: must be named level:metric:operation"
    ]


def test_alerts_and_sections_of_the_runbook_belong_together() -> None:
    runbook = "# Runbook\n\n### EcluseOne\n\ntext\n\n### EcluseGone\n\n### EcluseOne\n"
    assert runbook_mistakes(["EcluseOne", "EcluseTwo"], runbook) == [
        "EcluseTwo: has no section in the runbook",
        "EcluseGone: has a section in the runbook and is no alert",
        "EcluseOne: has 2 sections in the runbook",
    ]


def test_an_alert_that_is_left_out_must_be_one() -> None:
    promise = PROMISE.model_copy(update={"left_out": ("EcluseTriedd",)})
    assert mistakes([], [Group("tried", (GOOD,))], promise) == [
        "EcluseTriedd: is left out of the promise and is no alert; did you mean EcluseTried?"
    ]
