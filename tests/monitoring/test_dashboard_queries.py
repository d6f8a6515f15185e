"""Every query of every dashboard is put to a real Prometheus that holds a day of a service, healthy and in trouble.

A panel that shows nothing where there is something is the fault that nobody
notices until the night on which it matters.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from monitoring import generate, slo
from monitoring.dashboards.catalogue import dashboards
from monitoring.dashboards.frame import ANNOTATIONS
from tests.monitoring.asking import ALL, HOUR, Question, ask, filled, questions, shown_as, wrong
from tests.monitoring.history import simulate
from tests.monitoring.history_load_tests import with_load_test
from tests.monitoring.past import Past, Series
from tests.monitoring.prometheus import Prometheus
from tests.monitoring.recorded import read, record
from tests.monitoring.situation import NEW_REVISION, Clock, Incident

pytestmark = [pytest.mark.needs("prometheus"), pytest.mark.timeout(240)]

RULES = sorted((generate.GENERATED / "rules").glob("*.yaml"))
ASKED = tuple(questions())
DAY = Clock(hours=26, step=60)
"""Budgets are told after a day."""
SHORT = Clock(hours=2, step=30)
SELDOM = {"user_code"}
"""The stage that only models with code of a user's own have: the simulated one has none."""


def with_gpus(past: Past) -> Past:
    """The same service on machines with GPUs, of which DCGM's exporter tells."""
    at = np.arange(len(past.times))
    shown = {
        "DCGM_FI_DEV_GPU_UTIL": 40 + 20 * np.sin(at / 50),
        "DCGM_FI_DEV_FB_USED": 30_000 + 0.0 * at,
        "DCGM_FI_DEV_POWER_USAGE": 180 + 60 * np.sin(at / 50),
    }
    found = []
    for up in past.of("up"):
        labels = {"namespace": up.labels["namespace"], "pod": up.labels["pod"], "gpu": "0", "job": "dcgm-exporter"}
        found += [Series(name, labels, np.where(np.isnan(up.values), np.nan, values)) for name, values in shown.items()]
    return dataclasses.replace(
        past, series=(*past.series, *found), kinds={**past.kinds, **dict.fromkeys(shown, "gauge")}
    )


def without_kubernetes(past: Past) -> Past:
    """The same servers, scraped by a Prometheus that knows a job and an address and nothing else of them."""
    foreign = ("container_", "kube_", "DCGM_")
    gone = {"namespace", "pod", "container", "endpoint", "variant", "revision"}
    kept = [
        Series(each.name, {name: value for name, value in each.labels.items() if name not in gone}, each.values)
        for each in past.series
        if not each.name.startswith(foreign)
    ]
    return dataclasses.replace(past, series=tuple(kept))


def filled_with(past: Past, step: int) -> Iterator[Prometheus]:
    with Prometheus() as started:
        started.take_in(past)
        record(started, past, read(RULES), step=step)
        yield started


@pytest.fixture(scope="module")
def day() -> Past:
    return with_load_test(with_gpus(simulate(clock=DAY)))


@pytest.fixture(scope="module")
def well(day: Past) -> Iterator[Prometheus]:
    yield from filled_with(day, 300)


@pytest.fixture(scope="module")
def ill() -> Iterator[Prometheus]:
    """Overloaded, and by pictures of another camera."""
    incidents = (Incident.OVERLOAD, Incident.DRIFT)
    yield from filled_with(simulate(*incidents, clock=Clock(hours=6, step=60), hours=2.0), 60)


@pytest.fixture(scope="module")
def changed() -> Iterator[Prometheus]:
    """The world is another: the model is as sure as ever, and wrong."""
    yield from filled_with(simulate(Incident.WRONG_LABELS, clock=SHORT), 60)


@pytest.fixture(scope="module")
def idle() -> Iterator[Prometheus]:
    """Nobody has asked anything, ever."""
    yield from filled_with(simulate(Incident.SILENCE, clock=SHORT, hours=3.0), 60)


@pytest.fixture(scope="module")
def plain() -> Iterator[Prometheus]:
    yield from filled_with(without_kubernetes(simulate(clock=SHORT)), 60)


def all_that_is_wrong(prometheus: Prometheus, **choices: str) -> list[str]:
    found = []
    for question in ASKED:
        found += list(wrong(question, ask(prometheus, question, DAY.end, ALL | choices)))
    return found


