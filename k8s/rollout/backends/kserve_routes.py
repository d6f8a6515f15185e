"""What share of the requests KServe's own HTTPRoutes give a canary. Pure.

KServe is told a share and writes it into the routes if its version can, and
only for a canary that is ready. What the routes say is the proof.
"""

from k8s.json_object import Json
from k8s.rollout.backends.taken_up import not_taken_up
from k8s.wait.seen import name as named
from k8s.wait.seen import spec


def is_led_to(route: Json, service: str) -> bool:
    """Whether a route has a Service among its backends, be it without weight."""
    return any(service in _weights(rule) for rule in _rules(route))


def unlike(route: Json, stable: str, canary: str, percent: float) -> str:
    """Say where a route does not give the canary this share of the two, or is not taken up by its gateway."""
    leading = [weights for rule in _rules(route) if {stable, canary} & (weights := _weights(rule)).keys()]
    if not leading:
        return f"httproute/{named(route)} leads to neither {stable} nor {canary}"
    for weights in leading:
        total = weights.get(stable, 0) + weights.get(canary, 0)
        given = 100 * weights.get(canary, 0) / total if total else 0.0
        if not total or abs(given - percent) > 1e-6:
            told = ", ".join(f"{name} {weight}" for name, weight in weights.items())
            return f"httproute/{named(route)} has the weights {told}, and the canary was given {percent:g} %"
    return not_taken_up(route)


def _rules(route: Json) -> list[Json]:
    return list(spec(route).get("rules") or ())


def _weights(rule: Json) -> dict[str, int]:
    weights: dict[str, int] = {}
    for each in rule.get("backendRefs") or ():
        weight = each.get("weight")
        weights[str(each["name"])] = weights.get(str(each["name"]), 0) + (1 if weight is None else int(weight))
    return weights
