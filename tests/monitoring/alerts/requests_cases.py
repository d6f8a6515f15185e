"""Errors, slow answers and traffic; thresholds are those of the shipped promise: 0.999, and 0.99 within 250 ms."""

from tests.monitoring.alerts.case import (
    FOURS,
    TENS,
    TWOS,
    Case,
    Phase,
    Series,
    clears,
    counter,
    fires,
    histogram,
    quiet,
)

MODEL = 'model_name="mnist",model_version="1"'


def answered(code: int, *phases: float | Phase) -> Series:
    return counter(f'ecluse_requests_total{{{MODEL},protocol="v2",code="{code}"}}', *phases)


def slow(per_hundred: float, each: float = 10) -> tuple[Series, ...]:
    """A thousand successes from scrape to scrape, of which some are not answered within the threshold."""
    within = 100 * each - per_hundred * each
    return (
        answered(200, 100 * each),
        *histogram(
            "ecluse_request_duration_seconds",
            f'{MODEL},protocol="v2",outcome="success"',
            {"0.1": within / 2, "0.25": within, "0.5": 100 * each, "+Inf": 100 * each},
            total=10 * each,
        ),
    )


BURN, SLOW_BURN = "EcluseErrorBudgetBurn", "EcluseErrorBudgetBurnSlow"
LATE, SLOW_LATE = "EcluseLatencyBudgetBurn", "EcluseLatencyBudgetBurnSlow"

CASES: tuple[Case, ...] = (
    fires(BURN, "seven in a thousand fail", answered(200, 993), answered(503, 7)),
    quiet(BURN, "five in a thousand fail", answered(200, 995), answered(500, 5)),
    clears(BURN, "errors stop", answered(200, 980), answered(500, (20, 31), 0), at=30, again=80),
    quiet(BURN, "an error among thirty requests", answered(200, 0.7), answered(500, (0, 20), (1, 1), 0)),
    quiet(BURN, "shed with 429", answered(200, 900), answered(429, 100)),
    quiet(BURN, "callers mistakes", answered(200, 500), answered(400, 500)),
    quiet(BURN, "no error was ever counted", answered(200, 1000)),
    quiet(BURN, "the server starts again", answered(200, (1000, 20), ("reset", 1), 1000), answered(500, 0)),
    fires(
        BURN,
        "the server starts again while it fails",
        answered(200, (900, 20), ("reset", 1), 900),
        answered(500, (100, 20), ("reset", 1), 100),
    ),
    quiet(BURN, "nobody asks", answered(200, 0), answered(500, 0)),
    quiet(BURN, "the target is gone", answered(200, (900, 20), ("stale", 1), ("_", 99))),
    fires(SLOW_BURN, "two in a thousand fail for days", answered(200, 9980), answered(500, 20), at=4320, scene=TENS),
    quiet(SLOW_BURN, "nine in ten thousand fail", answered(200, 9991), answered(500, 9), at=4320, scene=TENS),
    quiet(SLOW_BURN, "nobody asks", answered(200, 0), answered(500, 0), at=4320, scene=TENS),
    clears(
        SLOW_BURN,
        "errors stop",
        answered(200, 9900),
        answered(500, (100, 200), 0),
        at=2000,
        again=4320,
        scene=TENS,
    ),
    Case(
        "EcluseErrorBudgetSpent",
        "twice the budget is spent and a day has passed",
        {20 * 60: False, 26 * 60: True},
        (answered(200, 998), answered(500, 2)),
        TWOS,
    ),
    quiet("EcluseErrorBudgetSpent", "something is left", answered(200, 9991), answered(500, 9), at=1560, scene=TWOS),
    quiet("EcluseErrorBudgetSpent", "nobody asks", answered(200, 0), answered(500, 0), at=1560, scene=TWOS),
    fires("EcluseHighClientErrorRate", "eleven in a hundred", answered(200, 89), answered(404, 11)),
    quiet("EcluseHighClientErrorRate", "nine in a hundred", answered(200, 91), answered(404, 9)),
    quiet("EcluseHighClientErrorRate", "one request now and then", answered(200, 1), answered(404, 1)),
    quiet("EcluseHighClientErrorRate", "nobody asks", answered(200, 0), answered(404, 0)),
    fires("EcluseTrafficDropped", "a tenth is left", answered(200, (480, 2520), 48), at=10136, scene=FOURS),
    quiet("EcluseTrafficDropped", "a quarter is left", answered(200, (480, 2520), 120), at=10136, scene=FOURS),
    quiet("EcluseTrafficDropped", "there never was much", answered(200, (200, 2520), 0), at=10136, scene=FOURS),
    quiet("EcluseTrafficDropped", "a week ago nothing was there", answered(200, 0), at=10136, scene=FOURS),
    fires(LATE, "seven in a hundred are slow", slow(7)),
    quiet(LATE, "five in a hundred are slow", slow(5)),
    quiet(LATE, "few requests", slow(50, each=0.001)),
    quiet(LATE, "nobody asks", slow(0, each=0)),
    fires(SLOW_LATE, "two in a hundred are slow for days", slow(2), at=4320, scene=TENS),
    quiet(SLOW_LATE, "nine in a thousand are slow", slow(0.9), at=4320, scene=TENS),
    quiet(SLOW_LATE, "nobody asks", slow(0, each=0), at=4320, scene=TENS),
)
