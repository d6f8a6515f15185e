"""When a batch leaves the queue and with whom: the rules as tables, and what holds for any queue."""

from dataclasses import dataclass
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.schedule import (
    Ahead,
    Policy,
    Seconds,
    Selection,
    Send,
    Settle,
    Trigger,
    Wait,
    buckets_up_to,
    next_move,
    predict,
    select,
)

EIGHT = buckets_up_to(8)
AT_ONCE = Policy(EIGHT, max_wait_seconds=0.0, settle_turns=2)
PATIENT = Policy(EIGHT, max_wait_seconds=0.005, settle_turns=2)


@pytest.mark.parametrize(
    ("rows", "quiet_turns", "is_draining", "policy", "oldest_age", "slack_seconds", "move"),
    [
        pytest.param(1, 0, False, AT_ONCE, 0.0, inf, Settle(), id="a lone request settles first"),
        pytest.param(1, 1, False, AT_ONCE, 0.0, inf, Settle(), id="one quiet turn is not enough"),
        pytest.param(1, 2, False, AT_ONCE, 0.0, inf, Send(Trigger.IDLE), id="a lone request that settled leaves"),
        pytest.param(1, -10, False, AT_ONCE, 0.0, inf, Settle(), id="extra turns are waited out"),
        pytest.param(8, 0, False, AT_ONCE, 0.0, inf, Send(Trigger.FULL), id="a full batch does not settle"),
        pytest.param(99, 0, False, AT_ONCE, 0.0, inf, Send(Trigger.FULL), id="nor do rows for several"),
        pytest.param(1, 0, False, AT_ONCE, 9.9, inf, Settle(), id="age does not hurry a batch that settles"),
        pytest.param(1, 0, True, AT_ONCE, 0.0, inf, Send(Trigger.DRAIN), id="draining does not settle"),
        pytest.param(1, 0, True, PATIENT, 0.0, inf, Send(Trigger.DRAIN), id="draining does not wait"),
        pytest.param(9, 0, True, PATIENT, 0.0, inf, Send(Trigger.FULL), id="a full batch is full even in a drain"),
        pytest.param(1, 9, False, PATIENT, 0.0, inf, Wait(0.005), id="a lone request waits for company"),
        pytest.param(1, 9, False, PATIENT, 0.004, inf, Wait(0.001), id="for what is left of the limit"),
        pytest.param(1, 9, False, PATIENT, 0.0, 0.002, Wait(0.002), id="for no longer than its deadline allows"),
        pytest.param(1, 9, False, PATIENT, 0.0, -1.0, Send(Trigger.TIMEOUT), id="not at all when it is nearly late"),
        pytest.param(1, 0, False, PATIENT, 0.005, inf, Send(Trigger.TIMEOUT), id="and no longer"),
        pytest.param(8, 0, False, PATIENT, 0.0, inf, Send(Trigger.FULL), id="a full batch does not wait"),
        pytest.param(
            1, 0, False, PATIENT, 0.005 - 1e-9, inf, Send(Trigger.TIMEOUT), id="less than a timer can tell is over"
        ),
    ],
)
def test_the_next_move(
    rows: int,
    quiet_turns: int,
    is_draining: bool,
    policy: Policy,
    oldest_age: float,
    slack_seconds: float,
    move: Send | Settle | Wait,
) -> None:
    came = next_move(
        rows,
        cap=8,
        quiet_turns=quiet_turns,
        is_draining=is_draining,
        policy=policy,
        oldest_age=oldest_age,
        slack_seconds=slack_seconds,
    )
    if isinstance(move, Wait):
        assert isinstance(came, Wait)
        assert came.seconds == pytest.approx(move.seconds)
    else:
        assert came == move


def test_a_cap_that_has_fallen_makes_fewer_rows_a_full_batch() -> None:
    assert next_move(4, cap=4, quiet_turns=0, is_draining=False, policy=AT_ONCE) == Send(Trigger.FULL)


policies = st.builds(
    Policy,
    buckets=st.integers(1, 100).map(buckets_up_to),
    max_wait_seconds=st.sampled_from([0.0, 0.001, 1.0]),
    settle_turns=st.integers(0, 5),
)


