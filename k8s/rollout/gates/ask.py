"""Which questions a set of gates puts to Prometheus, each once, for each side that is looked at."""

import math
from collections.abc import Iterable, Mapping

from k8s.rollout.gates.measures import MEASURES
from k8s.rollout.gates.questions import PARTS, QUESTIONS
from k8s.rollout.gates.sample import Question
from k8s.rollout.plan.form import Gate
from k8s.rollout.side import Side
from monitoring.rules.recording.requests import BAD
from monitoring.slo import Promise

ALWAYS = ("scrapes", "pods")
"""Asked for whatever the gates: whether there is anything to judge by."""
OWN = "query "
"""Begins the names of questions that a plan brings itself."""
NOBODY = 'variant="",variant!=""'
"""Selects nothing: where the other side is not looked at."""


def name_of(gate: Gate) -> str:
    """What a gate is called in tables."""
    return gate.name or gate.measure


def questions_of(gate: Gate) -> tuple[str, ...]:
    """The names of the questions that one gate needs."""
    return (f"{OWN}{name_of(gate)}",) if gate.measure == "query" else MEASURES[gate.measure].asks


def questions(
    gates: Iterable[Gate], matchers: Mapping[Side, str], window_seconds: float, promise: Promise
) -> Mapping[Question, str]:
    """Give the PromQL of each question by side and name; sides without matchers are not asked about."""
    asked: dict[str, str] = {name: QUESTIONS[name] for name in ALWAYS}
    for gate in gates:
        for name in questions_of(gate):
            asked[name] = _own(gate.query) if gate.measure == "query" else QUESTIONS[name]
    return {
        (side, name): _filled(template, side, matchers, window_seconds, promise)
        for side in matchers
        for name, template in asked.items()
    }


def _own(query: str) -> str:
    """A person's PromQL has braces around its places."""
    return query.replace("{matchers}", "$side").replace("{window}", "$window")


def _filled(template: str, side: Side, matchers: Mapping[Side, str], window_seconds: float, promise: Promise) -> str:
    other = Side.STABLE if side is Side.CANARY else Side.CANARY
    window = max(math.floor(window_seconds), 1)
    part = max(window // PARTS, 1)
    filled = {
        "$side": matchers[side],
        "$other": matchers.get(other, NOBODY),
        "$window": f"{window}s",
        "$errors": BAD[promise.availability.shed],
        # Half as much again, so that none is without a scrape where there are four.
        "$span": f"{math.ceil(part * 1.5)}s",
        **{f"$ago{number}": f"{number * part}s" for number in range(1, PARTS)},
    }
    for place, text in filled.items():
        template = template.replace(place, text)
    return template
