"""Decide after each look: out, failed, or look again.

Success needs proof and no patience; failure needs a trouble that has lasted as
long as its kind may. A trouble that is gone at one look begins anew at the
next, and one of another version is another trouble. Pure: time is handed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from k8s.json_object import Json
from k8s.wait.carrying import Memory, carriage
from k8s.wait.pod_troubles import tidy
from k8s.wait.progress import Progress, progress
from k8s.wait.rollout_troubles import rollout_troubles
from k8s.wait.seen import Seen, is_deleted, name, starts, status, uid
from k8s.wait.troubles import Kind, Mends, Trouble


@dataclass(frozen=True, slots=True)
class Rules:
    """What whoever waits can ask for; the command line says more of each."""

    grace_seconds: float = 30.0
    patience_seconds: float = 120.0
    steady_seconds: float = 2.0
    """A container without a readiness probe counts as ready in the moment before it crashes."""

    with_old_pods: bool = True
    zero_is_fine: bool = False

    def allowed_seconds(self, trouble: Trouble) -> float:
        """How long a trouble may last before waiting is given up."""
        match trouble.mends:
            case Mends.NOBODY:
                return 0.0
            case Mends.PERSON:
                return self.grace_seconds
            case Mends.TIME:
                return max(self.patience_seconds, self.grace_seconds)
            case Mends.WAITING:
                return float("inf")


@dataclass(frozen=True, slots=True)
class State:
    """What must be remembered from one look to the next."""

    was_there: bool = False
    since: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    """When each trouble that is there was first seen."""

    carrying: Memory | None = None
    out: frozenset[tuple[str, int]] | None = None
    """The pods of a finished rollout and how often each has been started anew, and since when they are these."""

    out_since: float = 0.0


@dataclass(frozen=True, slots=True)
class Out:
    """It is rolled out."""

    progress: Progress


@dataclass(frozen=True, slots=True)
class Failed:
    """It is pointless to wait on."""

    trouble: Trouble
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Look again; `trouble` is the first of what is wrong, if anything is."""

    progress: Progress | None
    stage: str
    trouble: Trouble | None = None


Verdict = Out | Failed | Waiting


def judge(seen: Seen, state: State, now: float, rules: Rules) -> tuple[Verdict, State]:
    """Judge one look, at `now` on a clock that only runs forwards."""
    gone = _gone(seen)
    if gone is not None:
        return Failed(gone, None), state
    troubles: list[Trouble] = []
    stage, memory, counted = "", None, None
    is_other = False
    if seen.inference_service is not None:
        carried = carriage(seen, seen.inference_service, state.carrying, now)
        memory = carried.memory
        if not carried.is_carried:
            stage = "KServe to carry the InferenceService into its Deployment"
        if carried.trouble is not None:
            troubles.append(carried.trouble)
            is_other = True
    if seen.deployment is not None:
        counted = progress(seen, seen.deployment, with_old_pods=rules.with_old_pods)
        found = list(rollout_troubles(seen, seen.deployment, zero_is_fine=rules.zero_is_fine))
        # While the change is not in the Deployment, what its pods do is about the version before.
        if not is_other:
            troubles += found
            stage = counted.stage or stage
    if not stage and seen.inference_service is not None:
        unready = _unready(seen.inference_service)
        if unready is not None:
            troubles.append(unready)
            stage = "KServe to call the InferenceService ready"
    is_nothing = any(each.kind is Kind.SCALED_TO_ZERO for each in troubles)
    since = {each.key: state.since.get(each.key, now) for each in troubles}
    later = State(was_there=True, since=since, carrying=memory)
    if not stage and not is_nothing and counted is not None:
        pods = frozenset((uid(pod), starts(pod)) for pod in seen.current_pods)
        out_since = state.out_since if pods == state.out else now
        if now - out_since >= rules.steady_seconds:
            return Out(counted), later
        later = replace(later, out=pods, out_since=out_since)
        stage = f"the pods to stay ready for {rules.steady_seconds:g} s"
    for trouble in _worst_first(troubles):
        if now - since[trouble.key] >= rules.allowed_seconds(trouble):
            return Failed(trouble, counted), later
    first = troubles[0] if troubles else None
    return Waiting(counted, stage or "somebody to ask for replicas", first), later


def _worst_first(troubles: list[Trouble]) -> list[Trouble]:
    """The deadline goes first, since its sentence holds the cause and says why now."""
    return sorted(troubles, key=lambda each: each.kind is not Kind.DEADLINE)


def _gone(seen: Seen) -> Trouble | None:
    awaited = seen.inference_service if seen.target.kind == "inferenceservice" else seen.deployment
    if awaited is None:
        return Trouble(Kind.DELETED, f"{seen.target} was deleted while it was waited for")
    if is_deleted(awaited):
        return Trouble(Kind.DELETED, f"{seen.target} is being deleted")
    return None


def _unready(service: Json) -> Trouble | None:
    """After the rollout KServe's word counts too: its routes may be missing where its pods are fine."""
    conditions = {each.get("type"): each for each in status(service).get("conditions") or ()}
    ready = conditions.get("Ready")
    if ready is not None and ready.get("status") == "True":
        return None
    words = [
        f"{each['type']} is {each.get('status')}"
        + (
            f" ({tidy(str(each.get('message') or each.get('reason')))})"
            if each.get("message") or each.get("reason")
            else ""
        )
        for each in conditions.values()
        if each.get("status") != "True" and each.get("type") not in ("Ready", "Stopped")
    ]
    told = "; ".join(words) or "it says no more"
    return Trouble(Kind.KSERVE_NOT_READY, f"KServe does not call inferenceservice/{name(service)} ready: {told}")