def empty(prometheus: Prometheus, **choices: str) -> list[Question]:
    return [question for question in ASKED if not ask(prometheus, question, DAY.end, ALL | choices)]


def sentences(found: list[Question]) -> list[str]:
    return [str(question) for question in found]


class TestHealthy:
    def test_every_query_finds_something(self, well: Prometheus, ill: Prometheus) -> None:
        nothing = empty(well)
        unexcused = [question for question in nothing if not question.panel.empty_until]
        assert sentences(unexcused) == []
        # Those that have an excuse are filled by what they wait for.
        assert sentences([question for question in nothing if not ask(ill, question, DAY.end)]) == []

    def test_every_value_makes_sense(self, well: Prometheus) -> None:
        assert all_that_is_wrong(well) == []

    def test_every_legend_names_labels_that_are_there(self, well: Prometheus) -> None:
        blank = []
        for question in ASKED:
            for label in re.findall(r"\{\{(\w+)\}\}", question.query.legend):
                found = ask(well, question, DAY.end)
                if found and not any(series.labels.get(label) for series in found):
                    blank.append(f"{question}: no series has {label}")
        assert blank == []

    def test_every_override_has_a_series_that_it_changes(self, well: Prometheus, ill: Prometheus) -> None:
        names: dict[int, set[str]] = {}
        for question in ASKED:
            found = ask(well, question, DAY.end) + ask(ill, question, DAY.end)
            shown = {shown_as(question, series) for series in found}
            shown |= {label for series in found for label in series.labels if not question.query.legend}
            names.setdefault(id(question.panel), set()).update(shown)
        lost = {
            f"{question.dashboard.uid}, {question.panel.title!r}: {override.name}"
            for question in ASKED
            for override in question.panel.overrides
            if not any(override.matches(name) for name in names[id(question.panel)] | SELDOM)
        }
        assert sorted(lost) == []

    def test_a_choice_narrows_what_is_shown(self, well: Prometheus) -> None:
        chosen = {"namespace": "models", "model": "mnist", "version": "2"}
        assert sentences([each for each in empty(well, **chosen) if not each.panel.empty_until]) == []
        for question in ASKED:
            for series in ask(well, question, DAY.end, ALL | chosen):
                assert series.labels.get("model_version", "2") == "2", question

    def test_what_there_is_not_is_empty_and_no_error(self, well: Prometheus) -> None:
        for question in ASKED:
            found = ask(well, question, DAY.end, ALL | {"namespace": "elsewhere"})
            by_everybody = question.query.expr.count("slo:ecluse")
            assert not found or by_everybody, question


class TestInTrouble:
    def test_every_value_makes_sense(self, ill: Prometheus) -> None:
        assert all_that_is_wrong(ill) == []

    @pytest.mark.parametrize(
        ("panel", "holds"),
        [
            ("Server errors", lambda value: value > 0.2),
            ("Error budget burns", lambda value: value > 14.4),
            ("Largest PSI", lambda value: value > 0.2),
            ("Features that moved", lambda value: value >= 3),
            ("Against the baseline", lambda value: value < -0.05),
            ("Turned away, by reason", lambda value: value > 1),
            ("Prediction drift", lambda value: value > 0),
        ],
    )
    def test_what_is_amiss_is_seen(self, ill: Prometheus, panel: str, holds: Callable[[float], bool]) -> None:
        asked = [question for question in ASKED if question.panel.title == panel]
        assert any(holds(series.value) for question in asked for series in ask(ill, question, DAY.end))

    def test_a_changed_world_is_told_from_harder_inputs(self, changed: Prometheus, ill: Prometheus) -> None:
        (asked,) = (question for question in ASKED if question.panel.title == "Surer than right")
        (surer,), (harder,) = ask(changed, asked, DAY.end), ask(ill, asked, DAY.end)
        assert surer.value > slo.read().quality.concept_gap > harder.value

    def test_the_first_screen_says_which_part(self, ill: Prometheus) -> None:
        states = {
            question.query.legend: ask(ill, question, DAY.end)[0].value
            for question in ASKED
            if question.panel.title == "Which part"
        }
        assert states["Availability"] == 2
        assert states["Drift"] >= 1
        assert states["Rollout"] == 0


