"""What a fault must come to: for each, the load that is put on and the verdict that must come out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtests.measure.outcome import Outcome
from loadtests.verdict.result import Status
from tests.contract.loadtests.trial import During, Load

SEED_COUNT = 5
"""How many seeds a healthy server is tried with where nothing else is asked for; a healthy one passes with any."""

SEED_OF_NO_REQUESTS = "1"
"""With it no arrival is drawn for four seconds at half a request a second."""

EASY = ("generator.lag_p99_seconds=0.25", "generator.busy_ratio=1")
"""Tests share their cores with others: where a fault must be found, a generator that is late is not what is tried."""
STRICT = ("generator.lag_p99_seconds=0.1", "generator.busy_ratio=1")
"""Where nothing is wrong, a generator that is late enough to be taken for a fault must say so."""
LENGTHS = ("rate=100", "phases.warm-up.seconds=1", "phases.steady.seconds=6")
"""Six hundred requests: p99 is told by them."""
HEALTHY = (*LENGTHS, *STRICT)
STEADY = (*LENGTHS, *EASY)
ROLLING_LENGTHS = (
    *("rate=80", "phases.warm-up.seconds=1", "phases.before.seconds=5", "phases.during.seconds=4"),
    *("phases.after.seconds=2", "change.settle_seconds=2", "gates.4.least=100", "gates.2=null"),
)
"""No baseline so short tells a p99 to compare with."""
ROLLING_HEALTHY = (*ROLLING_LENGTHS, *STRICT)
ROLLING = (*ROLLING_LENGTHS, *EASY)
OVERLOAD = (
    *("rate=20", "streams.v2-json.rows={1: 1}", "phases.warm-up.seconds=1", "phases.before.seconds=6"),
    *("phases.overload.seconds=5", "phases.settling.seconds=5", "phases.after.seconds=6", "timeout_seconds=4"),
    *STRICT,
)
NO_ANSWERS = ("rows", "shape", "nan", "name", "id")

STREAMS: list[dict[str, Any]] = [
    {"name": "v2-binary", "protocol": "v2", "format": "binary", "share": 2},
    {"name": "v2-json", "protocol": "v2", "share": 1},
    {"name": "v1-json", "protocol": "v1", "share": 1},
    {"name": "grpc", "protocol": "grpc", "format": "binary", "share": 2},
]
PROMISED = [{"measure": measure, "promised": True} for measure in ("p95", "p99", "error_ratio", "accuracy")]
COLD: Mapping[str, Any] = {
    "summary": "Is the promise kept from the first request on?",
    "rate": 80,
    "streams": STREAMS,
    "phases": [{"name": "cold", "role": "load", "seconds": 9}],
    "gates": PROMISED,
    "generator": {"lag_p99_seconds": 0.25, "busy_ratio": 1},
}
"""No warm-up: what steady leaves out of its judgement counts."""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    """A fact, which the test's name says."""
    status: Status
    words: tuple[str, ...] = ()
    """Of the reasons, for people; in any letter case."""
    faults: tuple[str, ...] = ()
    latency: str = "0.003"
    profile: str | Mapping[str, Any] = "steady"
    overrides: tuple[str, ...] = STEADY
    options: tuple[str, ...] = ()
    during: During | None = None
    failed: Mapping[Outcome, tuple[str, ...]] = field(default_factory=dict)
    """Outcomes that must be seen as often as the server did what it calls so."""


def freeze_the_generator(load: Load) -> None:
    """One process of the load is not run for most of the time, as on a machine that has too much to do."""
    load.wait_until_under_way(1)
    load.slow_down(awake=0.05, asleep=0.3)


def healthy(seeds: int) -> list[Case]:
    return [
        Case(
            f"a_healthy_server_passes_with_seed_{seed}",
            Status.PASSED,
            overrides=HEALTHY,
            options=("--seed", str(seed)),
        )
        for seed in range(1, seeds + 1)
    ]


