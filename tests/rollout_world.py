"""A made-up cluster, Prometheus and clock, in which whole rollouts run in no time.

`World` is the truth, and what is seen of it may be less: each look goes through
`Faults`, which hide, harm and kill. `Process` is the loop around the machine,
as thin as it can be: it writes the state down, then acts, and may die between.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.machine.act import Act, Deploy, Discard, Promote, Shift
from k8s.rollout.machine.decide import decide
from k8s.rollout.machine.decision import Decision
from k8s.rollout.machine.needs import Needs, needs
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.machine.state_json import from_json, to_json
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Plan
from k8s.rollout.seen import Health, Seen, Traffic
from k8s.rollout.side import Side

BEGAN = 1_000_000.0
NEW = Health(ready=True, pods=2, revision="new")
UNMADE = Health(ready=False, sentence="it is not there")
OLD = Health(ready=True, pods=2, revision="old")


@dataclass
class World:
    """What is so, whoever sees it."""

    now: float = BEGAN
    share: float = 0.0
    written_at: float = BEGAN
    effective_after_seconds: float = 1.0
    canary: Health = NEW
    stable: Health = OLD
    is_worse: Callable[["World"], bool] = lambda _: False
    """Whether the canary is worse, as its gates would tell."""
    replaces_the_old: bool = False
    """Whether a promotion is for good."""
    deployed: bool = False
    promoted: bool = False
    discarded: bool = False
    shares: list[tuple[float, float]] = field(default_factory=list)
    """When which share was written, whoever wrote."""
    hurt_percent_seconds: float = 0.0
    """Of a worse canary: its share times how long it had it."""

    def let_pass(self, seconds: float) -> None:
        """Let time go by."""
        if self.is_worse(self):
            self.hurt_percent_seconds += self.share * seconds
        self.now += seconds

    def write_share(self, percent: float) -> None:
        """Write a share down, as a backend or somebody else does."""
        if percent != self.share:
            self.share, self.written_at = percent, self.now
            self.shares.append((self.now, percent))

    def do(self, act: Act) -> None:
        """Carry out an act; again is the same."""
        match act:
            case Deploy():
                self.deployed = True
            case Shift(percent):
                assert not (self.promoted and self.replaces_the_old), "what is replaced cannot be given traffic"
                self.write_share(percent)
            case Promote():
                self.promoted = True
                self.write_share(100.0)
            case Discard():
                assert self.share == 0, "a canary with traffic was taken away"
                self.discarded = True

    @property
    def traffic(self) -> Traffic:
        """How the requests are shared."""
        effective = self.now - self.written_at >= self.effective_after_seconds
        return Traffic(self.share, effective, "" if effective else "not taken up", not self._is_replaced)

    @property
    def _is_replaced(self) -> bool:
        return self.promoted and self.replaces_the_old

    def findings(self, asked: Needs, plan: Plan) -> tuple[Finding, ...]:
        """Judge as gates do: no requests, no conclusion."""
        if Side.CANARY not in asked.sides:
            return tuple(Finding(gate.measure, Judgement.PASSED, "as promised", samples=1000) for gate in plan.gates)
        judgement = Judgement.PASSED
        if not self.share or (asked.window_seconds or 0) < plan.limits.window_seconds / 2:
            judgement = Judgement.INCONCLUSIVE
        if self.is_worse(self) and self.share:
            judgement = Judgement.FAILED
        return tuple(Finding(gate.measure, judgement, judgement.value, samples=100) for gate in plan.gates)

    def look(self, asked: Needs, plan: Plan) -> Seen:
        """See all that is asked."""
        return Seen(
            self.now,
            self.traffic if asked.traffic else None,
            (self.canary if self.deployed else UNMADE) if asked.canary else None,
            self.stable if asked.stable else None,
            self.findings(asked, plan) if asked.window_seconds is not None else None,
            "" if asked.smoke else None,
        )


class Faults:
    """None: what is so is seen, and what is decided is done."""

    def between(self, world: World) -> None:
        """Change the world before a look."""

    def see(self, seen: Seen) -> Seen:
        """Hide some of it."""
        return seen

    def dies_before_acting(self) -> bool:
        """Kill the process between what it wrote and what it does."""
        return False

    def dies_after_acting(self) -> bool:
        return False

    def act_fails(self, act: Act) -> bool:
        """Whether the API server refuses an act."""
        del act
        return False


class Process:
    """Runs a rollout in a world until it ends or gives up; after a kill another goes on from what is stored."""

    def __init__(self, plan: Plan, world: World, faults: Faults | None = None) -> None:
        self.plan, self.world, self.faults = plan, world, faults or Faults()
        self.state = State("rollout", "digest", world.now)
        self.told: list[str] = []
        self.looks: list[tuple[State, Seen]] = []

    def _begun_anew(self) -> tuple[bool, str]:
        """Another process knows what is stored and no more."""
        self.state = from_json(to_json(self.state))
        return False, ""

    def run(self, longest_seconds: float = float("inf")) -> Exit:
        """Give how the process exits: by the end, or by giving up."""
        acted, error = self._begun_anew()
        ends = self.world.now + longest_seconds
        while self.world.now <= ends:
            state = self.state
            if state.phase is Phase.ENDED:
                assert state.exit is not None
                return state.exit
            decision = self._look(state, acted, error)
            if decision.leave is not None:
                self._act(decision)
                return decision.leave
            if self.faults.dies_before_acting():
                acted, error = self._begun_anew()
                continue
            acted, error = self._act(decision)
            if self.faults.dies_after_acting():
                acted, error = self._begun_anew()
        raise AssertionError(f"it has not ended after {longest_seconds:g} s: {self.state}")

    def _look(self, state: State, acted: bool, error: str) -> Decision:
        self.world.let_pass(needs(self.plan, state, self.world.now).pause_seconds)
        self.faults.between(self.world)
        asked = needs(self.plan, state, self.world.now)
        seen = replace(self.faults.see(self.world.look(asked, self.plan)), acted=acted)
        seen = replace(seen, error=seen.error or error)
        decision = decide(self.plan, state, seen, nearest=lambda percent: percent)
        self.state = decision.state
        self.looks.append((state, seen))
        self.told.extend(decision.told)
        return decision

    def _act(self, decision: Decision) -> tuple[bool, str]:
        for act in decision.acts:
            if self.faults.act_fails(act):
                return False, "503 of the API server"
            self.world.do(act)
        return True, ""
