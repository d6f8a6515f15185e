"""Requests of the rolling update are due by the clock alone."""

from itertools import islice, pairwise

import pytest

from tests.cluster.rolling.arrivals import Kind, arrivals, shared


def test_each_kind_comes_at_equal_distances_at_its_own_rate() -> None:
    first = list(islice(arrivals({Kind.FRESH: 10.0, Kind.GRPC: 4.0}), 140))
    for kind, distance in ((Kind.FRESH, 0.1), (Kind.GRPC, 0.25)):
        due = [arrival.seconds for arrival in first if arrival.kind is kind]
        assert [after - before for before, after in pairwise(due)] == pytest.approx([distance] * (len(due) - 1))


def test_all_kinds_come_in_the_order_in_which_they_are_due_and_are_counted_together() -> None:
    first = list(islice(arrivals(shared(200.0)), 1000))
    assert [arrival.number for arrival in first] == list(range(1000))
    assert all(before.seconds <= after.seconds for before, after in pairwise(first))
    assert first[-1].seconds == pytest.approx(5.0, abs=0.05)


def test_the_shares_of_the_kinds_are_the_whole_rate() -> None:
    assert sum(shared(120.0).values()) == pytest.approx(120.0)
    assert set(shared(120.0)) == set(Kind)


def test_kinds_of_one_rate_are_never_due_at_the_same_moment() -> None:
    first = list(islice(arrivals(dict.fromkeys(Kind, 5.0)), 200))
    assert len({round(arrival.seconds, 6) for arrival in first}) == len(first)


def test_a_kind_without_a_rate_does_not_come() -> None:
    assert {arrival.kind for arrival in islice(arrivals({Kind.GRPC: 1.0, Kind.IDLE: 0.0}), 10)} == {Kind.GRPC}
    assert list(arrivals({})) == []


def test_times_do_not_drift_over_a_day() -> None:
    rate = 1 / 3
    late = next(islice(arrivals({Kind.IDLE: rate}), 28_800, None))
    assert late.seconds == pytest.approx(86_400.0, abs=1e-6)
