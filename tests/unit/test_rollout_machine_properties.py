"""Whatever is seen and wherever it is killed: no promotion without evidence, no traffic left, always an end."""

import random
from collections import Counter
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8s.rollout.gates.finding import Judgement
from k8s.rollout.machine.act import Act
from k8s.rollout.machine.needs import LONGEST_PAUSE_SECONDS
from k8s.rollout.machine.patience import longest_seconds
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state_json import from_json, to_json
from k8s.rollout.machine.turning import LOG_FIRST, LOG_LAST
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Gate, Limits, Plan, Step
from k8s.rollout.seen import Health, Seen
from tests.rollout_world import Faults, Process, World

seconds = st.sampled_from([0.0, 5.0, 20.0, 60.0])


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    shares = draw(st.lists(st.sampled_from([1.0, 5.0, 20.0, 50.0, 100.0]), min_size=1, max_size=3, unique=True))
    return Plan(
        steps=tuple(
            Step(
                percent=share,
                windows=draw(st.integers(1, 3)),
                pause_seconds=draw(seconds),
                approval=draw(st.booleans()) and draw(st.booleans()),
            )
            for share in sorted(shares)
        ),
        gates=(Gate(measure="errors", most=0.01), Gate(measure="p99", worse_times=1.2))[: draw(st.integers(1, 2))],
        limits=Limits(
            ready_seconds=draw(seconds),
            smoke_seconds=draw(seconds),
            unready_seconds=draw(seconds),
            effective_seconds=10.0,
            settle_seconds=draw(seconds),
            window_seconds=draw(st.sampled_from([4.0, 20.0])),
            inconclusive_seconds=120.0,
            drain_seconds=draw(seconds),
            verify_seconds=draw(seconds),
            approval_seconds=60.0,
            metrics_errors=draw(st.integers(1, 4)),
            api_seconds=draw(seconds),
        ),
        on_abort=draw(st.sampled_from(["keep", "discard"])),
        stable_must_pass=draw(st.booleans()),
    )


@dataclass
class Chances:
    """How likely each fault is at a look."""

    unseen: float = 0.0
    no_metrics: float = 0.0
    failed: float = 0.0
    inconclusive: float = 0.0
    ill: float = 0.0
    not_effective: float = 0.0
    edited: float = 0.0
    killed: float = 0.0
    late: float = 0.0
    aborted: float = 0.0
    refused: float = 0.0


chances = st.dictionaries(
    st.sampled_from(sorted(Chances.__dataclass_fields__)), st.sampled_from([0.01, 0.1, 0.5, 0.9, 1.0]), max_size=3
).map(lambda drawn: Chances(**drawn))
"""Few kinds at once, or nothing would ever get far."""


class Chaos(Faults):
    """Faults by chance; each look is struck by its own."""

    def __init__(self, chances: Chances, seed: int) -> None:
        self.chances, self.random, self.is_over = chances, random.Random(seed), False

    def _strikes(self, chance: float) -> bool:
        return not self.is_over and self.random.random() < chance

    def between(self, world: World) -> None:
        if self._strikes(self.chances.edited / 10):
            world.write_share(self.random.choice([0.0, 3.0, 50.0, 100.0]))
        if self._strikes(self.chances.late / 10):
            world.now += self.random.choice([30.0, 300.0, 90000.0])

    def see(self, seen: Seen) -> Seen:
        hidden = {name: None for name in ("traffic", "canary", "stable", "smoke") if self._strikes(self.chances.unseen)}
        seen = replace(seen, **hidden)  # type: ignore[arg-type]
        if seen.traffic is not None and self._strikes(self.chances.not_effective):
            seen = replace(seen, traffic=replace(seen.traffic, effective=False))
        if self._strikes(self.chances.no_metrics):
            seen = replace(seen, findings=None, metrics_error="Prometheus does not answer")
        if seen.findings and self._strikes(self.chances.failed / 5):
            seen = replace(seen, findings=tuple(replace(f, judgement=Judgement.FAILED) for f in seen.findings))
        if seen.findings and self._strikes(self.chances.inconclusive):
            seen = replace(seen, findings=tuple(replace(f, judgement=Judgement.INCONCLUSIVE) for f in seen.findings))
        if self._strikes(self.chances.ill / 2):
            seen = (
                replace(seen, canary=self._ill()) if self.random.random() < 0.5 else replace(seen, stable=self._ill())
            )
        if self._strikes(self.chances.aborted / 20):
            seen = replace(seen, abort="somebody")
        if self.random.random() < 0.2:
            seen = replace(seen, approval="somebody")
        return seen

    def _ill(self) -> Health:
        pick = self.random.choice
        return Health(
            ready=pick([True, False]),
            hopeless=pick([False, False, True]),
            pods=pick([0, 1, 3]),
            restarts=pick([0, 0, 1]),
            revision=pick(["", "new", "old", "other"]),
        )

    def dies_before_acting(self) -> bool:
        return self._strikes(self.chances.killed)

    def dies_after_acting(self) -> bool:
        return self._strikes(self.chances.killed)

    def act_fails(self, act: Act) -> bool:
        del act
        return self._strikes(self.chances.refused)


