"""Which of a route's Services is the stable version, and which the canary. Pure.

The canary is the one that was named, else the one with weight 0; the stable one
is whoever has the most of the rest. All that leaves a doubt is refused with what
would settle it.
"""

from k8s.json_object import Json
from k8s.rollout.backends.backend import Refused
from k8s.rollout.backends.route import Pair, Rule, called, rules, unclear
from k8s.rollout.backends.weights import in_words, is_same


def choose(route: Json, to: str = "") -> Pair:
    """Find the two in a route. Raises Refused."""
    found = rules(route)
    _must_have_two(route, found, to)
    rule = next(each for each in found if len(each.weights) > 1 and (not to or to in each.weights))
    canary = to or _without_weight(rule)
    rest = {name: weight for name, weight in rule.weights.items() if name != canary and weight}
    if not rest:
        if rule.weights[canary]:
            raise Refused(
                f"{canary} has all the traffic of {called(route)} already: it would be a rollout onto itself"
                f"; to roll out {_either([name for name in rule.weights if name != canary])}, say so with --to"
            )
        raise Refused(f"nobody has traffic by {rule.called}: give the stable version's backendRef a weight")
    most = max(rest.values())
    heaviest = [name for name, weight in rest.items() if weight == most]
    if len(heaviest) > 1:
        raise Refused(f"{rule.called} gives {' and '.join(heaviest)} the same: which of them is the stable version?")
    return Pair(heaviest[0], canary)


def must_fit(route: Json, pair: Pair) -> None:
    """Refuse a route in which a rollout of these two would leave callers behind."""
    words = unclear(route)
    if words:
        raise Refused(words)
    first = None
    for rule in rules(route):
        there = [name for name in (pair.stable, pair.canary) if name in rule.weights]
        if len(there) == 1:
            other = pair.canary if there[0] == pair.stable else pair.stable
            raise Refused(
                f"{rule.called} leads to {there[0]} and not to {other}, so that its callers would not be shifted: "
                f"add a backendRef to {other}{' with weight 0' if other == pair.canary else ''}"
            )
        if not there:
            continue
        first = first or rule
        if not is_same(rule.percent(pair), first.percent(pair)):
            raise Refused(
                f"the rules of {called(route)} disagree: {first.called} gives {pair.canary} "
                f"{in_words(first.percent(pair))} and {rule.called} {in_words(rule.percent(pair))}; make them alike"
            )
    if first is None:
        raise Refused(f"{called(route)} leads to neither {pair.stable} nor {pair.canary}")


def _must_have_two(route: Json, found: list[Rule], to: str) -> None:
    names = list(dict.fromkeys(name for rule in found for name in rule.weights))
    if to and to not in names:
        raise Refused(
            f"{called(route)} has no backendRef to service/{to}: it leads to {_all(names)}; "
            f"add one to {to} with weight 0"
        )
    if not any(len(rule.weights) > 1 and (not to or to in rule.weights) for rule in found):
        if to and to in names and len(names) == 1:
            raise Refused(f"{called(route)} leads to {to} alone: it would be a rollout onto itself")
        raise Refused(
            f"{called(route)} leads to {_all(names)}{' alone' if len(names) == 1 else ' in rules of their own'}: "
            "a rollout needs a rule with two backendRefs, the new version's with weight 0"
        )


def _without_weight(rule: Rule) -> str:
    nothing = [name for name, weight in rule.weights.items() if not weight]
    if len(nothing) == 1:
        return nothing[0]
    told = ", ".join(f"{name} {weight}" for name, weight in rule.weights.items())
    if not nothing:
        raise Refused(f"all backendRefs of {rule.called} have weight ({told}): say with --to which is the new version")
    raise Refused(
        f"{' and '.join(nothing)} both have weight 0 in {rule.called}: say with --to which is to be rolled out"
    )


def _all(names: list[str]) -> str:
    return " and ".join(names) or "no Service"


def _either(names: list[str]) -> str:
    return " or ".join(names)
