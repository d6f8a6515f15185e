"""What one look decides, phase by phase; whole rollouts are in test_rollout_simulation.py."""

from dataclasses import replace
from typing import Any

import pytest

from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.machine.act import Deploy, Discard, Promote, Shift
from k8s.rollout.machine.decide import decide
from k8s.rollout.machine.decision import Decision
from k8s.rollout.machine.needs import needs
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Gate, Plan, Step
from k8s.rollout.seen import Health, Seen, Traffic
from k8s.rollout.side import Side

PLAN = Plan(
    steps=(Step(percent=10, windows=2), Step(percent=50, windows=1, pause_seconds=30, approval=True)),
    gates=(Gate(measure="errors", most=0.01, worse_times=2), Gate(measure="p99", worse_times=1.2)),
)
WELL = Health(ready=True, pods=2, revision="a")
ILL = Health(ready=False, sentence="1 of 2 pods is ready", pods=1, revision="a")
GONE = Health(ready=False, sentence="no pod is ready", pods=0, revision="a")
NOW = 10_000.0
FLOWING = (Phase.SETTLING, Phase.ANALYSING, Phase.WAITING, Phase.VERIFYING)


def found(judgement: Judgement, samples: int = 500) -> tuple[Finding, ...]:
    return tuple(Finding(gate.measure, judgement, f"it is {judgement}", samples=samples) for gate in PLAN.gates)


PASSED, FAILED, OPEN = (found(each) for each in (Judgement.PASSED, Judgement.FAILED, Judgement.INCONCLUSIVE))


def at(phase: Phase, **known: object) -> State:
    """A rollout in a phase, looked at two seconds ago, in which nothing is over yet."""
    percent = 0.0 if phase in (Phase.PREFLIGHT, Phase.DEPLOYING, Phase.SMOKE) else 10.0
    step = 0
    if phase in (Phase.VERIFYING, Phase.PROMOTING):
        percent, step = 100.0, 2
    state = State(
        "x",
        "d",
        began=0.0,
        phase=phase,
        since=NOW - 30,
        looked=NOW - 2,
        percent=percent,
        before=percent,
        step=step,
        counted_from=NOW - 70,
        window_from=NOW - 60,
        had_pods=True,
        smoked=True,
        canary_revision="a" if phase is not Phase.DEPLOYING else "",
        stable_revision="a",
    )
    return replace(state, **known)  # type: ignore[arg-type]


def seen(state: State, **other: object) -> Seen:
    """A look at a world that is well, with something otherwise."""
    look = Seen(NOW, Traffic(state.percent), WELL, WELL, PASSED, "", acted=True)
    return replace(look, **other)  # type: ignore[arg-type]


def decided(state: State, plan: Plan = PLAN, **other: object) -> Decision:
    return decide(plan, state, seen(state, **other), nearest=lambda percent: percent)


def assert_back(decision: Decision, end: Exit, words: str) -> None:
    """Its traffic is taken back at once, for this reason."""
    assert decision.state.phase is Phase.RESTORING
    assert decision.acts == (Shift(0.0),)
    assert decision.state.percent == 0
    assert decision.state.exit is end
    assert words in decision.state.reason
    assert decision.leave is None


def assert_ended(decision: Decision, end: Exit, words: str) -> None:
    assert decision.state.phase is Phase.ENDED
    assert decision.acts == ()
    assert decision.state.exit is end
    assert words in decision.state.reason


@pytest.mark.parametrize(
    ("other", "end", "words"),
    [
        pytest.param({"findings": FAILED}, Exit.ABORTED, "does not keep its own promise", id="a broken promise"),
        pytest.param({"traffic": Traffic(5.0)}, Exit.USAGE, "5 % of the traffic before", id="a share that is not ours"),
        pytest.param({"abort": "by hand"}, Exit.ABORTED, "by hand", id="a wish to abort"),
        pytest.param(
            {"stable": replace(GONE, hopeless=True)}, Exit.INCONCLUSIVE, "no pod is ready", id="nothing to go back to"
        ),
    ],
)
def test_what_is_not_well_before_it_begins_changes_nothing(other: dict[str, Any], end: Exit, words: str) -> None:
    decision = decided(at(Phase.PREFLIGHT), **other)
    assert_ended(decision, end, words)
    assert "nothing was changed" in decision.state.reason


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"stable": ILL}, id="pods that lack"),
        pytest.param({"findings": None}, id="no Prometheus"),
        pytest.param({"findings": found(Judgement.INCONCLUSIVE, samples=0)}, id="no metrics"),
        pytest.param({"traffic": Traffic(0.0, effective=False)}, id="routes that are not taken up"),
    ],
)
def test_before_it_begins_it_waits_for_what_may_become_well_and_then_ends(other: dict[str, Any]) -> None:
    waiting = decided(at(Phase.PREFLIGHT), **other)
    assert (waiting.state.phase, waiting.acts) == (Phase.PREFLIGHT, ())
    over = decided(at(Phase.PREFLIGHT, spent=1000.0), **other)
    assert_ended(over, Exit.INCONCLUSIVE, "nothing was changed")


