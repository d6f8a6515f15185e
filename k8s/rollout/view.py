"""How a rollout stands after one look, for whoever shows it."""

from dataclasses import dataclass

from k8s.rollout.gates.finding import Finding
from k8s.rollout.machine.state import State
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Plan
from k8s.rollout.seen import Health, Traffic


@dataclass(frozen=True, slots=True)
class View:
    """One moment; what was not looked at now is as it was seen last."""

    plan: Plan
    state: State
    now: float
    findings: tuple[Finding, ...] = ()
    traffic: Traffic | None = None
    canary: Health | None = None
    trouble: str = ""
    """Why something could not be seen or done."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How one process's part in a rollout ended."""

    state: State
    exit: Exit
    sentence: str