def assert_shown(process: Process, plan: Plan) -> None:
    """Whoever was promoted has passed every step, after the last time that this step began."""
    passed = Counter[int]()
    for state, seen in process.looks:
        judged = state.phase is Phase.ANALYSING and seen.findings
        if judged and all(each.judgement is Judgement.PASSED for each in seen.findings or ()):
            passed[state.step] += 1
    for number, step in enumerate(plan.steps):
        assert passed[number] >= step.windows, f"step {number} was passed without evidence"


@pytest.mark.timeout(60)
@settings(max_examples=60)
@given(plans(), chances, st.integers(0, 2**32), st.booleans())
def test_whatever_happens_it_ends_safe_or_says_that_it_could_not(
    plan: Plan, faults: Chances, seed: int, replaces_the_old: bool
) -> None:
    world = World(replaces_the_old=replaces_the_old)
    chaos = Chaos(faults, seed)
    process = Process(plan, world, chaos)
    end = process.run()
    if process.state.phase is not Phase.ENDED:
        assert end is Exit.INFRASTRUCTURE
        # Whoever starts it again where all is well comes to an end that is safe.
        chaos.is_over = True
        end = process.run()
    assert process.state.phase is Phase.ENDED
    assert len(process.state.log) <= LOG_FIRST + LOG_LAST
    if end is Exit.PROMOTED:
        assert world.promoted
        assert world.share == 100
        assert_shown(process, plan)
    elif not (world.promoted and world.replaces_the_old):
        assert world.share == 0 or "nothing was changed" in process.state.reason


@pytest.mark.timeout(60)
@settings(max_examples=60)
@given(plans(), chances, st.integers(0, 2**32))
def test_it_ends_or_gives_up_in_the_time_that_its_plan_has(plan: Plan, faults: Chances, seed: int) -> None:
    world = World()
    process = Process(plan, world, Chaos(replace(faults, late=0.0), seed))
    # Each limit is overrun by a pause between looks, and by the time for which a limit cannot be seen to be over.
    overrun = (LONGEST_PAUSE_SECONDS + plan.limits.api_seconds) * (len(plan.steps) + 8)
    process.run(longest_seconds(plan) + overrun)


@pytest.mark.timeout(60)
@settings(max_examples=60)
@given(plans(), chances, st.integers(0, 2**32), st.sampled_from([1.0, 20.0, 50.0, 100.0]), st.booleans())
def test_a_version_that_is_worse_is_never_promoted(
    plan: Plan, faults: Chances, seed: int, worse_from_percent: float, replaces_the_old: bool
) -> None:
    plan = plan.model_copy(update={"limits": plan.limits.model_copy(update={"verify_seconds": 60.0})})
    world = World(is_worse=lambda world: world.share >= worse_from_percent, replaces_the_old=replaces_the_old)
    chaos = Chaos(replace(faults, inconclusive=0.0), seed)
    process = Process(plan, world, chaos)
    end = process.run()
    if process.state.phase is not Phase.ENDED:
        chaos.is_over = True
        end = process.run()
    assert end is not Exit.PROMOTED
    assert not world.promoted
    assert world.share == 0 or "nothing was changed" in process.state.reason


@pytest.mark.timeout(60)
@settings(max_examples=60)
@given(plans(), st.integers(0, 2**32))
def test_a_good_version_is_promoted_wherever_it_is_killed(plan: Plan, seed: int) -> None:
    world = World()
    patient = plan.limits.model_copy(
        update={"approval_seconds": 3600.0, "ready_seconds": 600.0, "effective_seconds": 120.0}
    )
    process = Process(plan.model_copy(update={"limits": patient}), world, Chaos(Chances(killed=0.3), seed))
    assert process.run() is Exit.PROMOTED
    assert world.deployed
    assert world.share == 100
    assert_shown(process, plan)


@pytest.mark.timeout(60)
@settings(max_examples=30)
@given(plans(), chances, st.integers(0, 2**32))
def test_a_stored_state_is_read_as_it_was_written(plan: Plan, faults: Chances, seed: int) -> None:
    process = Process(plan, World(), Chaos(faults, seed))
    process.run()
    for state, _ in process.looks[:: max(len(process.looks) // 3, 1)]:
        assert from_json(to_json(state)) == state
