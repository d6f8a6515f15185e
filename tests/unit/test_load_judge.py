"""What a run is worth, by its numbers alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import ChangeSeen, Run
from loadtests.profile.form import Gate
from loadtests.verdict.judge import judge
from loadtests.verdict.limit import without_a_limit
from loadtests.verdict.result import Mark, Status, Verdict
from monitoring import slo
from tests.load_runs import cell, profile, run, steady

PROMISE = slo.read()
P99: Mapping[str, Any] = {"measure": "p99", "promised": True}
P95: Mapping[str, Any] = {"measure": "p95", "promised": True}
ERRORS: Mapping[str, Any] = {"measure": "error_ratio", "promised": True}
NONE_FAILED: Mapping[str, Any] = {"measure": "error_ratio", "most": 0, "of": ["server", "connection", "wrong"]}
ACCURACY: Mapping[str, Any] = {"measure": "accuracy", "promised": True}
WELL = [cell({0.005: 48, 0.02: 2}) for _ in range(60)]


def verdict(seen: Run, *gates: Mapping[str, Any], shed: str = "as_answered", **changed: Any) -> Verdict:
    availability = PROMISE.availability.model_copy(update={"shed": shed})
    return judge(seen, profile(*gates, **changed), PROMISE.model_copy(update={"availability": availability}))


def marks(found: Verdict) -> list[Mark]:
    return [gate.mark for gate in found.gates]


def test_a_run_within_its_promise_passes() -> None:
    found = verdict(steady(WELL), P95, P99, ERRORS, NONE_FAILED)
    assert found.status is Status.PASSED
    assert marks(found) == [Mark.PASSED] * 4
    assert found.reasons == ()
    assert found.gates[1].seen == pytest.approx(0.02, rel=0.001)
    assert found.gates[1].samples == 3000
    assert found.gates[1].limit == "at most 250 ms, as promised"


def test_a_run_without_requests_is_never_passed() -> None:
    for seen in (steady([]), steady([cell() for _ in range(60)]), run()):
        for gates in ((), (P99,), (NONE_FAILED,), ({"measure": "requests", "least": 0},)):
            assert verdict(seen, *gates).status is Status.INCONCLUSIVE


def test_requests_of_the_warm_up_alone_do_not_pass() -> None:
    assert verdict(run(("warm-up", "warm-up", WELL)), NONE_FAILED).status is Status.INCONCLUSIVE


def test_a_warm_up_that_is_named_is_judged() -> None:
    seen = run(("warm-up", "warm-up", [cell({0.005: 50}, failed={Outcome.SERVER: 1})]), ("steady", "load", WELL))
    assert verdict(seen, NONE_FAILED).status is Status.PASSED
    assert verdict(seen, {**NONE_FAILED, "phases": ["warm-up"]}).status is Status.FAILED


def test_a_stall_fails_the_latency_though_most_are_fast() -> None:
    stalled = [*WELL[:55], *[cell({5.0 - second: 50}) for second in range(5)]]
    found = verdict(steady(stalled), P95, P99)
    assert found.status is Status.FAILED
    assert "p99 in steady: 5 s" in found.reasons[1] or "p99 in steady: 4" in found.reasons[1]


def test_requests_without_an_answer_are_longer_than_anything() -> None:
    for outcome in (Outcome.TIMEOUT, Outcome.DROPPED, Outcome.DEADLINE):
        found = verdict(steady([cell({0.005: 48}, failed={outcome: 2}) for _ in range(60)]), P99)
        assert found.status is Status.FAILED, outcome
        assert "longer than was waited for" in found.reasons[0]
        assert found.gates[0].seen is None


def test_a_fast_error_makes_no_server_fast() -> None:
    seen = steady([cell({1.0: 10}, failed={Outcome.SERVER: 1000}) for _ in range(60)])
    assert verdict(seen, {"measure": "p50", "most": 0.5}).status is Status.FAILED


def test_one_failure_in_ten_requests_tells_nothing() -> None:
    assert verdict(steady([cell({0.005: 9}, failed={Outcome.SERVER: 1})]), ERRORS).status is Status.INCONCLUSIVE


def test_one_failure_in_ten_requests_is_one_too_many_where_none_is_allowed() -> None:
    assert verdict(steady([cell({0.005: 9}, failed={Outcome.SERVER: 1})]), NONE_FAILED).status is Status.FAILED


def test_one_failure_in_a_million_is_within_the_promise_and_not_where_none_is_allowed() -> None:
    million = steady([cell({0.005: 100_000}) for _ in range(9)] + [cell({0.005: 99_999}, failed={Outcome.SERVER: 1})])
    assert verdict(million, ERRORS).status is Status.PASSED
    found = verdict(million, ERRORS, NONE_FAILED)
    assert found.status is Status.FAILED
    assert "1 of 1,000,000" in found.reasons[0]


def test_one_in_a_hundred_that_fails_breaks_the_promise() -> None:
    found = verdict(steady([cell({0.005: 99}, failed={Outcome.SERVER: 1}) for _ in range(30)]), ERRORS)
    assert found.status is Status.FAILED
    assert found.gates[0].low is not None
    assert found.gates[0].low < 0.01 < (found.gates[0].high or 0)


def test_all_that_were_asked_failed_however_few() -> None:
    assert verdict(steady([cell(failed={Outcome.CONNECTION: 10})]), ERRORS).status is Status.FAILED
    assert verdict(steady([cell(failed={Outcome.CONNECTION: 10})])).status is Status.FAILED


@pytest.mark.parametrize(
    ("rule", "code", "expected"),
    [
        ("as_answered", "503", Status.FAILED),
        ("as_answered", "429", Status.PASSED),
        ("as_answered", "RESOURCE_EXHAUSTED", Status.PASSED),
        ("bad", "429", Status.FAILED),
        ("good", "503", Status.PASSED),
    ],
)
def test_what_is_shed_counts_as_the_promise_says(rule: str, code: str, expected: Status) -> None:
    shed = steady([cell({0.005: 50}, failed={Outcome.SHED: 50}, codes={Outcome.SHED: code}) for _ in range(30)])
    assert verdict(shed, ERRORS, shed=rule).status is expected


def test_goodput_counts_what_was_refused() -> None:
    shed = steady([cell({0.005: 50}, failed={Outcome.SHED: 50}) for _ in range(30)])
    assert verdict(shed, {"measure": "goodput_ratio", "least": 0.4}).status is Status.PASSED
    assert verdict(shed, {"measure": "goodput_ratio", "least": 0.6}).status is Status.FAILED
    assert verdict(shed, {"measure": "within_ratio", "promised": True}).status is Status.PASSED


def test_a_load_that_sends_what_is_refused_is_not_the_servers_fault_and_no_pass() -> None:
    found = verdict(steady([cell(failed={Outcome.CLIENT: 50}) for _ in range(30)]), ERRORS)
    assert found.status is Status.INCONCLUSIVE
    assert any("the load sends what this server does not take" in reason for reason in found.reasons)
    assert any("an example of client" in reason for reason in found.reasons)
    few = verdict(steady([*WELL, cell({0.005: 49}, failed={Outcome.CLIENT: 1})]), ERRORS)
    assert few.status is Status.PASSED
    assert any("1 of 3,050" in note for note in few.notes)


def test_too_few_answers_do_not_tell_a_quantile() -> None:
    found = verdict(steady([cell({0.005: 200})]), P99)
    assert found.status is Status.INCONCLUSIVE
    assert "p99 needs 1,000 answers, and there were 200" in found.reasons[0]


def test_few_answers_that_are_all_too_slow_fail_all_the_same() -> None:
    assert verdict(steady([cell({5.0: 200})]), P99).status is Status.FAILED


def test_one_slow_answer_of_three_is_no_evidence() -> None:
    assert verdict(steady([cell({0.005: 2, 5.0: 1})]), P99).status is Status.INCONCLUSIVE


def test_an_interval_that_reaches_beyond_the_limit_warns() -> None:
    found = verdict(steady([cell({0.005: 991, 1.0: 9})]), P99)
    assert marks(found) == [Mark.WARNED]
    assert found.status is Status.PASSED
    assert any("the interval reaches beyond that" in note for note in found.notes)


def test_a_warning_gate_fails_nothing() -> None:
    found = verdict(steady([cell({5.0: 50}) for _ in range(60)]), {**P99, "severity": "warn"})
    assert (found.status, marks(found)) == (Status.PASSED, [Mark.WARNED])


LATE = [cell({0.005: 48, 0.3: 2}, lag=0.2) for _ in range(60)]


def test_a_late_generator_leaves_latency_untold() -> None:
    found = verdict(steady(LATE), P99, ERRORS)
    assert found.status is Status.INCONCLUSIVE
    assert marks(found) == [Mark.INCONCLUSIVE, Mark.PASSED]
    assert any("the generator was late: one request in a hundred by 200 ms" in reason for reason in found.reasons)


def test_a_late_generator_with_good_latency_does_not_pass() -> None:
    assert verdict(steady([cell({0.005: 50}, lag=0.2) for _ in range(60)]), P99).status is Status.INCONCLUSIVE


def test_what_failed_fails_however_late_the_generator_was() -> None:
    failing = [cell({0.005: 48}, lag=0.2, failed={Outcome.WRONG: 2}) for _ in range(60)]
    found = verdict(steady(failing), P99, NONE_FAILED)
    assert found.status is Status.FAILED
    assert marks(found) == [Mark.INCONCLUSIVE, Mark.FAILED]


def test_a_delay_far_beyond_the_lag_is_the_servers() -> None:
    assert verdict(steady([cell({5.0: 50}, lag=0.04) for _ in range(60)]), P99).status is Status.FAILED


def test_what_a_late_generator_dropped_is_not_held_against_the_server() -> None:
    found = verdict(steady([cell({0.005: 40}, lag=0.2, failed={Outcome.DROPPED: 10}) for _ in range(60)]), ERRORS)
    assert found.status is Status.INCONCLUSIVE
    assert marks(found) == [Mark.INCONCLUSIVE]
    punctual = verdict(steady([cell({0.005: 40}, failed={Outcome.DROPPED: 10}) for _ in range(60)]), ERRORS)
    assert punctual.status is Status.FAILED


def test_a_cap_that_a_good_server_would_reach_is_told() -> None:
    seen = steady([cell({0.005: 40}, failed={Outcome.DROPPED: 10}) for _ in range(60)])
    found = verdict(seen, ERRORS, generator={"most_in_flight": 2})
    assert found.status is Status.INCONCLUSIVE
    assert any("raise generator.most_in_flight" in reason for reason in found.reasons)


def test_what_a_late_generator_has_not_sent_is_not_held_against_the_server() -> None:
    found = verdict(steady(LATE, planned=4000), {"measure": "requests", "least": 4000})
    assert (found.status, marks(found)) == (Status.INCONCLUSIVE, [Mark.INCONCLUSIVE])
    found = verdict(steady(LATE, planned=4000), {"measure": "achieved_ratio", "least": 0.9})
    assert (found.status, marks(found)) == (Status.INCONCLUSIVE, [Mark.INCONCLUSIVE])


def test_requests_that_timed_out_while_the_generator_stood_still_are_not_held_against_the_server() -> None:
    stood_still = [*WELL[:50], *[cell({12.0 - second: 50}, lag=12.0 - second) for second in range(10)]]
    stood_still[49] = cell({0.005: 48}, failed={Outcome.TIMEOUT: 2})
    none: Mapping[str, Any] = {"measure": "error_ratio", "most": 0, "of": ["timeout"]}
    assert verdict(steady(stood_still), none).status is Status.INCONCLUSIVE
    assert verdict(steady([*WELL, stood_still[49]]), none).status is Status.FAILED


def test_few_requests_sent_late_may_be_those_that_make_a_quantile_long() -> None:
    """Half a second in which the generator stood still is less than a hundredth of a minute."""
    slow = [cell({0.005: 2975}), cell({0.5: 25}, lag=0.5), cell({0.4: 10})]
    found = verdict(steady(slow), P99)
    assert found.status is Status.INCONCLUSIVE
    assert "the generator sent 25 requests late" in found.reasons[0]
    slow[2] = cell({0.4: 40})
    assert verdict(steady(slow), P99).status is Status.FAILED


def test_requests_that_never_left_the_generators_machine_are_not_held_against_the_server() -> None:
    none: Mapping[str, Any] = {"measure": "error_ratio", "most": 0, "of": ["connection"]}
    codes = {Outcome.CONNECTION: "no-port"}
    own = [cell({0.005: 48}, failed={Outcome.CONNECTION: 2}, codes=codes) for _ in range(60)]
    found = verdict(steady(own), none, ERRORS)
    assert (found.status, marks(found)) == (Status.INCONCLUSIVE, [Mark.INCONCLUSIVE] * 2)
    assert "120 requests found no port or file left" in found.reasons[0]
    refused = cell({0.005: 48}, failed={Outcome.CONNECTION: 2})
    assert verdict(steady([*own, refused]), none).status is Status.FAILED


def test_failures_that_no_gate_counts_are_told() -> None:
    found = verdict(steady([cell({0.005: 50}, failed={Outcome.SERVER: 50}) for _ in range(60)]), P99)
    assert found.status is Status.PASSED
    assert found.notes == ("in steady 3,000 of 6,000 requests failed (50 %), and no gate asks how many may",)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"planned": 4000}, "came to 3,000 of 4,000 planned"),
        ({"busy": 0.97}, "worker 0 was busy for 97 % of a core"),
        ({"troubles": ["worker 2 was lost"]}, "worker 2 was lost"),
        ({"cut_off": "Ctrl-C was pressed"}, "cut off: Ctrl-C was pressed"),
    ],
)
def test_what_went_wrong_in_the_load_test_itself_leaves_the_run_untold(changed: dict[str, Any], words: str) -> None:
    found = verdict(steady(WELL, **changed), P99, ERRORS)
    assert found.status is Status.INCONCLUSIVE
    assert any(words in reason for reason in found.reasons)
    failing = verdict(steady([*WELL, cell({0.005: 40}, failed={Outcome.SERVER: 10})], **changed), NONE_FAILED)
    assert failing.status is Status.FAILED


def test_a_phase_that_was_cut_off_passes_nothing_and_fails_what_failed() -> None:
    whole = steady(WELL)
    whole.spans = [replace(span, is_complete=False) for span in whole.spans]
    assert verdict(whole, P99).status is Status.INCONCLUSIVE
    broken = steady([*WELL, cell(failed={Outcome.SERVER: 9})])
    broken.spans = [replace(span, is_complete=False) for span in broken.spans]
    assert verdict(broken, NONE_FAILED).status is Status.FAILED


def test_a_phase_that_was_never_reached_leaves_its_gates_untold() -> None:
    found = verdict(steady(WELL), {**P99, "phases": ["after"]})
    assert found.status is Status.INCONCLUSIVE
    assert found.reasons == ("p99 in after: the run did not come to this phase",)


def test_latency_is_compared_with_the_baseline_of_the_same_run() -> None:
    twice: Mapping[str, Any] = {"measure": "p95", "times_baseline": 2}
    before = ("before", "baseline", WELL)
    slow = run(before, ("during", "change", [cell({0.05: 50}) for _ in range(60)]))
    found = verdict(slow, twice)
    assert found.status is Status.FAILED
    assert [gate.phase for gate in found.gates] == ["during"]
    assert verdict(run(before, ("during", "change", WELL)), twice).status is Status.PASSED


def test_a_baseline_of_which_nothing_is_sure_leaves_untold_what_is_beyond_it() -> None:
    before = [cell({0.005: 2995}, failed={Outcome.TIMEOUT: 25})]
    during = [cell({0.005: 2000}, failed={Outcome.TIMEOUT: 1000})]
    found = verdict(
        run(("before", "baseline", before), ("during", "load", during)), {"measure": "p99", "times_baseline": 2}
    )
    assert marks(found) == [Mark.INCONCLUSIVE]


def test_twice_next_to_nothing_is_next_to_nothing() -> None:
    fast = ("before", "baseline", [cell({0.0005: 50}) for _ in range(60)])
    slower = ("during", "load", [cell({0.002: 50}) for _ in range(60)])
    assert verdict(run(fast, slower), {"measure": "p95", "times_baseline": 2}).status is Status.PASSED


def test_without_a_baseline_nothing_is_compared() -> None:
    found = verdict(steady(WELL), {"measure": "p95", "times_baseline": 2})
    assert found.status is Status.INCONCLUSIVE
    assert "no baseline phase" in found.reasons[0]


def test_accuracy_may_not_fall_below_that_of_the_baseline() -> None:
    before = ("before", "baseline", [cell({0.005: 50}, accuracy=0.98) for _ in range(20)])
    same = ("during", "load", [cell({0.005: 50}, accuracy=0.96) for _ in range(20)])
    worse = ("during", "load", [cell({0.005: 50}, accuracy=0.8) for _ in range(20)])
    assert verdict(run(before, same), ACCURACY).status is Status.PASSED
    assert verdict(run(before, worse), ACCURACY).status is Status.FAILED
    known = run(worse, environment={"known_accuracy": "0.98"})
    assert verdict(known, ACCURACY).status is Status.FAILED


def test_accuracy_that_nobody_knows_is_not_asked_for_by_the_promise() -> None:
    found = verdict(steady(WELL), P99, ACCURACY)
    assert (found.status, marks(found)) == (Status.PASSED, [Mark.PASSED, Mark.SKIPPED])
    assert verdict(steady(WELL), {"measure": "accuracy", "least": 0.9}).status is Status.INCONCLUSIVE


def test_a_change_that_failed_fails_the_run() -> None:
    change = {"command": ["true"]}
    done = ChangeSeen("true", 1.0, 2.0, 0)
    assert verdict(steady(WELL, change=done), P99, change=change).status is Status.PASSED
    assert verdict(steady(WELL), P99, change=change).status is Status.INCONCLUSIVE
    for failed in (replace(done, status=7), replace(done, ended=None, status=None), replace(done, trouble="no helm")):
        found = verdict(steady(WELL, change=failed), P99, change=change)
        assert found.status is Status.FAILED
        assert found.gates[-1].measure == "change"


def test_a_quantile_that_is_not_promised_is_not_asked() -> None:
    found = verdict(steady(WELL), {"measure": "p999", "promised": True}, P99)
    assert marks(found) == [Mark.SKIPPED, Mark.PASSED]
    assert found.status is Status.PASSED


def test_gates_that_can_never_be_judged_are_told_beforehand() -> None:
    asked = profile(
        P99, {"measure": "p95"}, {"measure": "p95", "times_baseline": 2}, {"measure": "versions", "promised": True}
    )
    first, second, third = without_a_limit(asked, PROMISE)
    assert first.startswith("gates.1 (p95)")
    assert second.startswith("gates.2 (p95)")
    assert "promises nothing of versions" in third


def test_each_kind_of_request_can_have_gates_of_its_own() -> None:
    seen = steady(WELL)
    for second in range(60):
        seen.timeline.cells[second, "grpc"] = cell({5.0: 50})
    assert verdict(seen, {**P99, "stream": "v2"}).status is Status.PASSED
    assert verdict(seen, {**P99, "stream": "grpc"}).status is Status.FAILED


def test_every_gate_says_in_words_how_it_came_out() -> None:
    measures = Gate.model_fields["measure"].annotation.__args__  # type: ignore[union-attr]
    for limit in ({"most": 1}, {"least": 1}, {"promised": True}, {"times_baseline": 2}):
        for seen in (
            steady(WELL),
            steady([]),
            steady([cell(failed={Outcome.SERVER: 20})]),
            steady(LATE),
            run(("b", "baseline", WELL), ("l", "load", LATE)),
        ):
            found = verdict(seen, *({"measure": measure, **limit} for measure in measures))
            assert all(gate.words.startswith(gate.name) for gate in found.gates)
            assert found.status is Status.PASSED or all(found.reasons)
            assert found.status is not Status.PASSED or seen.timeline.cells
