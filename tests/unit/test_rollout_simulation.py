"""Whole rollouts in a made-up world, struck at every single look by one fault after the other."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from k8s.rollout.machine.needs import LONGEST_PAUSE_SECONDS
from k8s.rollout.machine.phase import Phase
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Gate, Limits, Plan, Step
from k8s.rollout.seen import Seen
from tests.rollout_world import BEGAN, NEW, OLD, Faults, Process, World

PLAN = Plan(
    steps=(Step(percent=10), Step(percent=50, windows=1, pause_seconds=10)),
    gates=(Gate(measure="errors", most=0.01),),
    limits=Limits(settle_seconds=6, window_seconds=40, verify_seconds=20, api_seconds=30),
)
TO_JUDGE_SECONDS = PLAN.limits.settle_seconds + 2 * LONGEST_PAUSE_SECONDS
"""From a share to the first look that can tell: it has settled, and something has been counted."""


class At(Faults):
    """Strikes one look and those after it, for as many as it is told."""

    def __init__(
        self,
        look: int,
        *,
        looks: int = 1,
        happens: Callable[[World], None] | None = None,
        hides: Callable[[Seen], Seen] | None = None,
        dies_before: bool = False,
        dies_after: bool = False,
    ) -> None:
        self._look, self._looks, self._now = look, looks, -1
        self._happens, self._hides = happens, hides
        self._dies_before, self._dies_after = dies_before, dies_after

    @property
    def _strikes(self) -> bool:
        return self._look <= self._now < self._look + self._looks

    def between(self, world: World) -> None:
        self._now += 1
        if self._strikes and self._happens:
            self._happens(world)

    def see(self, seen: Seen) -> Seen:
        return self._hides(seen) if self._strikes and self._hides else seen

    def dies_before_acting(self) -> bool:
        return self._strikes and self._dies_before

    def dies_after_acting(self) -> bool:
        return self._strikes and self._dies_after


def rolled_out(world: World, faults: Faults | None = None) -> Process:
    process = Process(PLAN, world, faults)
    process.run()
    return process


WELL = rolled_out(World()).looks
"""Those of a rollout in which nothing happens: the n-th look of any other is at the same place until it is struck."""
LOOKS = len(WELL)


def percents(world: World) -> list[float]:
    return [share for _, share in world.shares]


def without_api(seen: Seen) -> Seen:
    return replace(seen, traffic=None, canary=None, stable=None, smoke=None, error="connection refused")


def without_prometheus(seen: Seen) -> Seen:
    return replace(seen, findings=None, metrics_error="connection refused")


def test_a_good_version_goes_up_the_steps_and_is_promoted() -> None:
    world = World()
    process = rolled_out(world)
    assert percents(world) == [10, 50, 100]
    assert (process.state.exit, world.promoted, world.discarded) == (Exit.PROMOTED, True, False)
    phases = list(dict.fromkeys(state.phase for state, _ in process.looks))
    assert phases == [phase for phase in Phase if phase not in (Phase.RESTORING, Phase.DISCARDING, Phase.ENDED)]


@pytest.mark.parametrize("share", [10.0, 50.0, 100.0])
def test_a_worse_version_hurts_no_more_than_the_share_that_it_reached_for_as_long_as_judging_takes(
    share: float,
) -> None:
    world = World(is_worse=lambda world: world.share >= share)
    process = rolled_out(world)
    assert percents(world)[-2:] == [share, 0]
    assert (process.state.exit, world.discarded) == (Exit.ABORTED, True)
    assert world.hurt_percent_seconds <= share * (TO_JUDGE_SECONDS + 5)


def test_a_version_that_gets_worse_while_it_is_waited_with_is_taken_back() -> None:
    process = Process(PLAN, World())
    world = process.world
    world.is_worse = lambda _: process.state.phase is Phase.WAITING
    assert process.run() is Exit.ABORTED
    assert percents(world) == [10, 50, 0]
    assert world.hurt_percent_seconds <= 50 * (LONGEST_PAUSE_SECONDS + 1)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("dies", ["dies_before", "dies_after"])
@pytest.mark.parametrize("seconds_gone", [1.0, 3600.0])
def test_killed_at_any_look_a_good_version_is_promoted_all_the_same(dies: str, seconds_gone: float) -> None:
    for look in range(LOOKS):
        world = World()
        faults = At(look, **{dies: True})  # type: ignore[arg-type]
        late = At(look + 1, happens=lambda world: world.let_pass(seconds_gone))
        process = rolled_out(world, _Both(faults, late))
        assert (process.state.exit, world.promoted, world.share) == (Exit.PROMOTED, True, 100), f"look {look}"
        assert percents(world) == [10, 50, 100]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("dies", ["dies_before", "dies_after"])
def test_killed_at_any_look_a_worse_version_is_taken_back_all_the_same(dies: str) -> None:
    for look in range(LOOKS):
        world = World(is_worse=lambda world: world.share >= 50)
        process = rolled_out(world, At(look, **{dies: True}))  # type: ignore[arg-type]
        assert (process.state.exit, world.share, world.discarded) == (Exit.ABORTED, 0, True), f"look {look}"


@pytest.mark.timeout(20)
def test_an_api_server_that_is_silent_for_a_moment_changes_nothing() -> None:
    for look in range(LOOKS):
        world = World()
        process = rolled_out(world, At(look, looks=2, hides=without_api))
        assert process.state.exit is Exit.PROMOTED, f"look {look}"


@pytest.mark.timeout(20)
def test_an_api_server_that_stays_silent_is_left_and_the_next_start_goes_on() -> None:
    for look in range(1, LOOKS):
        world = World()
        process = Process(PLAN, world, At(look, looks=10**6, hides=without_api))
        assert process.run() is Exit.INFRASTRUCTURE
        assert process.state.phase is not Phase.ENDED, f"look {look}"
        process.faults = At(0, happens=lambda world: world.let_pass(600))
        assert process.run() is Exit.PROMOTED, f"look {look}"


@pytest.mark.timeout(20)
def test_a_prometheus_that_is_silent_for_a_moment_changes_nothing() -> None:
    for look in range(LOOKS):
        assert rolled_out(World(), At(look, looks=3, hides=without_prometheus)).state.exit is Exit.PROMOTED


@pytest.mark.timeout(20)
def test_a_prometheus_that_is_taken_away_takes_the_traffic_back() -> None:
    judged_last = max(number for number, (_, seen) in enumerate(WELL) if seen.findings)
    for look in range(judged_last - PLAN.limits.metrics_errors):
        world = World()
        process = rolled_out(world, At(look, looks=10**6, hides=without_prometheus))
        assert process.state.exit in (Exit.INFRASTRUCTURE, Exit.INCONCLUSIVE), f"look {look}"
        assert (world.share, world.promoted) == (0, False)


@pytest.mark.timeout(20)
def test_a_route_that_somebody_edits_is_taken_back_at_the_next_look() -> None:
    started = next(n for n, (state, _) in enumerate(WELL) if state.phase is Phase.DEPLOYING)
    for look in range(started, LOOKS - 1):
        world = World()
        process = rolled_out(world, At(look, happens=lambda world: world.write_share(33)))
        assert (process.state.exit, world.share) == (Exit.ABORTED, 0), f"look {look}"
        assert "somebody else has changed the shares" in process.state.reason


@pytest.mark.timeout(20)
def test_a_wish_to_abort_ends_it_at_any_look() -> None:
    for look in range(LOOKS - 1):
        world = World()
        process = rolled_out(world, At(look, hides=lambda seen: replace(seen, abort="by hand")))
        assert (process.state.exit, world.share) == (Exit.ABORTED, 0), f"look {look}"
        assert "by hand" in process.state.reason


@pytest.mark.timeout(20)
def test_a_canary_that_loses_its_pods_is_taken_back() -> None:
    gone = replace(NEW, ready=False, pods=0, sentence="no pod is ready")

    def falls(world: World) -> None:
        world.canary = gone

    first = next(n for n, (state, _) in enumerate(WELL) if state.phase is Phase.SETTLING)
    last = max(n for n, (state, _) in enumerate(WELL) if state.phase is Phase.VERIFYING)
    for look in range(first, last):
        world = World()
        process = rolled_out(world, At(look, happens=falls))
        assert (process.state.exit, world.share) == (Exit.ABORTED, 0), f"look {look}"


def test_a_stable_version_that_is_ill_for_a_while_delays_the_rollout_and_does_not_end_it() -> None:
    def falls(world: World) -> None:
        world.stable = replace(OLD, ready=False, pods=0) if world.now < BEGAN + 500 else OLD

    world = World()
    process = rolled_out(world, At(20, looks=10**6, happens=falls))
    assert process.state.exit is Exit.PROMOTED
    assert world.now > BEGAN + 500


def test_no_requests_are_no_evidence() -> None:
    world = World()
    process = rolled_out(world, At(0, looks=10**6, hides=_without_samples))
    assert (process.state.exit, percents(world)) == (Exit.INCONCLUSIVE, [10, 0])
    assert "no conclusion" in process.state.reason


def _without_samples(seen: Seen) -> Seen:
    if seen.traffic is None or not seen.traffic.canary_percent or seen.findings is None:
        return seen
    judgement = type(seen.findings[0].judgement).INCONCLUSIVE
    return replace(seen, findings=tuple(replace(each, judgement=judgement, samples=0) for each in seen.findings))


class _Both(Faults):
    """Two faults in one rollout."""

    def __init__(self, one: Faults, other: Faults) -> None:
        self._faults = (one, other)

    def between(self, world: World) -> None:
        for fault in self._faults:
            fault.between(world)

    def dies_before_acting(self) -> bool:
        return any(fault.dies_before_acting() for fault in self._faults)

    def dies_after_acting(self) -> bool:
        return any(fault.dies_after_acting() for fault in self._faults)
