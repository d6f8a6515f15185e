"""An InferenceService with a canary in `spec.canary`, as KServe 0.21 reads it, and the patches that change it. Pure.

KServe takes as many pods from the stable version as a canary has, from the
moment that the canary is ready, whatever its share. A canary that still may
have to give everything back needs a stable version that can take it: so the
stable version asks for as many more as the canary asks for, in the same write,
and KServe's subtraction brings it back to what it had. Nothing but the entry
itself says that this was done, since an annotation would restart every pod.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from k8s.json_object import Json
from k8s.wait.seen import name as named
from k8s.wait.seen import spec

NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
LONGEST_NAME = 63
"""Of a Service."""


def default_name(storage_uri: str) -> str:
    """Name a canary after its model, the same each time."""
    return f"m{sha256(storage_uri.encode()).hexdigest()[:7]}"


def workload(service: str, predictor: str) -> str:
    """Name the Deployment and Service that KServe makes of a predictor."""
    return f"{service}-{predictor}-predictor" if predictor else f"{service}-predictor"


def predictor(service: Json) -> Json:
    return spec(service).get("predictor") or {}


def predictor_name(service: Json) -> str:
    return str(predictor(service).get("name") or "")


def storage_uri(predictor: Json) -> str:
    return str((predictor.get("model") or {}).get("storageUri") or "")


def entries(service: Json) -> list[Json]:
    return list(spec(service).get("canary") or ())


def entry(service: Json, canary: str) -> Json | None:
    """Find a canary by its name."""
    return next((each for each in entries(service) if each["predictor"].get("name") == canary), None)


def percent(found: Json) -> float:
    return float(found.get("trafficPercent") or 0)


def nearest(share: float) -> float:
    """Give the whole percent that a share becomes: never by accident nothing or everything."""
    whole = float(round(share))
    return min(max(whole, 1.0), 99.0) if 0 < share < 100 else whole


def is_promoted(service: Json, canary: str) -> bool:
    return predictor_name(service) == canary


@dataclass(frozen=True, slots=True)
class Replicas:
    """What the stable version asks for, without what is added for a canary."""

    least: int | None
    most: int | None

    @property
    def full(self) -> int:
        """How many pods a version needs that carries everything."""
        return 1 if self.least is None else max(self.least, 1)

    def with_room_for(self, canary: int) -> Json:
        """Give the fields of the stable predictor while a canary asks for so many."""
        more = canary if self.full > 1 else 0
        fields = {"minReplicas": self.least, "maxReplicas": self.most}
        return {key: value + more for key, value in fields.items() if value}


def replicas(service: Json, canary: str) -> Replicas:
    """Read what the stable version asks for; an entry says by how much it was raised."""
    least, most = predictor(service).get("minReplicas"), predictor(service).get("maxReplicas")
    found = entry(service, canary)
    more = int(found["predictor"].get("minReplicas") or 0) if found is not None else 0
    if least is None or least - more < 2:
        # One pod is never taken away: nothing was added.
        return Replicas(least, most or None)
    return Replicas(least - more, most - more if most else None)


def with_canary(service: Json, canary: str, uri: str, pods: int, share: float = 0) -> Json:
    """Patch that makes the canary, or gives it other numbers of pods and requests."""
    model = predictor(service).get("model") or {}
    made: Json = {
        "predictor": {
            "name": canary,
            "minReplicas": pods,
            "model": {key: model[key] for key in ("modelFormat", "name") if key in model} | {"storageUri": uri},
        }
    }
    found = entry(service, canary)
    # What KServe has filled in, or a person has added, stays.
    kept = found["predictor"] if found is not None else made["predictor"]
    changed: Json = {**(found or {}), "predictor": {**kept, "minReplicas": pods}, "trafficPercent": round(share)}
    others = [each for each in entries(service) if each is not found]
    room = replicas(service, canary).with_room_for(pods)
    return {"spec": {"canary": [*others, changed], **({"predictor": room} if room else {})}}


def promoted(service: Json, canary: str) -> Json:
    """Patch that makes the canary the stable version: its Deployment stays, by its name, and so do its pods."""
    found = entry(service, canary)
    if found is None:
        return {}
    copied = _said({key: value for key, value in found["predictor"].items() if key != "minReplicas"})
    return _without(service, found, {**copied, **replicas(service, canary).with_room_for(0)})


def without_canary(service: Json, canary: str) -> Json:
    """Patch that takes the canary away."""
    found = entry(service, canary)
    if found is None:
        return {}
    return _without(service, found, replicas(service, canary).with_room_for(0))


def _without(service: Json, found: Json, fields: Json) -> Json:
    others = [each for each in entries(service) if each is not found]
    return {"spec": {"canary": others or None, **({"predictor": fields} if fields else {})}}


def _said(fields: Json) -> Json:
    """Leave out what says nothing: over the stable predictor KServe lays what is not empty, and no more."""
    told = {key: _said(value) if isinstance(value, dict) else value for key, value in fields.items()}
    return {key: value for key, value in told.items() if value not in (None, "", 0, False, [], {})}


def reasons_of_names(service: Json, canary: str) -> list[str]:
    """Say what is wrong with a canary's name."""
    if not NAME.fullmatch(canary):
        return [f"{canary!r} is no name of a canary: expected small letters, digits and -, a letter first"]
    made = workload(named(service), canary)
    if len(made) > LONGEST_NAME:
        return [f"the canary's name is too long: {made} has {len(made)} letters, and a Service's name {LONGEST_NAME}"]
    return []