def test_a_version_that_breaks_its_promise_may_be_mended_where_the_plan_says_so() -> None:
    plan = PLAN.model_copy(update={"stable_must_pass": False})
    assert decided(at(Phase.PREFLIGHT), plan, findings=FAILED).state.phase is Phase.DEPLOYING


def test_a_plan_without_absolute_bounds_asks_nothing_of_one_side_alone() -> None:
    plan = PLAN.model_copy(update={"gates": (Gate(measure="p99", worse_times=2),)})
    assert needs(plan, at(Phase.PREFLIGHT), NOW).window_seconds is None
    assert needs(plan, at(Phase.VERIFYING), NOW).window_seconds is None
    assert decided(at(Phase.PREFLIGHT), plan, findings=None).acts == (Deploy(),)
    assert decided(at(Phase.VERIFYING, spent=400.0), plan, findings=None).acts == (Promote(),)


def test_what_makes_the_canary_is_done_again_until_it_is_ready() -> None:
    decision = decided(at(Phase.DEPLOYING), canary=GONE)
    assert (decision.state.phase, decision.acts) == (Phase.DEPLOYING, (Deploy(),))
    ready = decided(at(Phase.DEPLOYING))
    assert (ready.state.phase, ready.state.canary_revision) == (Phase.SMOKE, "a")


def test_a_canary_that_never_gets_ready_is_given_up() -> None:
    assert_back(decided(at(Phase.DEPLOYING, spent=601.0), canary=GONE), Exit.ABORTED, "not become ready in 600 s")
    hopeless = replace(GONE, hopeless=True, sentence="it crashes at each start")
    assert_back(decided(at(Phase.DEPLOYING), canary=hopeless), Exit.ABORTED, "it crashes at each start")


def test_the_smoke_request_is_sent_again_for_a_while() -> None:
    first = decided(at(Phase.SMOKE), smoke="status 503")
    assert first.state.phase is Phase.SMOKE
    assert_back(decided(at(Phase.SMOKE, spent=31.0), smoke="status 503"), Exit.ABORTED, "status 503")
    assert_back(decided(at(Phase.SMOKE, spent=31.0), smoke=None), Exit.INFRASTRUCTURE, "could not be sent")
    good = decided(at(Phase.SMOKE))
    assert (good.state.phase, good.acts) == (Phase.SHIFTING, (Shift(10.0),))


def test_a_canary_that_has_pods_only_with_a_share_is_tried_with_its_first() -> None:
    none_yet = Health(ready=True, pods=0, revision="a")
    state = at(Phase.SMOKE, smoked=False, had_pods=False)
    decision = decided(state, canary=none_yet, smoke=None)
    assert decision.state.phase is Phase.SHIFTING
    shifting = at(Phase.SHIFTING, smoked=False, had_pods=False)
    assert not needs(PLAN, shifting, NOW).smoke
    seen_first = decided(shifting, smoke=None)
    assert seen_first.state.phase is Phase.SHIFTING
    assert needs(PLAN, seen_first.state, NOW).smoke
    assert_back(decided(seen_first.state, smoke="another shape"), Exit.ABORTED, "another shape")
    assert decided(seen_first.state, smoke="").state.phase is Phase.SETTLING


def test_a_share_that_is_not_written_is_written_again() -> None:
    decision = decided(at(Phase.SHIFTING, before=0.0), traffic=Traffic(0.0))
    assert (decision.state.phase, decision.acts) == (Phase.SHIFTING, (Shift(10.0),))


def test_a_share_that_is_never_effective_is_taken_back() -> None:
    unheard = Traffic(10.0, effective=False, sentence="the gateway is gone")
    late = at(Phase.SHIFTING, spent=61.0, ready=61.0)
    assert_back(decided(late, traffic=unheard), Exit.INFRASTRUCTURE, "the gateway is gone")


