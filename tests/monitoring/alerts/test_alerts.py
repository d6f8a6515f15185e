"""Each alert fires where it must, and is quiet just under its line, without traffic, and without its sources."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from monitoring import slo
from monitoring.generate import GENERATED
from monitoring.rules import families
from monitoring.rules.rendering import rendered
from tests.monitoring.alerts import idle, playing
from tests.monitoring.alerts.case import MINUTES, Scene, Series, gauge
from tests.monitoring.alerts.platform_cases import DAY, certificate, up
from tests.monitoring.alerts.predictions_cases import MEAN, confident
from tests.monitoring.alerts.requests_cases import answered
from tests.monitoring.alerts.tables import CASES
from tests.monitoring.promtool import Outcome, check_rules
from tests.monitoring.promtool import test_rules as play

PROMISE = slo.read()
GROUPS = (*families.recording(PROMISE), *families.every_alert(PROMISE))
ALERTS = families.alert_names(PROMISE)

ABSENT = "EcluseAbsent"
"""Knows no namespace: it is played by itself."""

Playing = Callable[..., Outcome]


@pytest.fixture
def alone(tmp_path: Path) -> Playing:
    """Play series that share nothing with the cases."""

    def played(
        scene: Scene, series: list[tuple[Series, str]], questions: list[dict[str, object]], **more: object
    ) -> Outcome:
        return play(playing.play(scene, series, questions, GROUPS, PROMISE, tmp_path, **more))

    return played


@pytest.mark.timeout(240)
@pytest.mark.needs("promtool")
def test_every_alert_fires_where_it_must_and_nowhere_else(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(play, playing.write(CASES, GROUPS, PROMISE, tmp_path)))
    assert all(outcome.succeeded for outcome in outcomes), "\n".join(outcome.written for outcome in outcomes)


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_amiss_in_the_shipped_rules() -> None:
    outcome = check_rules(*sorted((GENERATED / "rules").glob("*.yaml")))
    assert outcome.succeeded, outcome.written


@pytest.mark.parametrize("name", sorted({*ALERTS} - {ABSENT}))
def test_an_alert_is_played_where_it_fires_and_where_it_is_quiet(name: str) -> None:
    cases = [case for case in CASES if case.alert == name]
    assert any(case.fires for case in cases)
    assert any(not case.fires for case in cases)


def test_no_case_is_of_an_alert_that_is_not_there_or_of_the_name_of_another() -> None:
    assert {case.alert for case in CASES} <= set(ALERTS)
    assert len({case.namespace for case in CASES}) == len(CASES)


@pytest.mark.needs("promtool")
@pytest.mark.parametrize(
    ("series", "is_absent"),
    [
        ([], True),
        ([(answered(200, 100), "someone")], True),
        ([(gauge('ecluse_build_info{instance="a"}', 1), "someone")], False),
        ([(gauge('ecluse_build_info{instance="a"}', (1, 40), ("stale", 1), ("_", 99)), "someone")], False),
    ],
    ids=["nothing at all", "series of a server but none that says it is one", "a server", "gone for five minutes"],
)  # fmt: skip
def test_no_server_at_all_is_told_and_one_is_enough(
    alone: Playing, series: list[tuple[Series, str]], is_absent: bool
) -> None:
    outcome = alone(
        MINUTES,
        series or [(gauge('something{else="1"}', 1), "x")],
        [
            {
                "expr": f'group(ALERTS{{alertname="{ABSENT}",alertstate="firing"}})',
                "eval_time": "45m",
                "exp_samples": [{"labels": "{}", "value": 1}] if is_absent else [],
            }
        ],
    )
    assert outcome.succeeded, outcome.written


@pytest.mark.timeout(60)
@pytest.mark.needs("promtool")
def test_a_server_that_nobody_asks_raises_no_alert_and_records_no_nan(alone: Playing) -> None:
    namespaces = {"with-baseline": True, "without-baseline": False}
    series = [
        (one, namespace)
        for namespace, with_baseline in namespaces.items()
        for one in idle.server(with_baseline=with_baseline)
    ]
    recorded = '{__name__=~".+:.+:.+"}'
    outcome = alone(
        MINUTES,
        series,
        [
            {"expr": "ALERTS", "eval_time": "90m", "exp_samples": []},
            # What is not a number is not even larger than the least.
            {
                "expr": f"count({recorded}) - count({recorded} >= -Inf)",
                "eval_time": "90m",
                "exp_samples": [{"labels": "{}", "value": 0}],
            },
            {
                "expr": 'group(model:ecluse_requests:rate5m{namespace="with-baseline"})',
                "eval_time": "90m",
                "exp_samples": [{"labels": "{}", "value": 1}],
            },
        ],
    )
    assert outcome.succeeded, outcome.written


@pytest.mark.needs("promtool")
def test_an_alert_tells_the_value_and_whom_it_is_about(alone: Playing) -> None:
    def told(name: str, labels: dict[str, str], description: str) -> dict[str, object]:
        alert = next(rule for group in GROUPS for rule in group.rules if rule.name == name)
        document = yaml.safe_load(rendered([group for group in GROUPS if alert in group.rules], PROMISE))
        written = next(rule for rule in document["groups"][0]["rules"] if rule["alert"] == name)
        return {
            "eval_time": "45m",
            "alertname": name,
            "exp_alerts": [
                {
                    "exp_labels": written["labels"] | labels,
                    "exp_annotations": written["annotations"] | {"description": description},
                }
            ],
        }

    outcome = alone(
        MINUTES,
        [
            (answered(200, 900), "shop"),
            (answered(503, 100), "shop"),
            (up("a", 0), "shop"),
            (gauge('ecluse_build_info{job="ecluse",instance="b"}', 1), "shop"),
            (certificate(DAY + 45 * 60), "shop"),
            *((one, "shop") for one in (*confident(0.7), *MEAN)),
        ],
        [],
        alert_rule_test=[
            told(
                "EcluseErrorBudgetBurn",
                {"namespace": "shop", "model_name": "mnist"},
                "10% of the requests to model mnist in shop end in an error; the objective is 0.999.",
            ),
            told(
                "EcluseDown",
                {"namespace": "shop", "job": "ecluse", "instance": "a"},
                "a in shop, of the job ecluse, cannot be scraped.",
            ),
            told(
                "EcluseConfidenceDropped",
                {"namespace": "shop", "model_name": "mnist", "model_version": "1"},
                "The mean confidence is 0.70 for version 1 of model mnist in shop.",
            ),
            told(
                "EcluseCertificateNearlyExpired",
                {"namespace": "shop", "job": "ecluse", "instance": "a"},
                "The certificate of a in shop ends in 1d 0h 0m 0s.",
            ),
        ],
    )
    assert outcome.succeeded, outcome.written
