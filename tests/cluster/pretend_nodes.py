"""Nodes that the API server and the scheduler take for real, and that run nothing.

Each has the labels, taints and resources that a cloud gives its nodes, so that
placement is decided by the real scheduler for hardware that nobody has. What is
placed there stays Pending, and a taint keeps the pods of others away. They last for
less than the time after which the cluster misses their heartbeat.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.cluster.api import Api, Object

TAINT = "ecluse.dev/pretended"
TOLERATED = {"tolerations": [{"key": TAINT, "operator": "Exists"}]}
"""The chart's values for pods that may be placed there."""


@dataclass(frozen=True)
class Pool:
    """What the nodes of one pool have that others have not."""

    labels: Mapping[str, str]
    taints: Sequence[str] = ()
    """As `key=value`, all of them NoSchedule."""
    resources: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def pretend_node(api: Api, pool: Pool) -> Iterator[str]:
    """Give the name of a node of this pool for as long as the `with` block lasts."""
    name = f"ecluse-pretend-{secrets.token_hex(3)}"
    api.create(node(name, pool))
    try:
        yield name
    finally:
        api.delete("Node", name)


def node(name: str, pool: Pool) -> Object:
    room = {"cpu": "8", "memory": "32Gi", "pods": "110", **pool.resources}
    ready = {"type": "Ready", "status": "True", "reason": "Pretended", "message": "nothing runs here"}
    taints = [
        dict(zip(("key", "value"), taint.split("="), strict=True), effect="NoSchedule")
        for taint in (*pool.taints, f"{TAINT}=true")
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **pool.labels}},
        "spec": {"taints": taints},
        "status": {"capacity": room, "allocatable": room, "conditions": [ready]},
    }