CASES: list[Case] = [
    # Time
    Case(
        "a_stall_of_5_seconds_fails_by_latency",
        Status.FAILED,
        ("p99",),
        ("freeze,begins=3,seconds=5",),
        overrides=(*STEADY, "phases.steady.seconds=10"),
    ),
    Case("growing_latency_fails", Status.FAILED, ("p99",), ("grow,rate=0.1",)),
    Case(
        "a_slow_start_passes_where_it_is_a_warm_up",
        Status.PASSED,
        faults=("slow,seconds=1,ends=4",),
        overrides=(*HEALTHY, "phases.warm-up.seconds=6"),
    ),
    Case(
        "a_slow_start_fails_where_it_is_none",
        Status.FAILED,
        ("p95",),
        ("slow,seconds=1,ends=4",),
        profile=COLD,
        overrides=(),
    ),
    Case(
        "requests_that_nobody_answers_fail",
        Status.FAILED,
        ("p95", "error_ratio"),
        ("slow,seconds=30,share=0.1",),
        overrides=(*STEADY, "timeout_seconds=1"),
        failed={Outcome.TIMEOUT: ("slow",)},
    ),
    # Errors
    Case(
        "one_503_in_a_hundred_fails",
        Status.FAILED,
        ("error_ratio",),
        ("status,code=503,share=0.01",),
        failed={Outcome.SERVER: ("status 503",)},
    ),
    Case(
        "one_request_in_a_hundred_that_is_shed_fails_where_the_promise_counts_it",
        Status.FAILED,
        ("error_ratio",),
        ("status,code=503,reason=queue_full,share=0.01",),
        failed={Outcome.SHED: ("status 503",)},
    ),
    Case(
        "requests_refused_as_too_many_pass_where_the_promise_does_not_count_them",
        Status.PASSED,
        (),
        ("status,code=429,reason=queue_full,share=0.01",),
        overrides=HEALTHY,
        failed={Outcome.SHED: ("status 429",)},
    ),
    Case(
        "one_500_among_hundreds_is_told_and_passes_by_no_chance",
        Status.INCONCLUSIVE,
        ("error_ratio",),
        ("status,code=500,begins=3,times=1",),
        failed={Outcome.SERVER: ("status 500",)},
    ),
    Case(
        "deadlines_that_passed_fail",
        Status.FAILED,
        ("error_ratio",),
        ("status,code=504,reason=late,share=0.02",),
        failed={Outcome.DEADLINE: ("status 504",)},
    ),
    # Answers
    Case("wrong_labels_fail_by_accuracy", Status.FAILED, ("accuracy",), ("wrong,how=label,share=0.3",)),
    Case(
        "answers_that_are_none_fail_and_each_is_seen",
        Status.FAILED,
        ("error_ratio",),
        tuple(f"wrong,how={how},times=5,begins={second}" for second, how in enumerate(NO_ANSWERS, start=2)),
        failed={Outcome.WRONG: tuple(f"wrong {how}" for how in NO_ANSWERS)},
    ),
    # Connections
    *(
        Case(
            f"connections_{words}_fail",
            Status.FAILED,
            ("error_ratio",),
            tuple(f"cut,how={how},share=0.1,begins={at},ends={at + 1}" for at, how in enumerate(hows, start=2)),
        )
        for words, hows in (
            ("closed_before_or_within_an_answer", ("before", "within", "before", "within")),
            ("reset_or_left_with_goaway", ("reset", "goaway", "reset", "goaway")),
        )
    ),
    Case(
        "a_server_that_takes_no_connections_for_a_while_fails",
        Status.FAILED,
        ("error_ratio",),
        ("cut,how=before,begins=4,ends=5", "refuse,begins=4,ends=5"),
    ),
    Case(
        "a_server_that_dies_in_the_middle_fails_with_what_was_measured",
        Status.FAILED,
        ("error_ratio", "answered nothing since"),
        ("die,begins=4",),
        options=("--give-up-after", "2"),
    ),
    # A change
    Case(
        "a_change_that_costs_nothing_passes",
        Status.PASSED,
        (),
        ("swap,begins=7",),
        profile="rolling-update",
        overrides=ROLLING_HEALTHY,
        options=("--change", "sleep 1"),
    ),
    Case(
        "one_reset_in_a_rolling_update_fails",
        Status.FAILED,
        ("error_ratio", "during"),
        ("swap,begins=7", "cut,how=reset,begins=7,times=1"),
        profile="rolling-update",
        overrides=ROLLING,
        options=("--change", "sleep 1"),
    ),
    # Too much
    Case(
        "a_server_that_sheds_what_is_too_much_passes_an_overload",
        Status.PASSED,
        (),
        ("queue,rate=100,seconds=0.08",),
        profile="overload",
        overrides=OVERLOAD,
    ),
    Case(
        "a_server_that_keeps_all_waiting_fails_an_overload",
        Status.FAILED,
        ("overload",),
        ("queue,rate=100",),
        profile="overload",
        overrides=OVERLOAD,
    ),
    # Nothing to measure
    Case(
        "a_model_that_is_not_ready_is_unreachable",
        Status.UNREACHABLE,
        ("ready",),
        ("unready",),
        options=("--wait-ready", "1"),
    ),
    Case(
        "a_run_without_requests_is_never_passed",
        Status.INCONCLUSIVE,
        ("request",),
        overrides=("rate=0.5", "phases.warm-up.seconds=2", "phases.steady.seconds=2", *EASY),
        options=("--seed", SEED_OF_NO_REQUESTS),
    ),
    # The generator
    Case(
        "a_generator_that_fell_behind_is_inconclusive",
        Status.INCONCLUSIVE,
        ("the generator was late",),
        overrides=HEALTHY,
        during=freeze_the_generator,
    ),
    Case(
        "a_generator_that_fell_behind_still_sees_wrong_answers",
        Status.FAILED,
        ("error_ratio", "the generator was late"),
        ("wrong,how=rows,share=0.05",),
        overrides=HEALTHY,
        during=freeze_the_generator,
    ),
]