def test_pods_that_a_share_makes_have_the_time_to_get_ready() -> None:
    late = at(Phase.SHIFTING, spent=300.0, had_pods=False)
    unready = Traffic(10.0, effective=False)
    assert decided(late, traffic=unready, canary=GONE).state.phase is Phase.SHIFTING
    later = replace(late, spent=700.0)
    assert_back(decided(later, traffic=unready, canary=GONE), Exit.ABORTED, "did not get ready for 10 %")


def test_requests_settle_before_they_count() -> None:
    assert decided(at(Phase.SETTLING, spent=30.0)).state.phase is Phase.SETTLING
    settled = decided(at(Phase.SETTLING, spent=60.0))
    assert settled.state.phase is Phase.ANALYSING
    assert settled.state.counted_from == settled.state.window_from == NOW


def test_windows_in_a_row_pass_a_step() -> None:
    first = decided(at(Phase.ANALYSING))
    assert (first.state.phase, first.state.windows_passed, first.acts) == (Phase.ANALYSING, 1, ())
    assert first.state.counted_from == NOW - 70, "evidence gathers over the windows of a step"
    second = decided(at(Phase.ANALYSING, windows_passed=1))
    assert (second.state.phase, second.state.step, second.acts) == (Phase.SHIFTING, 1, (Shift(50.0),))


def test_a_window_that_is_not_over_does_not_pass() -> None:
    assert decided(at(Phase.ANALYSING, window_from=NOW - 59)).state.windows_passed == 0


@pytest.mark.parametrize("findings", [OPEN, (), (*PASSED, *OPEN)], ids=["inconclusive", "none", "one of them"])
def test_what_is_inconclusive_never_passes_and_ends_in_time(findings: tuple[Finding, ...]) -> None:
    decision = decided(at(Phase.ANALYSING, windows_passed=1), findings=findings)
    assert (decision.state.phase, decision.state.windows_passed) == (Phase.ANALYSING, 1)
    over = decided(at(Phase.ANALYSING, windows_passed=1, unconcluded=961.0), findings=findings)
    assert_back(over, Exit.INCONCLUSIVE, "no conclusion in 900 s")


@pytest.mark.parametrize("phase", FLOWING)
def test_a_gate_that_fails_takes_back_what_flows(phase: Phase) -> None:
    assert_back(decided(at(phase, window_from=NOW - 1), findings=FAILED), Exit.ABORTED, "errors failed at")


def test_a_look_within_a_window_is_more_cautious() -> None:
    within, over = at(Phase.ANALYSING, window_from=NOW - 20), at(Phase.ANALYSING)
    assert needs(PLAN, within, NOW).confidence == pytest.approx(1 - (1 - PLAN.confidence) / 10)
    assert needs(PLAN, over, NOW).confidence == PLAN.confidence


@pytest.mark.parametrize("phase", FLOWING)
@pytest.mark.parametrize(
    ("canary", "words"),
    [
        pytest.param(GONE, "no ready pod", id="no pod"),
        pytest.param(replace(WELL, restarts=1), "started anew once", id="a restart"),
        pytest.param(replace(WELL, revision="b"), "changed the canary's version", id="another version"),
        pytest.param(replace(ILL, hopeless=True), "cannot become ready", id="no hope"),
    ],
)
def test_a_canary_that_falls_ill_loses_its_traffic(phase: Phase, canary: Health, words: str) -> None:
    assert_back(decided(at(phase), canary=canary), Exit.ABORTED, words)


def test_a_canary_that_is_scaled_is_borne_for_a_while_and_not_passed() -> None:
    decision = decided(at(Phase.ANALYSING, windows_passed=1), canary=ILL)
    assert decision.state.phase is Phase.ANALYSING
    assert_back(decided(at(Phase.ANALYSING, unready=119.0), canary=ILL), Exit.ABORTED, "lacks pods")


@pytest.mark.parametrize("phase", [Phase.SETTLING, Phase.ANALYSING, Phase.WAITING, Phase.VERIFYING, Phase.PROMOTING])
def test_a_share_that_somebody_else_changed_is_taken_back(phase: Phase) -> None:
    edited = Traffic(33.0, sentence="by kubectl-edit")
    assert_back(decided(at(phase), traffic=edited), Exit.ABORTED, "the canary has 33 %")
    assert "(by kubectl-edit)" in decided(at(phase), traffic=edited).state.reason


