"""A whole rollout in simulated time: the real machine and the real gates, in a world of chance."""

from dataclasses import dataclass

from k8s.rollout.gates.defaults import defaults
from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.gates.judge import judge
from k8s.rollout.machine.act import Shift
from k8s.rollout.machine.decide import decide
from k8s.rollout.machine.needs import Needs, needs
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Plan
from k8s.rollout.seen import Health, Seen, Traffic
from tests.rollout_answers import PROMISE
from tests.rollout_study.world import INTERVAL, World

OVER = (Phase.ENDED, Phase.RESTORING)
"""What is taken back is back at the next look."""
WELL = Health(ready=True, pods=2, revision="r")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a rollout went."""

    exit: Exit | None
    reason: str
    percent: float
    """The largest share that it reached."""
    seconds: float
    began: float
    """When the canary was first given requests."""
    failed: tuple[str, ...]
    """Gates that failed."""


def planned(**changes: object) -> Plan:
    """The plan as it is when nobody writes one, with its gates."""
    return Plan(gates=defaults(PROMISE)).model_copy(update=changes)


def roll_out(plan: Plan, world: World) -> Ending:
    """Go through it until it ends."""
    state = State(identity="study", plan_digest="", began=0.0)
    shown = reached = began = 0.0
    failed: tuple[str, ...] = ()
    acted = False
    for _ in range(4):
        world.go_on(0.0)
    while state.phase not in OVER:
        asked = needs(plan, state, world.now)
        for _ in range(max(round(asked.pause_seconds / INTERVAL), 1)):
            world.go_on(shown)
        asked = needs(plan, state, world.now)
        findings = found(plan, world, asked)
        failed = tuple(each.gate for each in findings or () if each.judgement is Judgement.FAILED) or failed
        seen = Seen(
            now=world.now,
            traffic=Traffic(shown),
            canary=WELL,
            stable=WELL,
            findings=findings,
            smoke="" if asked.smoke else None,
            acted=acted,
        )
        decision = decide(plan, state, seen, nearest=float)
        acted = True
        state = decision.state
        for act in decision.acts:
            if isinstance(act, Shift):
                began = began or world.now
                shown = act.percent
                reached = max(reached, shown)
    return Ending(state.exit, state.reason, reached, world.now, began, failed)


def found(plan: Plan, world: World, asked: Needs) -> tuple[Finding, ...] | None:
    """What the gates say of what is asked for."""
    if asked.window_seconds is None:
        return None
    sides = sorted(asked.sides)
    return judge(
        plan.gates,
        world.answers(asked.window_seconds, sides),
        sides=sides,
        window_seconds=asked.window_seconds,
        confidence=asked.confidence,
        promise=PROMISE,
    )
