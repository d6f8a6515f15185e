"""Whose a route is: weights that are written into another's object are written back sooner or later. Pure."""

from k8s.json_object import Json
from k8s.rollout.backends.backend import Refused
from k8s.rollout.backends.route import called

MANAGED_BY = "app.kubernetes.io/managed-by"
RELEASE = "meta.helm.sh/release-name"

INSTEAD = "apply a route of its own, as in k8s/examples/rollout"


def must_be_ours(route: Json) -> None:
    """Refuse a route of a Helm release, or of a controller as KServe's."""
    metadata = route["metadata"]
    release = (metadata.get("annotations") or {}).get(RELEASE, "")
    if release or (metadata.get("labels") or {}).get(MANAGED_BY) == "Helm":
        raise Refused(
            f"{called(route)} belongs to {f'the Helm release {release}' if release else 'a Helm release'}, "
            f"whose next upgrade would put its weights back; {INSTEAD}"
        )
    owner = next((each for each in metadata.get("ownerReferences") or () if each.get("controller")), None)
    if owner is not None:
        raise Refused(
            f"{called(route)} belongs to {owner['kind'].lower()}/{owner['name']}, "
            f"whose controller would put its weights back; {INSTEAD}"
        )


def last_editor(route: Json, but: str) -> str:
    """Say who changed the spec last, by which program and when, as far as the API server has noted it."""
    fields = [
        each
        for each in route["metadata"].get("managedFields") or ()
        if each.get("manager") != but and "f:spec" in (each.get("fieldsV1") or {}) and not each.get("subresource")
    ]
    if not fields:
        return ""
    last = max(fields, key=lambda each: str(each.get("time", "")))
    return f" ({last['manager']}, {last.get('time', 'at an unknown time')})"
