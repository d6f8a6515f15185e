"""The least that each backend must be allowed, in the namespace of the rollout, as data.

The chart renders these as a Role; tests hold both against what is really asked
for. What has a name beforehand is allowed by that name alone: `target` is the
object that shares traffic, `lease` the rollout's own. Whoever asks from outside
the cluster needs what `FROM_OUTSIDE` says as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True)
class Right:
    """One rule of a Role, for one resource."""

    group: str
    resource: str
    verbs: tuple[str, ...]
    name: Literal["", "target", "lease"] = ""


PODS = (
    Right("apps", "deployments", ("get", "list")),
    Right("apps", "replicasets", ("list",)),
    Right("", "pods", ("list",)),
    Right("", "events", ("list",)),
    Right("", "pods/log", ("get",)),
    Right("", "services", ("get",)),
)
"""How the pods of both sides are, and why not better."""

LEDGER = (
    Right("coordination.k8s.io", "leases", ("create",)),
    Right("coordination.k8s.io", "leases", ("get", "patch"), "lease"),
    Right("", "events", ("create",)),
)
"""The lock with the state in it, and what is told of the target."""

RIGHTS: Mapping[str, tuple[Right, ...]] = MappingProxyType(
    {
        "gateway": (
            Right("gateway.networking.k8s.io", "httproutes", ("get", "patch"), "target"),
            Right("gateway.networking.k8s.io", "grpcroutes", ("get", "patch"), "target"),
            *PODS,
            *LEDGER,
        ),
        "replicas": (
            Right("", "services", ("patch",), "target"),
            Right("apps", "deployments/scale", ("patch",)),
            Right("autoscaling", "horizontalpodautoscalers", ("list",)),
            *PODS,
            *LEDGER,
        ),
        "kserve-canary": (
            Right("serving.kserve.io", "inferenceservices", ("get", "patch"), "target"),
            Right("gateway.networking.k8s.io", "httproutes", ("get",)),
            *PODS,
            *LEDGER,
        ),
        "kserve-knative": (
            Right("serving.kserve.io", "inferenceservices", ("get", "patch"), "target"),
            Right("serving.knative.dev", "revisions", ("get",)),
            *PODS,
            *LEDGER,
        ),
    }
)

FROM_OUTSIDE: Mapping[str, tuple[Right, ...]] = MappingProxyType(
    {
        "gateway": (Right("", "services/proxy", ("get", "create")),),
        "replicas": (Right("", "pods/proxy", ("get", "create")),),
        "kserve-canary": (Right("", "services/proxy", ("get", "create")),),
        "kserve-knative": (Right("", "services/proxy", ("get", "create")),),
    }
)
"""To ask a server through the API server, which opens every path of every one of them in the namespace."""
