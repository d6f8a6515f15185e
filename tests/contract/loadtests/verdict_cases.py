"""What a fault must come to: for each, the load that is put on and the verdict that must come out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtests.measure.outcome import Outcome
from loadtests.verdict.result import Status
from tests.contract.loadtests.trial import During, Load

SEED_COUNT = 5
"""How many seeds a healthy server is tried with where nothing else is asked for; a healthy one passes with any."""

EASY = (
    "generator.lag_p99_seconds=0.25",
    "generator.busy_ratio=1",
)
"""Tests share their cores with other tests: what the generator may be late by is not what they are about."""
STEADY = ("rate=80", "phases.warm-up.seconds=2", "phases.steady.seconds=8", *EASY)
"""Some six hundred requests: 99 of a hundred are told by them."""

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
    failed: Mapping[Outcome, str] = field(default_factory=dict)
    """Outcomes of which there must be some, and the server's word for what they are counted against."""


def interrupt(load: Load) -> None:
    load.wait_until_under_way(4)
    load.process.send_signal(2)


def freeze_the_generator(load: Load) -> None:
    """One process of the load is not run for most of the time, as on a machine that has too much to do."""
    load.wait_until_under_way(1)
    load.slow_down(awake=0.05, asleep=0.2)


def healthy(seeds: int) -> list[Case]:
    return [
        Case(f"a_healthy_server_passes_with_seed_{seed}", Status.PASSED, options=("--seed", str(seed)))
        for seed in range(1, seeds + 1)
    ]


CASES: list[Case] = [
    # Time
    Case(
        "a_stall_of_5_seconds_fails_by_latency",
        Status.FAILED,
        ("p99",),
        ("freeze,begins=4,seconds=5",),
        overrides=(*STEADY, "phases.steady.seconds=12"),
    ),
    Case("growing_latency_fails", Status.FAILED, ("p99",), ("grow,rate=0.1",)),
    Case(
        "a_slow_start_passes_where_it_is_a_warm_up",
        Status.PASSED,
        faults=("slow,seconds=1,ends=5",),
        overrides=(*STEADY, "phases.warm-up.seconds=8"),
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
        "a_deadline_that_is_ignored_is_a_timeout",
        Status.FAILED,
        ("p99",),
        ("slow,seconds=30,share=0.05",),
        overrides=(*STEADY, "timeout_seconds=1"),
        failed={Outcome.TIMEOUT: "slow"},
    ),
    # Errors
    Case(
        "one_503_in_a_hundred_fails",
        Status.FAILED,
        ("error_ratio",),
        ("status,code=503,share=0.01",),
        failed={Outcome.SERVER: "status 503"},
    ),
    Case(
        "one_request_in_a_hundred_that_is_shed_fails_where_the_promise_counts_it",
        Status.FAILED,
        ("error_ratio",),
        ("status,code=503,reason=queue_full,share=0.01",),
        failed={Outcome.SHED: "status 503"},
    ),
    Case(
        "requests_refused_as_too_many_pass_where_the_promise_does_not_count_them",
        Status.PASSED,
        (),
        ("status,code=429,reason=queue_full,share=0.01",),
        failed={Outcome.SHED: "status 429"},
    ),
    Case(
        "one_500_in_a_thousand_is_told_and_is_not_passed_by_chance",
        Status.INCONCLUSIVE,
        ("error_ratio",),
        ("status,code=500,share=0.002,begins=3,times=1",),
        failed={Outcome.SERVER: "status 500"},
    ),
    Case(
        "deadlines_that_passed_fail",
        Status.FAILED,
        ("error_ratio",),
        ("status,code=504,reason=late,share=0.02",),
        failed={Outcome.DEADLINE: "status 504"},
    ),
    # Answers
    Case("a_wrong_label_fails_by_accuracy", Status.FAILED, ("accuracy",), ("wrong,how=label,share=0.3",)),
    *(
        Case(
            f"an_answer_with_{words}_fails",
            Status.FAILED,
            ("error_ratio",),
            (f"wrong,how={how},share=0.05",),
            failed={Outcome.WRONG: f"wrong {how}"},
        )
        for how, words in (
            ("rows", "other_rows"),
            ("shape", "another_shape"),
            ("nan", "no_numbers"),
            ("name", "other_names"),
            ("garbage", "no_meaning"),
        )
    ),
    # Connections
    *(
        Case(
            f"connections_{words}_fail",
            Status.FAILED,
            ("error_ratio",),
            (f"cut,how={how},share=0.02",),
        )
        for how, words in (
            ("before", "closed_before_the_answer"),
            ("within", "closed_within_the_answer"),
            ("reset", "reset"),
            ("goaway", "left_with_goaway"),
        )
    ),
    Case(
        "a_server_that_dies_in_the_middle_fails_with_what_was_measured",
        Status.FAILED,
        ("error_ratio",),
        ("die,begins=5",),
        options=("--give-up-after", "2"),
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
        options=("--seed", "1"),
    ),
    # The generator
    Case(
        "a_generator_that_fell_behind_is_inconclusive",
        Status.INCONCLUSIVE,
        ("generator",),
        overrides=("rate=80", "phases.warm-up.seconds=2", "phases.steady.seconds=8"),
        during=freeze_the_generator,
    ),
    Case(
        "a_generator_that_fell_behind_still_sees_wrong_answers",
        Status.FAILED,
        ("error_ratio",),
        ("wrong,how=rows,share=0.05",),
        overrides=("rate=80", "phases.warm-up.seconds=2", "phases.steady.seconds=8"),
        during=freeze_the_generator,
    ),
    Case("an_interrupted_run_says_so_and_keeps_what_it_saw", Status.INTERRUPTED, (), during=interrupt),
]
