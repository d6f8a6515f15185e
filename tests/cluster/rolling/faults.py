"""What may happen to a service without anybody having to notice.

Each fault is a name, what it does, and what must be seen afterwards for it to
have happened at all: so many new pods, or another version of the model.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.cluster.rolling.installation import Installation

LATER = "later"
"""The folder of the volume that takes the first one's place."""


@dataclass(frozen=True)
class Fault:
    """Something that happens under load."""

    name: str
    title: str
    happen: Callable[[Installation], None]
    """Returns when everything has settled."""
    new_pods: Callable[[int], int] = lambda replicas: replicas
    """How many pods come up, of so many replicas."""
    changes_version: bool = False
    """Of the model, which callers are told."""


def _image(installation: Installation) -> None:
    installation.change(installation.other_image)


def _setting(installation: Installation) -> None:
    installation.change({"batch": {"maxRows": 48}})


def _model(installation: Installation) -> None:
    installation.put_next_version(LATER)
    installation.change(installation.library.values(installation.release.mode, LATER))


def _version(installation: Installation) -> None:
    installation.put_next_version(installation.folder)
    installation.wait_for_version()


def _scale(installation: Installation) -> None:
    replicas = installation.replicas
    installation.change({"replicas": 1})
    installation.change({"replicas": replicas})


FAULTS = (
    Fault("image", "another image", _image),
    Fault("setting", "another setting", _setting),
    Fault("model", "another model folder", _model, changes_version=True),
    Fault("version", "a new version appears", _version, new_pods=lambda _: 0, changes_version=True),
    Fault("delete", "a pod is deleted", Installation.delete_pod, new_pods=lambda _: 1),
    Fault("evict", "a pod is evicted", Installation.evict_pod, new_pods=lambda _: 1),
    Fault("scale", "down to 1 and up again", _scale, new_pods=lambda replicas: replicas - 1),
)

BY_NAME = {fault.name: fault for fault in FAULTS}
