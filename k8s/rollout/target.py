"""What is rolled out, as it is named on the command line: the object that holds the shares."""

import re

SPELLINGS = {
    "httproute": "httproute",
    "httproutes": "httproute",
    "httproute.gateway.networking.k8s.io": "httproute",
    "httproutes.gateway.networking.k8s.io": "httproute",
    "service": "service",
    "services": "service",
    "svc": "service",
    "inferenceservice": "inferenceservice",
    "inferenceservices": "inferenceservice",
    "inferenceservice.serving.kserve.io": "inferenceservice",
    "inferenceservices.serving.kserve.io": "inferenceservice",
    "isvc": "inferenceservice",
}
"""As kubectl takes and prints them."""

KINDS = ("httproute", "service", "inferenceservice")

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


class BadTarget(Exception):
    """The words name nothing that can be rolled out; the message says what would."""


def parse_target(words: str) -> str:
    """Give KIND/NAME, or NAME where no kind is said. Raises BadTarget."""
    kind, slash, name = words.rpartition("/")
    if slash and kind.lower() not in SPELLINGS:
        raise BadTarget(
            f"{kind!r} is nothing that shares traffic: expected httproute/NAME, service/NAME or inferenceservice/NAME"
        )
    if not _NAME.fullmatch(name) or len(name) > 253:
        raise BadTarget(f"{name!r} is no name of an object in Kubernetes")
    return f"{SPELLINGS[kind.lower()]}/{name}" if slash else name
