"""Whose turn it is, where several queues share a device."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from serving.turns import Turns


class Line:
    """A queue that wants lanes again and again."""

    def __init__(self, turns: Turns, name: str = "", seconds: float = 1.0) -> None:
        self._turns = turns
        self.name = name
        self.next_seconds = seconds
        self.is_awake = False

    def wake(self) -> None:
        self.is_awake = True

    def take(self, ends: float = 0.0) -> bool:
        """Take a turn, if there is a lane."""
        if not self._turns.has_lane_for(self):
            return False
        self.is_awake = False
        self._turns.take(self, ends)
        return True


def test_a_free_lane_goes_to_whoever_asks() -> None:
    turns = Turns()
    assert Line(turns).take()
    assert not Line(turns).take()


def test_whoever_found_no_lane_is_woken_when_one_is_free_and_nobody_else_gets_it() -> None:
    turns = Turns()
    first, second, third = Line(turns), Line(turns), Line(turns)
    first.take(1.0)
    assert not second.take()
    turns.free(1.0)
    assert second.is_awake
    assert not third.take()
    assert not first.take()
    assert second.take()


def test_a_lane_that_is_passed_goes_to_the_next() -> None:
    turns = Turns()
    first, second, third = Line(turns), Line(turns), Line(turns)
    first.take(1.0)
    second.take()
    third.take()
    turns.free(1.0)
    turns.leave(second)
    assert third.is_awake
    assert third.take()


def test_one_who_leaves_before_the_turn_comes_costs_nobody_a_turn() -> None:
    turns = Turns()
    first, second, third = Line(turns), Line(turns), Line(turns)
    first.take(1.0)
    second.take()
    third.take()
    turns.leave(second)
    assert not third.is_awake
    turns.free(1.0)
    assert third.is_awake


def test_one_queue_may_take_every_lane_that_nobody_waits_for() -> None:
    turns = Turns(lanes=3)
    line = Line(turns)
    assert [line.take() for _ in range(4)] == [True, True, True, False]


def test_the_next_lane_is_free_when_the_first_run_ends() -> None:
    turns = Turns(lanes=2)
    line = Line(turns)
    line.take(5.0)
    assert turns.free_at() is None
    line.take(3.0)
    assert turns.free_at() == 3.0
    turns.free(3.0)
    assert turns.free_at() is None


def test_what_is_ahead_of_a_queue_is_one_batch_of_each_other_that_waits() -> None:
    turns = Turns()
    first, second, third = Line(turns, seconds=1.0), Line(turns, seconds=2.0), Line(turns, seconds=4.0)
    first.take()
    second.take()
    third.take()
    assert turns.others_seconds(third) == 2.0
    assert turns.others_seconds(first) == 6.0


@given(st.integers(1, 3), st.lists(st.integers(0, 3), max_size=200), st.data())
def test_no_queue_waits_for_more_than_one_batch_of_each_other(
    lanes: int, asking: list[int], data: st.DataObject
) -> None:
    turns = Turns(lanes)
    lines = [Line(turns, str(number)) for number in range(4)]
    running: list[float] = []
    waits: dict[str, Counter[str]] = {}
    for ends, number in enumerate(asking):
        if running and (len(running) == lanes or data.draw(st.booleans())):
            turns.free(running.pop(data.draw(st.integers(0, len(running) - 1))))
        for line in (lines[number], *(line for line in lines if line.is_awake)):
            if line.take(float(ends + len(running) / 10)):
                running.append(float(ends + len(running) / 10))
                waits.pop(line.name, None)
                for others in waits.values():
                    others[line.name] += 1
                    assert others[line.name] <= 1, "one queue went twice before another"
            else:
                waits.setdefault(line.name, Counter())
        assert len(running) <= lanes
        free = lanes - len(running)
        assert not free or not waits, "a lane is free while a queue waits"
