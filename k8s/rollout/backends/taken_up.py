"""Whether those who route have taken up a route as it is written. Pure.

A gateway's controller says for each parent what it thinks of a route, and of
which generation. An answer about an older one says nothing of this one.
"""

from typing import Any

from k8s.json_object import Json
from k8s.rollout.backends.route import GROUP, called

CONDITIONS = ("Accepted", "ResolvedRefs")


def not_taken_up(route: Json) -> str:
    """Say what is missing, in one sentence; empty where every parent routes as it is written."""
    parents = (route.get("spec") or {}).get("parentRefs") or ()
    if not parents:
        return f"{called(route)} has no parentRefs: no gateway takes it up"
    told = (route.get("status") or {}).get("parents") or ()
    for parent in parents:
        words = _by(route, parent, [each for each in told if _key(route, each["parentRef"]) == _key(route, parent)])
        if words:
            return words
    return ""


def _by(route: Json, parent: Json, answers: list[Any]) -> str:
    who = f"{str(parent.get('kind') or 'Gateway').lower()}/{parent['name']}"
    if not answers:
        return f"{who} has not said a word of {called(route)}: is it there, and does it let in this namespace's routes?"
    generation = int(route["metadata"].get("generation", 0))
    for answer in answers:
        conditions = {each["type"]: each for each in answer.get("conditions") or ()}
        for name in CONDITIONS:
            condition = conditions.get(name)
            if condition is None or int(condition.get("observedGeneration", 0)) < generation:
                return f"{who} has not taken up the last change of {called(route)} yet"
            if condition.get("status") != "True":
                why = condition.get("message") or condition.get("reason") or "it says no more"
                return f"{who} does not route by {called(route)}: {name} is {condition.get('status')} ({why})"
    return ""


def _key(route: Json, reference: Json) -> tuple[object, ...]:
    return (
        reference.get("group", GROUP),
        reference.get("kind") or "Gateway",
        reference.get("namespace") or route["metadata"].get("namespace"),
        reference["name"],
        reference.get("sectionName"),
        reference.get("port"),
    )
