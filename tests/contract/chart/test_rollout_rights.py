"""The Role that the chart renders for a rollout is the table of rights of the tool."""

from typing import Any

import pytest

from k8s.rollout.rights import FROM_OUTSIDE, RIGHTS, Right
from tests.helm import one, render

TARGETS = {
    "gateway": "httproute/mnist",
    "replicas": "service/mnist",
    "kserve-canary": "inferenceservice/mnist",
    "kserve-knative": "inferenceservice/mnist",
}


def rendered(backend: str, *, from_outside: bool) -> list[dict[str, Any]]:
    """The rules of the Role for one backend."""
    rollout = {
        "backend": backend,
        "target": TARGETS[backend],
        "prometheus": "http://prometheus:9090",
        "rbac": {"create": True, "fromOutside": from_outside},
    }
    mode = "kserve" if backend.startswith("kserve") else "plain"
    values = {"mode": mode, "rollout": rollout}
    manifests = render(values, release="green", namespace="models", api_versions=("serving.kserve.io/v1beta1",))
    rules: list[dict[str, Any]] = one(manifests, "Role", "green-ecluse-rollout")["rules"]
    return rules


def flat(rules: list[dict[str, Any]]) -> set[tuple[str, str, str, tuple[str, ...]]]:
    return {
        (group, resource, verb, tuple(rule.get("resourceNames", ())))
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def names(right: Right, backend: str) -> tuple[str, ...]:
    lease = f"ecluse-rollout-{TARGETS[backend].replace('/', '-')}"
    return {"": (), "target": ("mnist",), "lease": (lease,)}[right.name]


@pytest.mark.parametrize("from_outside", [False, True], ids=["inside", "from outside"])
@pytest.mark.parametrize("backend", RIGHTS)
def test_the_role_is_the_tools_table(backend: str, from_outside: bool) -> None:
    expected = [*RIGHTS[backend], *(FROM_OUTSIDE[backend] if from_outside else ())]
    assert flat(rendered(backend, from_outside=from_outside)) == {
        (right.group, right.resource, verb, names(right, backend)) for right in expected for verb in right.verbs
    }
