"""A histogram that is packed tells the same, and takes what is added as before."""

from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.measure.histogram import LARGEST_PACKED, MICROSECONDS, Histogram
from loadtests.measure.timeline import LIVELY_SECONDS, Timeline
from tests.reported_runs import seen, timeline

HOURS = 3 * LARGEST_PACKED / MICROSECONDS
durations = st.lists(st.floats(0, HOURS), max_size=30)


def histogram(seconds: list[float]) -> Histogram:
    made = Histogram()
    for each in seconds:
        made.add(each)
    return made


@settings(max_examples=50)
@given(durations, durations, st.floats(0, 1))
def test_packing_changes_nothing_that_can_be_asked(first: list[float], second: list[float], share: float) -> None:
    packed, plain = histogram(first), histogram(first)
    packed.pack()
    assert packed == plain
    assert packed.total == plain.total
    assert repr(packed.quantile(share)) == repr(plain.quantile(share))

    for each in (packed, plain):
        each.merge([histogram(second)])
        each.add(1.0)
    assert packed == plain
    packed.pack()
    assert Histogram().merge([packed]) == plain


def test_a_timeline_takes_what_comes_late_although_it_is_packed() -> None:
    whole, merged = Timeline(), Timeline()
    late = seen(1.5, 30.0)
    for second in range(5 * LIVELY_SECONDS):
        whole.add(seen(second))
        merged.merge(timeline([seen(second)]))
    whole.add(late)
    merged.merge(timeline([late]))

    assert merged.cells == whole.cells
    assert Timeline.from_wire(merged.to_wire()).cells == whole.cells
