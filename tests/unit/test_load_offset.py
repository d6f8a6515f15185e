"""Clocks of two machines are compared by the round trip that was shortest."""

from hypothesis import given
from hypothesis import strategies as st

from loadtests.engine.offset import Offset, RoundTrip, offset

moments = st.floats(0, 1e6)
delays = st.floats(0, 0.5)


@given(st.floats(-1e5, 1e5), st.lists(st.tuples(moments, delays, delays), min_size=1))
def test_the_true_offset_lies_within_the_error(ahead: float, told: list[tuple[float, float, float]]) -> None:
    trips = [RoundTrip(asked, asked + there + back, asked + there + ahead) for asked, there, back in told]
    found = offset(trips, same_machine=False)
    assert abs(found.seconds - ahead) <= found.error + 1e-6


def test_a_slow_round_trip_does_not_spoil_a_quick_one() -> None:
    quick, slow = RoundTrip(10.0, 10.002, 110.001), RoundTrip(20.0, 21.0, 120.9)
    assert offset([slow, quick], same_machine=False) == Offset(110.001 - 10.001, (10.002 - 10.0) / 2)


def test_processes_of_one_machine_have_one_clock() -> None:
    assert offset([RoundTrip(10.0, 10.002, 10.0004)], same_machine=True) == Offset(0.0, 0.0)


def test_a_machine_whose_clock_is_set_apart_is_measured_all_the_same() -> None:
    # Two containers of one kernel may be given clocks of their own.
    assert offset([RoundTrip(10.0, 10.002, 510.001)], same_machine=True).seconds == 500
