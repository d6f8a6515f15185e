"""How large a batch may be for the time being."""

from serving.batch_cap import BatchCap

BUCKETS = (1, 2, 4, 8)


def as_rows(bucket: int) -> float:
    """A tenth of a second a row."""
    return bucket / 10


def in_budget(budget_seconds: float) -> BatchCap:
    cap = BatchCap(BUCKETS, budget_seconds=budget_seconds)
    cap.calibrated(as_rows)
    return cap


def test_without_a_deadline_the_largest_bucket_is_the_cap() -> None:
    cap = BatchCap(BUCKETS)
    cap.calibrated(as_rows)
    assert cap.rows == 8


def test_a_batch_takes_no_more_than_its_part_of_the_deadline() -> None:
    assert [in_budget(seconds).rows for seconds in (0.8, 0.74, 0.72, 0.2, 0.1)] == [8, 8, 4, 2, 1]


def test_where_not_even_one_row_is_quick_enough_rows_run_one_by_one() -> None:
    assert in_budget(0.05).rows == 1


def test_an_estimate_near_the_budget_does_not_move_the_cap_to_and_fro() -> None:
    cap = in_budget(0.8)
    for now in range(0, 100, 2):
        cap.review(float(now), lambda bucket: as_rows(bucket) * 0.95)
        cap.review(float(now + 1), lambda bucket: as_rows(bucket) * 1.05)
        assert cap.rows == 8


def test_a_model_that_becomes_slow_gets_smaller_batches_and_later_its_own_again() -> None:
    cap = in_budget(0.8)
    sizes = []
    for now in range(6):
        cap.review(float(now), lambda bucket: 3 * as_rows(bucket))
        sizes.append(cap.rows)
    for now in range(6, 12):
        cap.review(float(now), lambda bucket: as_rows(bucket) / 2)
        sizes.append(cap.rows)
    assert sizes == [4, 2, 2, 2, 2, 2, 4, 8, 8, 8, 8, 8]


def test_the_cap_is_looked_at_once_a_second_at_most() -> None:
    cap = in_budget(0.8)
    for now in (0.0, 0.1, 0.5, 0.99):
        cap.review(now, lambda bucket: 3 * as_rows(bucket))
    assert cap.rows == 4


def test_a_batch_that_did_not_fit_in_memory_halves_the_cap_for_a_while() -> None:
    cap = BatchCap(BUCKETS, cool_down_seconds=30.0)
    cap.exhausted(8, 100.0)
    assert cap.rows == 4
    cap.review(129.0, as_rows)
    assert cap.rows == 4
    cap.review(130.0, as_rows)
    assert cap.rows == 8


def test_the_cap_grows_back_one_step_at_a_time() -> None:
    cap = BatchCap(BUCKETS, cool_down_seconds=30.0)
    cap.exhausted(8, 0.0)
    cap.exhausted(4, 1.0)
    sizes = []
    for now in (30.0, 31.0, 60.0, 61.0, 1000.0):
        cap.review(now, as_rows)
        sizes.append(cap.rows)
    assert sizes == [2, 4, 4, 8, 8]


def test_a_larger_batch_that_fails_late_does_not_raise_the_cap() -> None:
    cap = BatchCap(BUCKETS)
    cap.exhausted(2, 0.0)
    cap.exhausted(8, 0.0)
    assert cap.rows == 1


def test_one_row_that_does_not_fit_leaves_the_cap_at_one_row() -> None:
    cap = BatchCap(BUCKETS, cool_down_seconds=30.0)
    cap.exhausted(1, 0.0)
    assert cap.rows == 1
    cap.review(30.0, as_rows)
    assert cap.rows == 2


def test_a_model_of_one_bucket_has_nothing_to_halve() -> None:
    cap = BatchCap((1,), cool_down_seconds=30.0)
    cap.exhausted(1, 0.0)
    cap.review(1000.0, as_rows)
    assert cap.rows == 1
