"""What happened in a rollout beside its state: shares over time, and what each gate concluded when.

Kept with the state, so that a report tells all of a rollout that several
processes have carried; therefore it stays small. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import State
from k8s.rollout.seen import Traffic

MOST_SHARES = 300
MOST_STRETCHES = 400
MOST_VERDICTS = 120


@dataclass(frozen=True, slots=True)
class Share:
    """From this time on the canary's share was that."""

    at: float
    meant: float
    seen: float | None
    """None where the cluster did not tell."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A phase, from when on."""

    at: float
    phase: Phase
    step: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """For so long one gate said the same."""

    gate: str
    judgement: Judgement
    phase: Phase
    step: int
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last word of one gate in one step."""

    at: float
    phase: Phase
    step: int
    percent: float
    finding: Finding


@dataclass(frozen=True, slots=True)
class Record:
    """All of it, in the order of time."""

    shares: tuple[Share, ...] = ()
    passages: tuple[Passage, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    def after(
        self, state: State, now: float, traffic: Traffic | None, judged: tuple[State, Sequence[Finding]] | None
    ) -> "Record":
        """Give the record after one more look: the state that it led to, and in which state gates were judged."""
        record = replace(self, shares=self._shares(state, now, traffic), passages=self._passages(state, now))
        if judged is not None:
            within, findings = judged
            record = replace(
                record,
                stretches=self._stretches(within, findings, now),
                verdicts=self._verdicts(within, findings, now),
            )
        return record

    def halved(self) -> "Record":
        """Give it without half of all that it has, where it is too large to be kept."""
        return Record(
            shares=_at_most(len(self.shares) // 2, self.shares),
            passages=_at_most(len(self.passages) // 2, self.passages),
            stretches=_at_most(len(self.stretches) // 2, self.stretches),
            verdicts=_at_most(len(self.verdicts) // 2, self.verdicts),
        )

    def _shares(self, state: State, now: float, traffic: Traffic | None) -> tuple[Share, ...]:
        seen = self.shares[-1].seen if traffic is None and self.shares else None
        share = Share(now, state.percent, seen if traffic is None else traffic.canary_percent)
        if self.shares and (self.shares[-1].meant, self.shares[-1].seen) == (share.meant, share.seen):
            return self.shares
        return _at_most(MOST_SHARES, (*self.shares, share))

    def _passages(self, state: State, now: float) -> tuple[Passage, ...]:
        passage = Passage(now, state.phase, state.step)
        if self.passages and (self.passages[-1].phase, self.passages[-1].step) == (passage.phase, passage.step):
            return self.passages
        return _at_most(MOST_SHARES, (*self.passages, passage))

    def _stretches(self, state: State, findings: Sequence[Finding], now: float) -> tuple[Stretch, ...]:
        stretches = list(self.stretches)
        for finding in findings:
            new = Stretch(finding.gate, finding.judgement, state.phase, state.step, now, now)
            numbers = [number for number, each in enumerate(stretches) if each.gate == finding.gate]
            if numbers and replace(stretches[numbers[-1]], began=now, ended=now) == new:
                stretches[numbers[-1]] = replace(stretches[numbers[-1]], ended=now)
            else:
                stretches.append(new)
        return _at_most(MOST_STRETCHES, tuple(stretches))

    def _verdicts(self, state: State, findings: Sequence[Finding], now: float) -> tuple[Verdict, ...]:
        where = (state.phase, state.step)
        kept = tuple(each for each in self.verdicts if (each.phase, each.step) != where)
        added = tuple(Verdict(now, state.phase, state.step, state.percent, each) for each in findings)
        return _at_most(MOST_VERDICTS, (*kept, *added))


Thing = TypeVar("Thing")


def _at_most(number: int, things: tuple[Thing, ...]) -> tuple[Thing, ...]:
    """Forget from the middle: how it began and how it ended matter most."""
    if len(things) <= number:
        return things
    return (*things[: number // 4], *things[len(things) - (number - number // 4) :])
