"""What may happen to a service without anybody having to notice.

Each fault is a name, what it does, and what must be seen afterwards for it to
have happened at all: so many new pods, or another version of the model.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.cluster.rolling.installation import Installation

FIRST, SECOND, THIRD = "1", "2", "3"
"""Versions of the model, as callers are told them."""

AT_FIRST, LATER = "first", "later"
"""Folders of the volume: the one that is served at first, and the one that takes its place."""


@dataclass(frozen=True)
class Fault:
    """Something that happens under load."""

    name: str
    title: str
    happen: Callable[[Installation], None]
    """Returns when everything has settled."""
    new_pods: Callable[[int], int] = lambda replicas: replicas
    """How many pods come up, of so many replicas."""
    versions: tuple[str, ...] = ()
    """Of the model, before and after."""


def source(installation_mode: str, claim: str, folder: str) -> dict[str, object]:
    """The chart's values for a folder of the volume."""
    if installation_mode == "kserve":
        return {"model": {"source": "storageUri", "storageUri": f"pvc://{claim}/{folder}"}}
    return {"model": {"source": "existingClaim", "existingClaim": {"name": claim, "path": folder}}}


def _image(installation: Installation) -> None:
    installation.change(installation.other_image)


def _setting(installation: Installation) -> None:
    installation.change({"batch": {"maxRows": 48}})


def _model(installation: Installation) -> None:
    installation.change(source(installation.release.mode, installation.library.claim, LATER))


def _version(installation: Installation) -> None:
    installation.library.put(f"{LATER}/{THIRD}")
    installation.wait_for_version(THIRD)


def _scale(installation: Installation) -> None:
    replicas = installation.replicas
    installation.change({"replicas": 1})
    installation.change({"replicas": replicas})


FAULTS = (
    Fault("image", "another image", _image),
    Fault("setting", "another setting", _setting),
    Fault("model", "another model folder", _model, versions=(FIRST, SECOND)),
    Fault("version", "a new version appears", _version, new_pods=lambda _: 0, versions=(SECOND, THIRD)),
    Fault("delete", "a pod is deleted", Installation.delete_pod, new_pods=lambda _: 1),
    Fault("evict", "a pod is evicted", Installation.evict_pod, new_pods=lambda _: 1),
    Fault("scale", "down to 1 and up again", _scale, new_pods=lambda replicas: replicas - 1),
)

BY_NAME = {fault.name: fault for fault in FAULTS}
