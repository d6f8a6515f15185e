"""Which of the two Deployments behind one Service is the stable version, and which the canary. Pure.

The canary is the one that was named, else the one without pods. Those whose
pods somebody else counts are refused.
"""

from collections.abc import Iterable

from k8s.json_object import Json
from k8s.rollout.backends.backend import Refused
from k8s.wait.seen import wanted

OWNER_OF_KSERVE = "InferenceService"


def pair_of(found: list[Json], called: str, to: str = "") -> tuple[str, str]:
    """Give the names of the stable version's Deployment and the canary's. Raises Refused."""
    pods = {str(each["metadata"]["name"]): wanted(each) for each in found}
    names = " and ".join(sorted(pods)) or "no Deployment"
    if to and to not in pods:
        raise Refused(f"{called} selects the pods of {names}, and not of deployment/{to}")
    if len(pods) != 2:
        raise Refused(
            f"{called} selects the pods of {names}: a rollout takes those of two Deployments, by a label that both "
            "releases give their pods (podLabels)"
        )
    canary = to or _without_pods(pods, called)
    stable = next(name for name in pods if name != canary)
    if not pods[stable]:
        if pods[canary]:
            raise Refused(f"{canary} has all the pods behind {called} already: it would be a rollout onto itself")
        raise Refused(f"no Deployment behind {called} has pods: nobody has the traffic that is to be shifted")
    return stable, canary


def must_be_nobodys(deployment: Json, scalers: Iterable[Json]) -> None:
    """Refuse a Deployment whose number of pods others set."""
    name = str(deployment["metadata"]["name"])
    for scaler in scalers:
        reference = scaler["spec"]["scaleTargetRef"]
        if (reference.get("kind"), reference.get("name")) == ("Deployment", name):
            raise Refused(
                f"horizontalpodautoscaler/{scaler['metadata']['name']} sets the pods of deployment/{name}, which a "
                "rollout by numbers of pods would fight with: use a route (gateway), or take the autoscaler away"
            )
    for owner in deployment["metadata"].get("ownerReferences") or ():
        if owner.get("kind") == OWNER_OF_KSERVE:
            raise Refused(
                f"deployment/{name} belongs to inferenceservice/{owner['name']}, whose controller sets its pods: "
                "use a route (gateway)"
            )


def _without_pods(pods: dict[str, int], called: str) -> str:
    nothing = [name for name, number in pods.items() if not number]
    if len(nothing) == 1:
        return nothing[0]
    if nothing:
        raise Refused(f"no Deployment behind {called} has pods: nobody has the traffic that is to be shifted")
    told = ", ".join(f"{name} {number}" for name, number in sorted(pods.items()))
    raise Refused(
        f"both Deployments behind {called} have pods ({told}): the new version's release is to have replicas=0 "
        "before its rollout; --to says which it is"
    )
