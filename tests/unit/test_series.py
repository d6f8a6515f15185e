"""What is exported is, byte for byte, what prometheus_client would have exported."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from monitoring.contract.metric import Kind, Metric
from serving.series import Count, Distribution, Family, Level
from serving.shared_series import Shared

BOUNDS = (0.5, 1.0, 2.5)

disable_created_metrics()  # type: ignore[no-untyped-call]

values = st.one_of(st.sampled_from([0.0, 0.5, 1.0, 2.5, 3.0, 999_999.0, 1e6, 1e6 + 0.5]), st.floats(0, 1e9))
whose = st.sampled_from(["plain", 'qu"ote', "back\\slash", "line\nend", "é"])
series_of = st.dictionaries(whose, st.lists(values, max_size=5), max_size=3)

few = settings(max_examples=20)
"""Five bounds, five labels: more examples say no more, and each asks prometheus_client, which is slow."""


def described(kind: Kind, name: str = "x_total", labels: tuple[str, ...] = ("who",)) -> Metric:
    return Metric(name, kind, "Help.", "nobody", labels, BOUNDS if kind is Kind.HISTOGRAM else ())


def exported(*collectors: Family[Count] | Family[Level] | Family[Distribution] | Shared) -> bytes:
    """What a scrape has."""
    return "".join([collector.text() for collector in collectors]).encode()


@few
@given(series_of)
def test_a_histogram_reads_as_prometheus_clients(observations: dict[str, list[float]]) -> None:
    ours = Family(described(Kind.HISTOGRAM, "x"), lambda: Distribution(BOUNDS))
    registry = CollectorRegistry()
    theirs = Histogram("x", "Help.", ["who"], buckets=BOUNDS, registry=registry)
    for who, amounts in observations.items():
        ours.labels(who)
        theirs.labels(who)
        for amount in amounts:
            ours.labels(who).observe(amount)
            theirs.labels(who).observe(amount)
    assert exported(ours) == generate_latest(registry)


@few
@given(series_of)
def test_a_counter_reads_as_prometheus_clients(amounts: dict[str, list[float]]) -> None:
    ours = Family(described(Kind.COUNTER), Count)
    registry = CollectorRegistry()
    theirs = Counter("x_total", "Help.", ["who"], registry=registry)
    for who, each in amounts.items():
        for amount in each:
            ours.labels(who=who).inc(amount)
            theirs.labels(who=who).inc(amount)
    assert exported(ours) == generate_latest(registry)


@few
@given(series_of)
def test_a_gauge_reads_as_prometheus_clients(levels: dict[str, list[float]]) -> None:
    ours = Family(described(Kind.GAUGE, "x"), Level)
    registry = CollectorRegistry()
    theirs = Gauge("x", "Help.", ["who"], registry=registry)
    for who, each in levels.items():
        for level in each:
            ours.labels(who).set(level)
            theirs.labels(who).set(level)
        assert exported(ours) == generate_latest(registry)  # nothing of an earlier scrape is left


@pytest.mark.parametrize("level", [math.inf, -math.inf, math.nan, -1.5, -1e7, 1e-7, 1e6, 1e15, 1e16, 5e-324])
def test_a_number_of_any_size_reads_as_prometheus_clients(level: float) -> None:
    ours = Family(described(Kind.GAUGE, "x"), Level)
    ours.labels("me").set(level)
    (family,) = text_string_to_metric_families(exported(ours).decode())
    assert family.samples[0].value == pytest.approx(level, nan_ok=True, rel=0, abs=0)


def test_a_number_of_numpys_is_a_number() -> None:
    ours = Family(described(Kind.COUNTER), Count)
    ours.labels("me").inc(np.float64(2.5))
    assert b'x_total{who="me"} 2.5\n' in exported(ours)


def test_a_scrape_tells_what_was_counted_since_the_last() -> None:
    ours = Family(described(Kind.HISTOGRAM, "x"), lambda: Distribution(BOUNDS))
    for observed in range(1, 4):
        ours.labels("me").observe(0.75)
        assert f'x_count{{who="me"}} {observed}.0\n'.encode() in exported(ours)


def test_a_series_of_theirs_that_comes_later_is_told_too() -> None:
    foreign = Histogram("x", "Help.", ["who"], buckets=BOUNDS, registry=CollectorRegistry())
    shared = Shared(foreign)
    shared.labels(who="me").observe(0.25)
    assert b'x_sum{who="me"} 0.25' in exported(shared)
    foreign.labels("other").observe(2.0)
    shared.labels(who="third").observe(1.0)
    text = exported(shared)
    for line in (b'x_sum{who="me"} 0.25', b'x_sum{who="other"} 2.0', b'x_sum{who="third"} 1.0'):
        assert line in text


def test_a_family_without_labels_is_there_from_the_start() -> None:
    ours = Family(described(Kind.GAUGE, "x", ()), Level)
    registry = CollectorRegistry()
    Gauge("x", "Help.", registry=registry)
    assert exported(ours) == generate_latest(registry)


def test_a_series_that_was_removed_is_exported_no_longer() -> None:
    family = Family(described(Kind.GAUGE, "x"), Level)
    family.labels("stays").set(1)
    family.labels("goes").set(2)
    family.remove("goes")
    assert b"goes" not in exported(family)
    assert b'x{who="stays"} 1.0' in exported(family)


@pytest.mark.parametrize("by_name", [{}, {"who": "me", "what": "this"}, {"what": "this"}])
def test_labels_that_the_metric_does_not_have_are_refused(by_name: dict[str, str]) -> None:
    family = Family(described(Kind.GAUGE, "x"), Level)
    with pytest.raises(ValueError, match="x has the labels who"):
        family.labels(**by_name)


@few
@given(st.lists(values, max_size=5), st.lists(values, max_size=5), st.lists(values, max_size=5))
def test_what_another_library_counts_and_what_we_count_are_one_histogram(
    theirs: list[float], ours: list[float], strangers: list[float]
) -> None:
    foreign = Histogram("x", "Help.", ["who"], buckets=BOUNDS, registry=CollectorRegistry())
    registry = CollectorRegistry()
    expected = Histogram("x", "Help.", ["who"], buckets=BOUNDS, registry=registry)
    shared = Shared(foreign)
    mine = shared.labels(who="me")
    expected.labels("me")
    foreign.labels("other")
    expected.labels("other")
    for amount in theirs:
        foreign.labels("me").observe(math.floor(amount))
    for amount in strangers:
        foreign.labels("other").observe(math.floor(amount))
        expected.labels("other").observe(math.floor(amount))
    for amount in ours:
        mine.observe(math.floor(amount))
    for amount in (*theirs, *ours):
        expected.labels("me").observe(math.floor(amount))  # whole numbers have one sum in any order
    assert exported(shared) == generate_latest(registry)
