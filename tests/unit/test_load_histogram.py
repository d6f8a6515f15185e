"""A histogram tells what HdrHistogram tells of the same durations, however they were spread over workers."""

import math

from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.measure.histogram import MICROSECONDS, Histogram, bucket, width

MINUTE = 60.0
ORACLE = HdrHistogram(1, int(2 * MINUTE * MICROSECONDS), 3)
"""One for all, since making it takes longer than the rest."""
durations = st.lists(st.floats(0.000_001, MINUTE), min_size=1, max_size=50)


def histogram(seconds: list[float]) -> Histogram:
    made = Histogram()
    for each in seconds:
        made.add(each)
    return made


@settings(max_examples=25)
@given(durations, st.sampled_from([0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0]))
def test_quantiles_are_those_of_hdr_histogram(seconds: list[float], share: float) -> None:
    ORACLE.reset()
    for each in seconds:
        ORACLE.record_value(round(each * MICROSECONDS))
    rank = max(1, math.ceil(share * len(seconds) - 1e-9))
    # Asked for a whole rank: between two, the Python edition rounds where the Java edition goes up.
    expected = ORACLE.get_value_at_percentile(100 * rank / len(seconds))
    assert round(histogram(seconds).quantile(share) * MICROSECONDS) == expected


@given(durations, durations)
def test_two_that_are_merged_are_what_one_would_have_been(here: list[float], there: list[float]) -> None:
    assert histogram(here).merge([histogram(there)]) == histogram([*here, *there])


@given(st.integers(0, 10**12))
def test_a_number_is_off_by_less_than_one_in_a_thousand(microseconds: int) -> None:
    lowest = bucket(microseconds)
    assert lowest <= microseconds < lowest + width(lowest)
    assert width(lowest) - 1 <= microseconds / 1000


def test_nothing_has_no_quantile() -> None:
    assert math.isnan(Histogram().quantile(0.5))
    assert math.isnan(Histogram().mean())
    assert math.isnan(Histogram().share_within(1))


def test_the_longest_can_be_taken_out() -> None:
    histogram = Histogram()
    for seconds, times in ((0.001, 3), (0.002, 2), (0.5, 4)):
        histogram.add(seconds, times)
    assert histogram.without_longest(0) == histogram
    assert list(histogram.without_longest(5).counts.values()) == [3, 1]
    assert histogram.without_longest(100).total == 0
    assert histogram.total == 9
