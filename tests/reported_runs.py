"""Small runs of a load test, made by hand: what reports and verdicts are tried on."""

from collections.abc import Iterable

from loadtests.measure.observation import Observation
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import ChangeSeen, GeneratorSecond, Run, Span
from loadtests.measure.timeline import Timeline
from loadtests.verdict.result import GateResult, Mark, Status, Verdict

CODES = {
    Outcome.OK: "200",
    Outcome.SHED: "503",
    Outcome.DEADLINE: "504",
    Outcome.SERVER: "500",
    Outcome.CLIENT: "400",
    Outcome.CONNECTION: "reset",
    Outcome.TIMEOUT: "timeout",
    Outcome.WRONG: "200",
    Outcome.DROPPED: "dropped",
}


def seen(
    second: float,
    response_seconds: float = 0.010,
    outcome: Outcome = Outcome.OK,
    *,
    stream: str = "v2-json",
    lag_seconds: float = 0.001,
    version: str = "1",
    words: str = "",
) -> Observation:
    ended = second + response_seconds
    sent = ended if outcome is Outcome.DROPPED else second + lag_seconds
    is_ok = outcome is Outcome.OK
    return Observation(
        stream,
        second,
        sent,
        ended,
        outcome,
        CODES[outcome],
        version=version if is_ok else "",
        labelled=int(is_ok),
        right=int(is_ok),
        words=words,
    )


def timeline(observations: Iterable[Observation]) -> Timeline:
    made = Timeline()
    for each in observations:
        made.add(each)
    return made


def a_run(observations: Iterable[Observation] = (), **given: object) -> Run:
    """Give a run of a rolling update: ten requests a second, and a second stream of two."""
    if not observations:
        observations = [
            *(seen(second + tenth / 10, 0.005 + 0.001 * tenth) for second in range(12) for tenth in range(10)),
            *(seen(second + half / 2, 0.020, stream="grpc", version="2") for second in range(6, 12) for half in (0, 1)),
            seen(5.5, 0.002, Outcome.SERVER, words="500: <script>alert('loss')</script>"),
            seen(6.5, 1.2, Outcome.SHED, words="503: 128 rows wait | `128` may"),
        ]
    facts: dict[str, object] = {
        "profile": {"rate": 10.0, "seed": 7, "summary": "Does a rolling update lose anything?"},
        "profile_name": "rolling-update",
        "target": {"rest": "http://127.0.0.1:8080", "grpc": "127.0.0.1:9000", "model": "mnist"},
        "began_at": "2026-05-04T03:02:01+00:00",
        "timeline": timeline(observations),
        "spans": [
            Span("warm-up", "warm-up", 0, 2, 20, rate=10.0),
            Span("before", "baseline", 2, 5, 30, rate=10.0),
            Span("during", "change", 5, 9, 46, rate=10.0),
            Span("after", "after", 9, 12, 36, rate=10.0),
        ],
        "generator": [GeneratorSecond(second, "worker-1", 0.25, 3) for second in range(12)],
        "change": ChangeSeen("helm upgrade mnist ./chart", 5.1, 8.25, 0),
        "environment": {"commit": "0123abc", "python": "3.11"},
        **given,
    }
    return Run(**facts)  # type: ignore[arg-type]


def a_verdict(status: Status = Status.FAILED) -> Verdict:
    """Give a verdict with a gate of each mark."""
    return Verdict(
        status,
        (
            GateResult("p99 in during", "p99", "during", Mark.PASSED, 0.021, "at most 0.25", 0.019, 0.024, 46),
            GateResult("error_ratio in during", "error_ratio", "during", Mark.FAILED, 0.0435, "at most 0", samples=46),
            GateResult("p95 in after", "p95", "after", Mark.WARNED, 0.02, "at most 0.015", 0.01, 0.03, 36, "Slow <b>."),
            GateResult(
                "p999 in after",
                "p999",
                "after",
                Mark.INCONCLUSIVE,
                None,
                "at most 1 s",
                0.4,
                samples=36,
                words="Too few.",
            ),
            GateResult("accuracy in after", "accuracy", "after", Mark.SKIPPED, None, "", words="No label is known."),
        ),
        ("2 of 46 requests failed in during, and none may.", "p95 in after is 20.0 ms."),
        notes=("The server said 2 versions.",),
    )


PASSED = Verdict(Status.PASSED, (GateResult("p99 in after", "p99", "after", Mark.PASSED, 0.02, "at most 0.25"),))
