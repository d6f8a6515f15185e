"""A route of the Gateway API, as far as weights go: who has which, and what it is with other weights. Pure.

A rule that leads to neither version is none of this. Weights of a third version
beside the two stay as they are.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, NamedTuple

from k8s.json_object import Json
from k8s.rollout.backends.weights import in_words, is_same, share, split

GROUP = "gateway.networking.k8s.io"
WRITTEN = "ecluse.example/rollout-weights"
"""The weights that were written last, in the same write: where a rule has others, somebody else has written them."""


class Pair(NamedTuple):
    """The Services of the two versions."""

    stable: str
    canary: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that leads to a Service at all."""

    called: str
    weights: Mapping[str, int]
    ports: Mapping[str, int]

    def percent(self, pair: Pair) -> float:
        return share(self.weights.get(pair.stable, 0), self.weights.get(pair.canary, 0))

    def others(self, pair: Pair) -> Mapping[str, int]:
        """Give those that have weight beside the two."""
        return {name: weight for name, weight in self.weights.items() if weight and name not in pair}

    def fixed_total(self, pair: Pair) -> int:
        """What the two have together, which stays where others have weight beside them; else 0, for any."""
        return sum(self.weights.get(name, 0) for name in pair) if self.others(pair) else 0


def called(route: Json) -> str:
    return f"{str(route['kind']).lower()}/{route['metadata']['name']}"


def rules(route: Json) -> list[Rule]:
    """Give the rules that lead to Services."""
    found = []
    for number, rule in enumerate(_rules(route), 1):
        weights: dict[str, int] = {}
        ports: dict[str, int] = {}
        for reference in rule.get("backendRefs") or ():
            if _is_service(route, reference):
                name = str(reference["name"])
                weights[name] = weights.get(name, 0) + int(reference.get("weight", 1))
                ports[name] = int(reference.get("port", 0))
        if weights:
            found.append(Rule(f"rule {number} of {called(route)}", weights, ports))
    return found


def unclear(route: Json) -> str:
    """Say which rule shares in a way that two weights do not tell; or nothing."""
    for number, rule in enumerate(_rules(route), 1):
        names = [str(each["name"]) for each in rule.get("backendRefs") or () if _is_service(route, each)]
        twice = next((name for name in names if names.count(name) > 1), "")
        if twice:
            return f"rule {number} of {called(route)} leads to service/{twice} twice: give it one backendRef"
    return ""


def shared(route: Json, pair: Pair) -> list[Rule]:
    """Give the rules that lead to either version."""
    return [rule for rule in rules(route) if {pair.stable, pair.canary} & set(rule.weights)]


def with_share(route: Json, pair: Pair, percent: float) -> Json:
    """Give the merge patch that gives the canary this share; empty where the route says so already."""
    changed: list[Any] = deepcopy(list(_rules(route)))
    written = ""
    for rule in changed:
        references = [each for each in rule.get("backendRefs") or () if _is_service(route, each)]
        named = [[each for each in references if each["name"] == name] for name in pair]
        if not any(named):
            continue
        total = 0
        if any(each.get("weight", 1) for each in references if each["name"] not in pair):
            total = sum(each.get("weight", 1) for both in named for each in both)
        weights = split(percent, total)
        for found, weight in zip(named, weights, strict=True):
            for number, reference in enumerate(found):
                reference["weight"] = 0 if number else weight
        written = written or f"{pair.stable}={weights[0]},{pair.canary}={weights[1]}"
    before = (route["metadata"].get("annotations") or {}).get(WRITTEN)
    if not written or (changed == list(_rules(route)) and before == written):
        return {}
    return {"metadata": {"annotations": {WRITTEN: written}}, "spec": {"rules": changed}}


def would_lead_nowhere(route: Json, pair: Pair, percent: float) -> str:
    """Say which rule would lead nobody anywhere with this share, since a version was taken out of it; or nothing."""
    for rule in shared(route, pair):
        if pair.stable not in rule.weights and percent < 100 and not rule.others(pair):
            return f"{rule.called} leads to {pair.stable} no more, so that its traffic cannot be given back"
        if pair.canary not in rule.weights and percent > 0:
            return f"{rule.called} leads to {pair.canary} no more"
    return ""


def edited(route: Json, pair: Pair) -> Rule | None:
    """Give the first rule that has not the share that was written last, or leads to one version alone."""
    found = shared(route, pair)
    missing = next((rule for rule in found if not {pair.stable, pair.canary} <= set(rule.weights)), None)
    if missing is not None:
        return missing
    last = written_percent(route, pair)
    if last is None:
        last = found[0].percent(pair) if found else 0.0
    return next((rule for rule in found if not is_same(rule.percent(pair), last)), None)


def written_percent(route: Json, pair: Pair) -> float | None:
    """Give the share that was written last, or None where none was, or another pair's."""
    words = (route["metadata"].get("annotations") or {}).get(WRITTEN, "")
    weights = dict(each.partition("=")[::2] for each in words.split(","))
    try:
        return share(int(weights[pair.stable]), int(weights[pair.canary]))
    except (KeyError, ValueError):
        return None


def describe(rule: Rule, pair: Pair) -> str:
    """Say what a rule gives to whom."""
    lost = [name for name in (pair.stable, pair.canary) if name not in rule.weights]
    if lost:
        return f"{rule.called} leads to {lost[0]} no more"
    return f"{rule.called} gives {pair.canary} {in_words(rule.percent(pair))}"


def _rules(route: Json) -> Any:
    return (route.get("spec") or {}).get("rules") or ()


def _is_service(route: Json, reference: Json) -> bool:
    """Only those of the route's own namespace: both versions are there."""
    own = route["metadata"].get("namespace")
    kind = (reference.get("group") or "", reference.get("kind") or "Service")
    return kind == ("", "Service") and reference.get("namespace", own) == own
