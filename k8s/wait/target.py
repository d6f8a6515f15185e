"""What is waited for, as it is named on the command line."""

import re
from dataclasses import dataclass
from enum import StrEnum


class BadTarget(Exception):
    """The words name nothing that can be waited for; the message says what would."""


class TargetKind(StrEnum):
    """What can be waited for."""

    INFERENCE_SERVICE = "inferenceservice"
    DEPLOYMENT = "deployment"


SPELLINGS = {
    "inferenceservice": TargetKind.INFERENCE_SERVICE,
    "inferenceservices": TargetKind.INFERENCE_SERVICE,
    "inferenceservice.serving.kserve.io": TargetKind.INFERENCE_SERVICE,
    "inferenceservices.serving.kserve.io": TargetKind.INFERENCE_SERVICE,
    "isvc": TargetKind.INFERENCE_SERVICE,
    "deployment": TargetKind.DEPLOYMENT,
    "deployments": TargetKind.DEPLOYMENT,
    "deployment.apps": TargetKind.DEPLOYMENT,
    "deployments.apps": TargetKind.DEPLOYMENT,
    "deploy": TargetKind.DEPLOYMENT,
}
"""As kubectl takes and prints them."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Target:
    """One object of one namespace."""

    kind: TargetKind
    name: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def parse_target(words: str, namespace: str) -> Target:
    """Read KIND/NAME. Raises BadTarget."""
    spelling, slash, name = words.partition("/")
    if not slash:
        raise BadTarget(f"expected inferenceservice/NAME or deployment/NAME, got {words!r}")
    if spelling.lower() not in SPELLINGS:
        raise BadTarget(f"{spelling!r} cannot be waited for: expected inferenceservice/NAME or deployment/NAME")
    if not _NAME.fullmatch(name) or len(name) > 253:
        raise BadTarget(f"{name!r} is no name of an object in Kubernetes")
    return Target(SPELLINGS[spelling.lower()], name, namespace)
