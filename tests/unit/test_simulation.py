"""The scheduler under loads that no test machine could offer, in simulated time.

Floors, not figures: what `python -m tests.simulation` writes to the documents
is measured on longer runs.
"""

import tracemalloc

import pytest

from tests.simulation.arrivals import bursty, poisson, recorded
from tests.simulation.costs import CPU, GPU, Cost
from tests.simulation.ours import run_ours
from tests.simulation.rivals import Waiting, run_rival

REQUESTS = 6_000

each_cost = pytest.mark.parametrize("cost", [GPU, CPU], ids=lambda cost: cost.name)

pytestmark = pytest.mark.timeout(20)


@each_cost
@pytest.mark.parametrize(
    ("load", "bound", "floor"), [(0.5, 1.0, 0.999), (0.9, 1.0, 0.98), (1.1, 1 / 1.1, 0.97), (1.5, 1 / 1.5, 0.95)]
)
def test_goodput_stays_near_what_the_device_can_do(cost: Cost, load: float, bound: float, floor: float) -> None:
    outcome = run_ours(cost, poisson(cost.capacity * load, REQUESTS, seed=7), seed=7)
    assert outcome.goodput >= floor * bound


@each_cost
def test_at_ten_times_the_load_the_admitted_are_answered_in_time_and_the_queue_is_short(cost: Cost) -> None:
    outcome = run_ours(cost, poisson(cost.capacity * 10, 4 * REQUESTS, seed=7), seed=7)
    assert outcome.goodput >= 0.95 / 10
    assert outcome.quantile_seconds(0.99) <= cost.deadline_seconds
    assert outcome.largest_queue_rows <= 4 * 64


def test_at_ten_times_the_load_memory_is_flat() -> None:
    run_ours(GPU, poisson(GPU.capacity * 10, 1000, seed=7), seed=7)
    peaks = []
    for requests in (REQUESTS // 4, REQUESTS):
        arrivals = poisson(GPU.capacity * 10, requests, seed=7)
        tracemalloc.start()
        run_ours(GPU, arrivals, seed=7)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # What the observer and the outcome note of each request grows; what the batcher holds does not.
    assert peaks[1] - peaks[0] < 100_000


@each_cost
def test_bursts_and_arrivals_of_a_live_server_are_served_no_worse_than_by_a_tuned_timeout(cost: Cost) -> None:
    tuned = Waiting(0.002, cost.deadline_seconds / 2, 256)
    for arrivals in (bursty(cost.capacity * 0.7, REQUESTS, seed=7), recorded(cost.capacity * 0.9, REQUESTS)):
        ours = run_ours(cost, arrivals, seed=7).goodput
        assert ours >= run_rival(cost, arrivals, 7, tuned).goodput - 0.02


def test_a_simulation_repeats_itself() -> None:
    one, other = (run_ours(GPU, poisson(GPU.capacity, 2000, seed=3), seed=3).answers for _ in range(2))
    assert one == other