def test_a_stable_version_that_falls_ill_stops_the_rollout_and_its_evidence() -> None:
    lacking = decided(at(Phase.ANALYSING, windows_passed=1), stable=ILL)
    assert (lacking.state.phase, lacking.state.windows_passed) == (Phase.ANALYSING, 1)
    gone = decided(at(Phase.ANALYSING, windows_passed=1), stable=GONE)
    assert (gone.state.phase, gone.state.windows_passed) == (Phase.SETTLING, 0)
    changed = decided(at(Phase.WAITING), stable=replace(WELL, revision="b"))
    assert changed.state.phase is Phase.SETTLING
    assert changed.state.stable_revision == "b"
    assert decided(at(Phase.SETTLING, spent=60.0), stable=ILL).state.phase is Phase.SETTLING


@pytest.mark.parametrize("phase", [Phase.ANALYSING, Phase.WAITING, Phase.VERIFYING])
def test_a_silent_prometheus_stops_and_then_takes_back(phase: Phase) -> None:
    state = at(phase, windows_passed=1, spent=1000.0)
    silent = decided(state, findings=None, metrics_error="connection refused")
    assert (silent.state.phase, silent.acts, silent.state.metrics_errors) == (phase, (), 1)
    over = decided(replace(state, metrics_errors=3), findings=None, metrics_error="connection refused")
    assert_back(over, Exit.INFRASTRUCTURE, "connection refused")
    assert decided(replace(state, metrics_errors=3)).state.metrics_errors == 0


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in (Phase.ENDED, Phase.PREFLIGHT)])
def test_a_silent_api_server_is_borne_and_then_left_with_the_state_kept(phase: Phase) -> None:
    state = at(phase, exit=Exit.ABORTED if phase in (Phase.RESTORING, Phase.DISCARDING) else None)
    nothing: dict[str, Any] = {"traffic": None, "canary": None, "stable": None, "error": "connection refused"}
    borne = decided(state, **nothing)
    assert (borne.state.phase, borne.leave, borne.state.silent) == (phase, None, 2.0)
    left = decided(replace(state, silent=119.0), **nothing)
    assert left.leave is Exit.INFRASTRUCTURE
    assert left.state.phase is phase
    assert "connection refused" in left.told[0]
    assert left.acts == ((Shift(0.0),) if phase is Phase.RESTORING else ())


@pytest.mark.parametrize("unseen", ["traffic", "canary", "stable"])
def test_a_look_with_a_hole_moves_nothing_on(unseen: str) -> None:
    hole: dict[str, Any] = {unseen: None}
    decision = decided(at(Phase.ANALYSING, windows_passed=1), **hole)
    assert (decision.state.phase, decision.state.windows_passed, decision.acts) == (Phase.ANALYSING, 1, ())
    assert decision.state.silent == 2.0


def test_a_step_waits_for_its_pause_and_then_for_a_person() -> None:
    state = at(Phase.WAITING, step=1)
    assert decided(replace(state, spent=20.0), approval="anna").state.phase is Phase.WAITING
    assert decided(replace(state, spent=40.0)).state.phase is Phase.WAITING
    approved = decided(replace(state, spent=40.0), approval="anna")
    assert (approved.state.phase, approved.acts) == (Phase.SHIFTING, (Shift(100.0),))
    assert_back(decided(replace(state, spent=86500.0)), Exit.INCONCLUSIVE, "nobody approved 10 %")


def test_after_a_long_gap_evidence_begins_anew() -> None:
    gap = decided(at(Phase.ANALYSING, looked=NOW - 600, windows_passed=1))
    assert (gap.state.phase, gap.state.windows_passed) == (Phase.SETTLING, 0)
    unseen = decided(at(Phase.ANALYSING, looked=NOW - 600, windows_passed=1), traffic=None)
    assert decided(unseen.state).state.phase is Phase.SETTLING, (
        "a gap is not forgotten where the next look sees nothing"
    )
    soon = decided(at(Phase.ANALYSING, looked=NOW - 20, windows_passed=0))
    assert (soon.state.phase, soon.state.windows_passed) == (Phase.ANALYSING, 1)


def test_everything_is_verified_alone_before_it_is_promoted() -> None:
    asked = needs(PLAN, at(Phase.VERIFYING), NOW)
    assert asked.sides == {Side.CANARY}
    assert decided(at(Phase.VERIFYING, spent=200.0)).state.phase is Phase.VERIFYING
    assert decided(at(Phase.VERIFYING, spent=300.0), findings=OPEN).state.phase is Phase.VERIFYING
    assert_back(decided(at(Phase.VERIFYING, spent=1300.0), findings=OPEN), Exit.INCONCLUSIVE, "no conclusion")
    promoted = decided(at(Phase.VERIFYING, spent=300.0))
    assert (promoted.state.phase, promoted.acts) == (Phase.PROMOTING, (Promote(),))