@given(policies, st.integers(1, 200), st.floats(0.0, 2.0), st.integers(-10, 10), st.booleans())
def test_a_wait_is_short_and_never_holds_back_a_full_batch(
    policy: Policy, rows: int, oldest_age: float, quiet_turns: int, is_draining: bool
) -> None:
    move = next_move(
        rows,
        cap=policy.max_rows,
        quiet_turns=quiet_turns,
        is_draining=is_draining,
        policy=policy,
        oldest_age=oldest_age,
    )
    if isinstance(move, Send):
        assert (move.trigger is Trigger.FULL) == (rows >= policy.max_rows)
        return
    assert rows < policy.max_rows, "a full batch was held back"
    assert not is_draining
    if isinstance(move, Wait):
        assert policy.max_wait_seconds > 0, "a free lane was kept waiting by a timer"
        assert 0 < move.seconds <= policy.max_wait_seconds
        assert move.seconds + oldest_age == pytest.approx(policy.max_wait_seconds)


@given(policies, st.integers(1, 200))
def test_quiet_turns_always_bring_a_batch_out_where_nobody_asked_for_a_wait(policy: Policy, rows: int) -> None:
    policy = Policy(policy.buckets, 0.0, policy.settle_turns)
    move = next_move(rows, cap=policy.max_rows, quiet_turns=policy.settle_turns, is_draining=False, policy=policy)
    assert isinstance(move, Send)


# Who leaves


@dataclass(frozen=True)
class Asked:
    """A request that waits."""

    rows: int
    deadline: float = inf


def flat(bucket: int) -> float:
    """A batch costs the same whatever its size, so that larger is always cheaper."""
    return 1.0


def as_rows(bucket: int) -> float:
    """A batch costs its rows, so that padding is all there is to lose."""
    return float(bucket)


def chosen(
    rows: list[int], *, cap: int = 8, seconds: Seconds = flat, deadlines: list[float] | None = None
) -> Selection[Asked]:
    waiting = [Asked(*each) for each in zip(rows, deadlines or [inf] * len(rows), strict=True)]
    policy = Policy(EIGHT)
    expected = seconds(policy.bucket(min(sum(rows), cap)))
    return select(waiting, now=0.0, expected_seconds=expected, cap=cap, policy=policy, seconds=seconds)


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        pytest.param([3, 4], 2, id="what waits leaves together"),
        pytest.param([4, 4, 1], 2, id="the ninth row stays"),
        pytest.param([5, 4], 1, id="a request is never split"),
        pytest.param([5, 4, 3], 1, id="nobody overtakes to fill a gap"),
    ],
)
def test_a_batch_is_the_longest_head_of_the_queue_that_fits(rows: list[int], left: int) -> None:
    selection = chosen(rows)
    assert [request.rows for request in selection.taken] == rows[:left]
    assert selection.rows == sum(rows[:left])
    assert selection.late == []


def test_a_request_larger_than_a_cap_that_has_fallen_runs_alone() -> None:
    assert [request.rows for request in chosen([6, 1], cap=4).taken] == [6]


def test_whoever_cannot_make_it_in_the_batch_that_waits_is_late() -> None:
    selection = chosen([1, 1, 1], deadlines=[0.9, 1.0, inf])
    assert [request.deadline for request in selection.late] == [0.9]
    assert [request.deadline for request in selection.taken] == [1.0, inf]


def test_a_batch_is_not_shrunk_to_rescue_its_head() -> None:
    selection = chosen([1] * 9, seconds=as_rows, deadlines=[3.0, *[inf] * 8])
    assert len(selection.late) == 1
    assert selection.rows == 8


def test_the_late_do_not_keep_others_from_filling_the_batch() -> None:
    selection = chosen([1] * 12, deadlines=[0.5] * 4 + [inf] * 8)
    assert len(selection.late) == 4
    assert selection.rows == 8


@pytest.mark.parametrize(
    ("rows", "run"),
    [
        pytest.param([1] * 5, 4, id="one row too many for the bucket waits"),
        pytest.param([1] * 4, 4, id="a bucket that is full is not cut"),
        pytest.param([3, 2], 3, id="requests stay whole"),
        pytest.param([5], 5, id="and so does the only one"),
        pytest.param([1] * 8, 8, id="the largest bucket is not cut"),
    ],
)
def test_where_padding_costs_more_than_it_saves_a_smaller_batch_leaves(rows: list[int], run: int) -> None:
    assert chosen(rows, seconds=as_rows).rows == run


def test_where_a_larger_batch_costs_no_more_rows_are_padded() -> None:
    assert chosen([1] * 5).rows == 5


