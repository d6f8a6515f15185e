"""When requests arrive: made by chance from a seed, or as they once did."""

import json
from itertools import accumulate
from pathlib import Path
from random import Random

RECORDED = Path(__file__).parent / "recorded_arrivals.json"

BURST = 3.0
"""The rate of a burst, to the mean rate."""
BURST_SECONDS = 0.05


def poisson(rate: float, count: int, seed: int) -> list[float]:
    """Callers who know nothing of each other."""
    random = Random(seed)
    return list(accumulate(random.expovariate(rate) for _ in range(count)))


def bursty(rate: float, count: int, seed: int) -> list[float]:
    """Bursts and quiet: a third of the time at three times the rate, else nearly none."""
    random = Random(seed)
    quiet = rate * 0.05
    quiet_seconds = BURST_SECONDS * (BURST - 1) / (1 - quiet / rate)
    arrivals: list[float] = []
    now, ends, is_burst = 0.0, BURST_SECONDS, True
    while len(arrivals) < count:
        now += random.expovariate(BURST * rate if is_burst else quiet)
        if now >= ends:
            # Where it stopped does not matter to what comes next: arrivals have no memory.
            now, is_burst = ends, not is_burst
            ends += random.expovariate(1 / (BURST_SECONDS if is_burst else quiet_seconds))
        else:
            arrivals.append(now)
    return arrivals


def recorded(rate: float, count: int) -> list[float]:
    """Arrivals at a live server, sped up or slowed down to the rate, again and again."""
    gaps = [gap * 1e-6 for gap in json.loads(RECORDED.read_text())["gaps_microseconds"]]
    scale = len(gaps) / sum(gaps) / rate
    return list(accumulate(gaps[number % len(gaps)] * scale for number in range(count)))