def test_a_promotion_is_done_when_this_process_has_done_it() -> None:
    state = at(Phase.PROMOTING, is_acting=True)
    assert decided(state, acted=False).acts == (Promote(),)
    assert decided(replace(state, is_acting=False)).acts == (Promote(),)
    assert_ended(decided(state), Exit.PROMOTED, "the canary is the stable version")


def test_a_promotion_that_cannot_return_is_not_taken_back() -> None:
    replaced = Traffic(100.0, effective=False, can_return=False)
    wished = decided(at(Phase.PROMOTING), traffic=replaced, abort="by hand")
    assert wished.state.phase is Phase.PROMOTING
    late = decided(at(Phase.PROMOTING, spent=700.0), traffic=replaced)
    assert_ended(late, Exit.INFRASTRUCTURE, "nothing can be taken back")
    unknown = decided(at(Phase.PROMOTING), traffic=None, abort="by hand")
    assert (unknown.state.phase, unknown.acts) == (Phase.PROMOTING, ())


def test_what_goes_back_is_taken_back_until_it_is_seen_to_be() -> None:
    state = at(Phase.RESTORING, percent=0.0, exit=Exit.ABORTED, reason="worse", had_traffic=True)
    assert decided(state, traffic=Traffic(10.0)).acts == (Shift(0.0),)
    assert decided(state, traffic=None).acts == (Shift(0.0),)
    back = decided(state)
    assert (back.state.phase, back.acts) == (Phase.DISCARDING, ())
    assert decided(replace(back.state, spent=30.0)).acts == ()
    drained = decided(replace(back.state, spent=60.0))
    assert drained.acts == (Discard(),)
    assert decided(drained.state, acted=False).acts == (Discard(),)
    assert_ended(decided(drained.state), Exit.ABORTED, "worse")


def test_a_canary_may_be_kept() -> None:
    state = at(Phase.RESTORING, percent=0.0, exit=Exit.ABORTED, reason="worse")
    assert_ended(decided(state, PLAN.model_copy(update={"on_abort": "keep"})), Exit.ABORTED, "worse")


def test_a_canary_that_is_given_traffic_again_is_not_discarded() -> None:
    state = at(Phase.DISCARDING, percent=0.0, exit=Exit.ABORTED, reason="worse")
    decision = decided(state, traffic=Traffic(10.0))
    assert (decision.state.phase, decision.acts) == (Phase.RESTORING, (Shift(0.0),))


def test_traffic_that_does_not_come_back_is_told_and_left_to_the_next_start() -> None:
    state = at(Phase.RESTORING, percent=0.0, exit=Exit.ABORTED, reason="worse", step_spent=1000.0)
    decision = decided(state, traffic=Traffic(10.0), error="403 forbidden")
    assert decision.leave is Exit.INFRASTRUCTURE
    assert decision.state.phase is Phase.RESTORING
    assert decision.state.step_spent == 0, "the next start has all the time again"
    assert "403 forbidden" in decision.told[0]


def test_nothing_goes_back_to_nobody_while_nothing_bad_is_known_of_the_canary() -> None:
    state = at(Phase.RESTORING, percent=0.0, exit=Exit.INCONCLUSIVE, reason="no conclusion")
    assert decided(state, traffic=Traffic(10.0), stable=GONE).acts == ()
    assert decided(replace(state, exit=Exit.ABORTED), traffic=Traffic(10.0), stable=GONE).acts == (Shift(0.0),)
    assert decided(replace(state, spent=601.0), traffic=Traffic(10.0), stable=GONE).acts == (Shift(0.0),)
    assert decided(state, traffic=Traffic(10.0), stable=GONE, canary=GONE).acts == (Shift(0.0),)
    assert decided(state, traffic=Traffic(10.0), stable=GONE, canary=None).acts == (Shift(0.0),)


def test_a_wish_to_abort_is_heard_everywhere_on_the_way() -> None:
    for phase in (Phase.DEPLOYING, Phase.SMOKE, Phase.SHIFTING, *FLOWING, Phase.PROMOTING):
        assert_back(decided(at(phase), abort="SIGINT, twice"), Exit.ABORTED, "SIGINT, twice")


def test_the_same_reason_to_wait_is_told_once() -> None:
    first = decided(at(Phase.ANALYSING), findings=OPEN)
    assert first.told == ("inconclusive as yet: errors, p99",)
    assert decided(first.state, findings=OPEN).told == ()


def test_an_end_stays_the_end() -> None:
    state = at(Phase.ENDED, exit=Exit.PROMOTED)
    assert decided(state, abort="too late") == Decision(state)
    assert not needs(PLAN, state, NOW).traffic