def test_nobody_is_left_behind_who_would_then_be_late() -> None:
    # Four run for four seconds, the fifth after them for one.
    assert chosen([1] * 5, seconds=as_rows, deadlines=[inf] * 4 + [8.0]).rows == 4
    policy = Policy(EIGHT)
    tight = [Asked(1)] * 4 + [Asked(1, 4.9)]
    assert select(tight, now=0.0, expected_seconds=0.0, cap=8, policy=policy, seconds=as_rows).rows == 5


@given(st.lists(st.tuples(st.integers(1, 8), st.floats(0.0, 20.0)), min_size=1, max_size=30), st.sampled_from(EIGHT))
def test_whoever_is_neither_taken_nor_late_stays_behind_in_order(asked: list[tuple[int, float]], cap: int) -> None:
    waiting = [Asked(rows, deadline) for rows, deadline in asked]
    selection = select(waiting, now=0.0, expected_seconds=8.0, cap=cap, policy=Policy(EIGHT), seconds=as_rows)
    alive = [request for request in waiting if request.deadline >= 8.0]
    assert selection.taken == alive[: len(selection.taken)]
    assert all(request.deadline < 8.0 for request in selection.late)
    assert selection.rows == sum(request.rows for request in selection.taken)
    assert selection.rows <= cap or len(selection.taken) == 1
    assert bool(selection.taken) == bool(alive)


# When the answer comes


@pytest.mark.parametrize(
    ("rows", "ahead", "seconds"),
    [
        pytest.param(1, Ahead(0), 1.0, id="an idle server answers after one run"),
        pytest.param(1, Ahead(0, lane_seconds=0.5), 1.5, id="a busy one after what is left of its batch"),
        pytest.param(1, Ahead(3), 4.0, id="what waits shares the batch"),
        pytest.param(1, Ahead(8), 9.0, id="a full batch goes before"),
        pytest.param(1, Ahead(20), 8.0 + 8.0 + 8.0, id="several do"),
        pytest.param(16, Ahead(0), 16.0, id="a request of two batches takes both"),
        pytest.param(1, Ahead(16, lanes=2), 9.0, id="two lanes run two at a time"),
        pytest.param(1, Ahead(8, others_seconds=5.0), 19.0, id="others have a turn between"),
        pytest.param(1, Ahead(4, lines=4), 3.0 + 2.0, id="each shape of row makes a batch of its own"),
        pytest.param(1, Ahead(0, ready_seconds=3.0), 4.0, id="what is not decoded yet runs after that"),
        pytest.param(16, Ahead(0, ready_seconds=3.0), 19.0, id="all of its batches do"),
        pytest.param(1, Ahead(20, ready_seconds=3.0), 24.0, id="those ahead run while it is decoded"),
    ],
)
def test_a_finish_is_predicted(rows: int, ahead: Ahead, seconds: float) -> None:
    assert predict(rows, ahead, cap=8, policy=AT_ONCE, seconds=as_rows) == seconds


# Sizes


@pytest.mark.parametrize(
    ("max_rows", "buckets"),
    [
        pytest.param(1, (1,), id="one row is no batching"),
        pytest.param(2, (1, 2), id="two"),
        pytest.param(64, (1, 2, 4, 8, 16, 32, 64), id="a power of two"),
        pytest.param(48, (1, 2, 4, 8, 16, 32, 48), id="no power of two"),
        pytest.param(3, (1, 2, 3), id="an odd number"),
    ],
)
def test_buckets_are_powers_of_two_and_the_largest_batch(max_rows: int, buckets: tuple[int, ...]) -> None:
    assert buckets_up_to(max_rows) == buckets


@given(st.sets(st.integers(1, 300), min_size=1).map(lambda sizes: tuple(sorted(sizes))), st.data())
def test_rows_are_padded_to_the_smallest_bucket_that_holds_them(buckets: tuple[int, ...], data: st.DataObject) -> None:
    policy = Policy(buckets)
    assert policy.max_rows == max(buckets)
    rows = data.draw(st.integers(1, policy.max_rows))
    assert policy.bucket(rows) == min(size for size in buckets if size >= rows)


@given(st.integers(1, 4096))
def test_padding_never_doubles_a_batch(max_rows: int) -> None:
    policy = Policy(buckets_up_to(max_rows))
    assert all(policy.bucket(rows) < 2 * rows for rows in range(1, min(max_rows, 200) + 1))
