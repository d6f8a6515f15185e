"""When a batch leaves the queue: the rules as a table, and what holds for any queue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.schedule import Policy, Send, Settle, Trigger, Wait, buckets_up_to, next_move

EIGHT = buckets_up_to(8)
AT_ONCE = Policy(EIGHT, max_wait_seconds=0.0, settle_turns=2)
PATIENT = Policy(EIGHT, max_wait_seconds=0.005, settle_turns=2)


@pytest.mark.parametrize(
    ("rows", "oldest_age", "quiet_turns", "is_draining", "policy", "move"),
    [
        pytest.param([1], 0.0, 0, False, AT_ONCE, Settle(), id="a lone request settles first"),
        pytest.param([1], 0.0, 1, False, AT_ONCE, Settle(), id="one quiet turn is not enough"),
        pytest.param([1], 0.0, 2, False, AT_ONCE, Send(1, 1, Trigger.IDLE), id="a lone request that settled leaves"),
        pytest.param([1], 0.0, -10, False, AT_ONCE, Settle(), id="extra turns are waited out"),
        pytest.param([3, 4], 0.0, 2, False, AT_ONCE, Send(2, 7, Trigger.IDLE), id="what settled leaves together"),
        pytest.param([8], 0.0, 0, False, AT_ONCE, Send(1, 8, Trigger.FULL), id="a full batch does not settle"),
        pytest.param([4, 4, 1], 0.0, 0, False, AT_ONCE, Send(2, 8, Trigger.FULL), id="the ninth row stays"),
        pytest.param([5, 4], 0.0, 0, False, AT_ONCE, Send(1, 5, Trigger.FULL), id="a request is never split"),
        pytest.param([5, 4, 3], 0.0, 0, False, AT_ONCE, Send(1, 5, Trigger.FULL), id="nobody overtakes to fill a gap"),
        pytest.param([1], 9.9, 0, False, AT_ONCE, Settle(), id="age does not hurry a batch that settles"),
        pytest.param([1], 0.0, 0, True, AT_ONCE, Send(1, 1, Trigger.DRAIN), id="draining does not settle"),
        pytest.param([1], 0.0, 0, True, PATIENT, Send(1, 1, Trigger.DRAIN), id="draining does not wait"),
        pytest.param(
            [8, 1], 0.0, 0, True, PATIENT, Send(1, 8, Trigger.FULL), id="a full batch is full even in a drain"
        ),
        pytest.param([1], 0.0, 9, False, PATIENT, Wait(0.005), id="a lone request waits for company"),
        pytest.param([1], 0.004, 9, False, PATIENT, Wait(0.001), id="for what is left of the limit"),
        pytest.param([1], 0.005, 0, False, PATIENT, Send(1, 1, Trigger.TIMEOUT), id="and no longer"),
        pytest.param([8], 0.0, 0, False, PATIENT, Send(1, 8, Trigger.FULL), id="a full batch does not wait"),
        pytest.param(
            [1], 0.005 - 1e-9, 0, False, PATIENT, Send(1, 1, Trigger.TIMEOUT), id="less than a timer can tell is over"
        ),
    ],
)
def test_the_next_move(
    rows: list[int], oldest_age: float, quiet_turns: int, is_draining: bool, policy: Policy, move: Send | Settle | Wait
) -> None:
    came = next_move(rows, oldest_age=oldest_age, quiet_turns=quiet_turns, is_draining=is_draining, policy=policy)
    if isinstance(move, Wait):
        assert isinstance(came, Wait)
        assert came.seconds == pytest.approx(move.seconds)
    else:
        assert came == move


policies = st.builds(
    Policy,
    buckets=st.integers(1, 100).map(buckets_up_to),
    max_wait_seconds=st.sampled_from([0.0, 0.001, 1.0]),
    settle_turns=st.integers(0, 5),
)


@st.composite
def queues(draw: st.DrawFn) -> tuple[Policy, list[int]]:
    policy = draw(policies)
    return policy, draw(st.lists(st.integers(1, policy.max_rows), min_size=1, max_size=40))


ages = st.floats(0.0, 2.0)
turns = st.integers(-10, 10)


@given(queues(), ages, turns, st.booleans())
def test_a_batch_is_the_longest_head_of_the_queue_that_fits(
    queue: tuple[Policy, list[int]], oldest_age: float, quiet_turns: int, is_draining: bool
) -> None:
    policy, rows = queue
    move = next_move(rows, oldest_age=oldest_age, quiet_turns=quiet_turns, is_draining=is_draining, policy=policy)
    if isinstance(move, Send):
        assert 1 <= move.requests <= len(rows)
        assert move.rows == sum(rows[: move.requests]) <= policy.max_rows
        overflows = move.requests < len(rows)
        assert not overflows or move.rows + rows[move.requests] > policy.max_rows
        assert (move.trigger is Trigger.FULL) == (overflows or move.rows == policy.max_rows)
    else:
        assert sum(rows) < policy.max_rows, "a full batch was held back"
        assert not is_draining


@given(queues(), ages, turns, st.booleans())
def test_a_wait_ends_when_the_oldest_request_reaches_the_limit(
    queue: tuple[Policy, list[int]], oldest_age: float, quiet_turns: int, is_draining: bool
) -> None:
    policy, rows = queue
    move = next_move(rows, oldest_age=oldest_age, quiet_turns=quiet_turns, is_draining=is_draining, policy=policy)
    if isinstance(move, Wait):
        assert 0 < move.seconds <= policy.max_wait_seconds
        assert move.seconds + oldest_age == pytest.approx(policy.max_wait_seconds)
    if policy.max_wait_seconds == 0:
        assert not isinstance(move, Wait), "a free lane was kept waiting by a timer"


@given(queues(), ages)
def test_quiet_turns_always_bring_a_batch_out_where_nobody_asked_for_a_wait(
    queue: tuple[Policy, list[int]], oldest_age: float
) -> None:
    policy, rows = queue
    policy = Policy(policy.buckets, 0.0, policy.settle_turns)
    move = next_move(rows, oldest_age=oldest_age, quiet_turns=policy.settle_turns, is_draining=False, policy=policy)
    assert isinstance(move, Send)


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
