"""Whole rollouts by KServe's canaries: the machine, the backend, and a KServe that pretends."""

import pytest

from k8s.rollout.backends.kserve_canary import PROOF_SECONDS, KServeCanary
from k8s.rollout.machine.act import Act, Deploy, Discard, Promote, Shift
from k8s.rollout.machine.needs import Needs
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Gate, Limits, Plan, Step
from k8s.rollout.seen import Seen
from k8s.rollout.side import Side
from tests.pretended_kserve import NAMESPACE, NEW, PretendedKServe, service_of
from tests.rollout_world import Faults, Process, World

STABLE, CANARY = "digits-predictor", "digits-two-predictor"
PLAN = Plan(
    steps=tuple(Step(percent=percent) for percent in (1, 10, 50)),
    gates=(Gate(measure="errors", most=0.01),),
    limits=Limits(ready_seconds=120, verify_seconds=60, drain_seconds=20, settle_seconds=20),
)
LONGEST_SECONDS = 7200.0


class KServeWorld(World):
    """What is so is what KServe has; each look is another moment of its controllers."""

    def __init__(self, kserve: PretendedKServe) -> None:
        super().__init__()
        self.kserve = kserve
        self.given: list[float] = []
        self.least_pods = 1000
        """Of the stable version, while there was one."""
        self.another_process()

    def another_process(self) -> None:
        self.backend = KServeCanary(self.kserve, NAMESPACE, "digits", "two", NEW, STABLE, clock=lambda: self.now)

    def let_pass(self, seconds: float) -> None:
        super().let_pass(seconds)
        self.kserve.advance()
        if STABLE in self.kserve.wanted:
            self.least_pods = min(self.least_pods, self.kserve.available.get(STABLE, 0))

    def do(self, act: Act) -> None:
        match act:
            case Deploy():
                self.backend.deploy()
            case Shift(percent):
                self.backend.shift(percent)
                self.given.append(percent)
            case Promote():
                self.backend.promote()
            case Discard():
                self.backend.discard()

    def look(self, asked: Needs, plan: Plan) -> Seen:
        traffic = self.backend.traffic()
        self.share = traffic.canary_percent if traffic.effective else 0.0
        return Seen(
            self.now,
            traffic,
            self.backend.health(Side.CANARY) if asked.canary else None,
            self.backend.health(Side.STABLE) if asked.stable else None,
            self.findings(asked, plan) if asked.window_seconds is not None else None,
            "" if asked.smoke else None,
        )


class KilledAfterEachAct(Faults):
    """Every second decision is the last one of its process."""

    def __init__(self, world: KServeWorld) -> None:
        self.world = world
        self.count = 0

    def dies_before_acting(self) -> bool:
        return self._dies(2)

    def dies_after_acting(self) -> bool:
        return self._dies(3)

    def _dies(self, every: int) -> bool:
        self.count += 1
        if self.count % every:
            return False
        self.world.another_process()
        return True


@pytest.mark.parametrize("is_killed", [False, True])
@pytest.mark.parametrize("replicas", [1, 3])
def test_a_good_version_is_promoted_with_all_pods_of_the_old_one_to_the_end(replicas: int, is_killed: bool) -> None:
    world = KServeWorld(PretendedKServe(service=service_of(replicas)))
    process = Process(PLAN, world, KilledAfterEachAct(world) if is_killed else Faults())
    assert process.run(LONGEST_SECONDS) is Exit.PROMOTED, process.state.reason
    assert world.least_pods == replicas
    assert list(dict.fromkeys(world.given)) == [1.0, 10.0, 50.0, 100.0]
    predictor = world.kserve.service["spec"]["predictor"]
    assert (predictor["name"], predictor["model"]["storageUri"], predictor["minReplicas"]) == ("two", NEW, replicas)
    world.kserve.advance(2)
    assert world.kserve.available == {CANARY: replicas}


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_version_that_is_worse_at_ten_percent_is_taken_back_and_leaves_no_trace(is_killed: bool) -> None:
    world = KServeWorld(PretendedKServe(service=service_of(3)))
    world.is_worse = lambda each: each.share >= 10
    process = Process(PLAN, world, KilledAfterEachAct(world) if is_killed else Faults())
    assert process.run(LONGEST_SECONDS) is Exit.ABORTED, process.state.reason
    assert max(world.given) == 10
    assert world.least_pods == 3
    assert world.kserve.service["spec"] == service_of(3)["spec"]


def test_a_kserve_that_leads_nothing_to_canaries_ends_it_before_the_first_request() -> None:
    world = KServeWorld(PretendedKServe(version=(0, 20), service=service_of(3)))
    process = Process(PLAN, world)
    began = world.now
    assert process.run(LONGEST_SECONDS) is Exit.ABORTED
    assert "KServe has not put digits-two-predictor into its routes" in process.state.reason
    assert world.now - began < PROOF_SECONDS + PLAN.limits.window_seconds * 2 + 30
    assert set(world.given) <= {0.0}
    assert world.least_pods == 3
    assert world.kserve.service["spec"] == service_of(3)["spec"]


def test_a_canary_that_never_gets_ready_ends_it_before_the_first_request() -> None:
    kserve = PretendedKServe(service=service_of(2))
    kserve.broken.add(CANARY)
    world = KServeWorld(kserve)
    process = Process(PLAN, world)
    assert process.run(LONGEST_SECONDS) is Exit.ABORTED
    assert set(world.given) <= {0.0}
    assert world.least_pods == 2
    assert kserve.service["spec"] == service_of(2)["spec"]


def test_an_entry_that_somebody_takes_away_in_the_middle_ends_it_with_that_reason() -> None:
    world = KServeWorld(PretendedKServe(service=service_of(2)))

    class Hands(Faults):
        def between(self, world: World) -> None:
            assert isinstance(world, KServeWorld)
            if world.share == 50:
                world.kserve.service["spec"].pop("canary", None)
                world.kserve.service["spec"]["predictor"].update(minReplicas=2, maxReplicas=2)

    process = Process(PLAN, world, Hands())
    assert process.run(LONGEST_SECONDS) is Exit.ABORTED
    assert "somebody else has changed the shares: the canary has 0 %, and was to have 50 %" in process.state.reason
    assert world.kserve.service["spec"] == service_of(2)["spec"]