class TestIdle:
    def test_nothing_is_shown_that_is_no_number(self, idle: Prometheus) -> None:
        assert all_that_is_wrong(idle) == []

    def test_a_share_of_nothing_is_nothing(self, idle: Prometheus) -> None:
        for title in ("Server errors", "p95", "p99", "Latency", "Share of errors", "In time"):
            for question in ASKED:
                if question.panel.title == title:
                    assert ask(idle, question, DAY.end) == [], question

    def test_what_does_not_need_traffic_is_there(self, idle: Prometheus) -> None:
        for title in ("Servers ready", "Unreachable", "Servers", "What is served", "Memory", "Which part"):
            for question in ASKED:
                if question.panel.title == title:
                    assert ask(idle, question, DAY.end), question


class TestWithoutKubernetes:
    def test_every_query_that_needs_none_finds_something(self, plain: Prometheus) -> None:
        needs_kubernetes = ("container_", "kube_", "DCGM_", "revision:ecluse_")
        missing = [
            question
            for question in empty(plain)
            if not question.panel.empty_until and not any(name in question.query.expr for name in needs_kubernetes)
        ]
        # What looks over a day or more has not seen enough of it here.
        assert sentences([each for each in missing if "remaining_ratio" not in each.query.expr]) == []

    def test_every_value_makes_sense(self, plain: Prometheus) -> None:
        assert all_that_is_wrong(plain) == []


class TestVariables:
    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("namespace", {"models"}),
            ("model", {"mnist"}),
            ("version", {"1", "2"}),
            (
                "feature",
                {"mean_intensity", "contrast", "ink_share", "max", "centroid_x", "centroid_y", "sharpness"},
            ),
        ],
    )
    def test_a_variable_offers_what_there_is(self, well: Prometheus, name: str, values: set[str]) -> None:
        (variable,) = {
            variable for shown in dashboards(slo.read()) for variable in shown.variables if variable.name == name
        }
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable.query)
        assert asked is not None
        found = well.query_range(filled(asked[1], ALL), DAY.end - 26 * HOUR, DAY.end, 600)
        assert {series.labels[asked[2]] for series in found} == values


class TestAnnotations:
    def events(self, prometheus: Prometheus, name: str, hours: float) -> list[tuple[float, str]]:
        """When events lie, in milliseconds since 1970, and what they say."""
        (annotation,) = (each for each in ANNOTATIONS if each.name == name)
        found = prometheus.query_range(filled(annotation.expr, ALL), DAY.end - hours * HOUR, DAY.end, 60)
        said = []
        for series in found:
            text = annotation.text + annotation.title
            for label, value in series.labels.items():
                text = text.replace(f"{{{{{label}}}}}", value)
            said += [(value if annotation.value_is_time else at * 1000, text) for at, value in series.values]
        return said

    @pytest.fixture
    def begins(self, day: Past) -> float:
        """When the first server of the newer revision was scraped first."""
        born = [day.times[~np.isnan(each.values)][0] for each in day.of("ecluse_build_info", revision=NEW_REVISION)]
        return float(min(born))

    def test_a_deployment_is_told_when_it_begins_and_not_again(self, well: Prometheus, begins: float) -> None:
        told = self.events(well, "Deployments", 20)
        assert told
        assert all(NEW_REVISION in text for _, text in told)
        assert all(0 <= at - begins < 4 * 60_000 for at, _ in told)

    def test_a_model_that_was_loaded_lies_where_it_was(self, well: Prometheus, begins: float) -> None:
        told = self.events(well, "Model loads", 1)
        assert {text for _, text in told} == {"mnist version 2Model loaded"}
        assert all(abs(at - begins) < 60_000 for at, _ in told)

    def test_alerts_are_told_while_they_fire(self, ill: Prometheus, well: Prometheus) -> None:
        assert any("EcluseErrorBudgetBurn" in text for _, text in self.events(ill, "Critical alerts", 1))
        assert self.events(well, "Critical alerts", 1) == []


def test_the_rules_that_panels_read_are_those_that_are_shipped() -> None:
    assert {file.name for file in RULES} >= {"recording.yaml"}
    assert all(Path(file).stat().st_size for file in RULES)
