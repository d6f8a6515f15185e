"""Every combination of values that would hurt is refused in one sentence: a row a guard."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
import yaml

from tests.helm import CHART, HelmFailed, helm, render

KSERVE = "serving.kserve.io/v1beta1"
A_CLUSTER = "v1/Pod"
"""A kind, which `helm template` knows only where it is told: so the chart takes it for a real cluster."""


class Row(NamedTuple):
    """Values that a guard refuses, and what it says."""

    values: Mapping[str, Any]
    sentence: str
    apis: tuple[str, ...] = ()
    schema: bool = True


def source(kind: str, **more: Any) -> dict[str, Any]:
    return {"model": {"source": kind, **more}}


ROWS = {
    "unknown mode": Row(
        {"mode": "knative"},
        "mode is knative: expected auto, kserve or plain.",
        schema=False,
    ),
    "kserve without KServe": Row(
        {"mode": "kserve"},
        "mode is kserve, and this cluster does not know serving.kserve.io/v1beta1: install KServe first, or set "
        "mode to plain (or auto).",
        apis=(A_CLUSTER,),
    ),
    "no storageUri": Row(
        source("storageUri"),
        "model.source is storageUri, and model.storageUri is empty: expected an address that begins with pvc://, "
        "s3://, gs://, hdfs://, webhdfs://, hf://, http://, https:// or oci://.",
        apis=(KSERVE,),
    ),
    "storageUri of no known kind": Row(
        source("storageUri", storageUri="/models/mnist"),
        "model.storageUri is /models/mnist: expected an address that begins with pvc://, s3://, gs://, hdfs://, "
        "webhdfs://, hf://, http://, https:// or oci://.",
        apis=(KSERVE,),
    ),
    "storageUri in mode plain": Row(
        source("storageUri", storageUri="s3://bucket/mnist"),
        "model.source is storageUri, which only KServe fetches, and the mode is plain: set mode to kserve, or "
        "model.source to existingClaim for a model in a volume.",
    ),
    "storageUri that nobody reads": Row(
        {"model": {"storageUri": "s3://bucket/mnist"}},
        "model.storageUri is s3://bucket/mnist, and nobody would fetch it: model.source is demo, and must be "
        "storageUri.",
    ),
    "no claim": Row(
        source("existingClaim"),
        "model.source is existingClaim, and model.existingClaim.name is empty: expected the name of a "
        "PersistentVolumeClaim.",
    ),
    "claim that nobody mounts": Row(
        {"model": {"existingClaim": {"name": "models"}}},
        "model.existingClaim.name is models, and nobody would mount it: model.source is demo, and must be "
        "existingClaim.",
    ),
    "drain longer than the grace period": Row(
        {"terminationGracePeriodSeconds": 30, "drain": {"lameDuckSeconds": 12.5}},
        "terminationGracePeriodSeconds is 30, and a pod may take 53 to end: drain.preStopSeconds 5 + "
        "drain.lameDuckSeconds 12.5 + drain.timeoutSeconds 30 + 5 to spare. Give it 53 or more, or shorten the "
        "drain; otherwise requests in flight are killed.",
    ),
    "no pod more and no pod less": Row(
        {"strategy": {"maxSurge": "0%"}},
        "strategy.maxSurge is 0%, and the profile availability takes no pod away before another is ready, so that "
        "no pod could ever be replaced: give it 1 or more, or set strategy.profile to resourceAware.",
    ),
    "one pod, and that one taken away first": Row(
        {"replicas": 1, "strategy": {"profile": "resourceAware"}},
        "strategy.profile is resourceAware, which takes a pod away before another is ready (maxUnavailable 1), and"
        " replicas is 1: nobody would answer meanwhile. Give it 2 or more, or set strategy.profile to "
        "availability, or to recreate where an outage is accepted.",
    ),
    "replicas beside an autoscaler": Row(
        {"replicas": 5, "autoscaling": {"type": "hpa"}},
        "replicas is 5, and autoscaling.type is hpa, which decides how many pods there are: give "
        "autoscaling.minReplicas and autoscaling.maxReplicas, and leave replicas as it is.",
    ),
    "fewest above most": Row(
        {"autoscaling": {"type": "hpa", "minReplicas": 4, "maxReplicas": 3}},
        "autoscaling.minReplicas is 4, and autoscaling.maxReplicas only 3.",
    ),
    "HPA that scales to zero": Row(
        {"autoscaling": {"type": "hpa", "minReplicas": 0}},
        "autoscaling.minReplicas is 0, and an HPA keeps at least one pod: give it 1 or more, or set "
        "autoscaling.type to keda.",
    ),
    "two autoscalers": Row(
        {
            "autoscaling": {"type": "hpa"},
            "extraObjects": [{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "mine"}}],
        },
        "extraObjects hold a ScaledObject, and autoscaling.type is hpa: two autoscalers would fight over the same "
        "pods. Set autoscaling.type to none, or take the object out.",
    ),
    "client certificates without TLS": Row(
        {"tls": {"clientCaSecretName": "callers"}},
        "tls.clientCaSecretName is callers, and tls.secretName is empty: callers can show certificates only over "
        "TLS. Name the Secret with the server's own.",
    ),
    "admin without keys": Row(
        {"admin": {"enabled": True}},
        "admin.enabled is true, and admin.secretName is empty: whoever reaches a pod could load and unload models."
        " Name a Secret with the keys that this takes.",
    ),
    "metrics behind keys that there are not": Row(
        {"auth": {"metrics": True}},
        "auth.metrics is true, and auth.secretName is empty: there are no keys that /metrics could ask for. Name a"
        " Secret with them.",
    ),
    "node ports without a type that has them": Row(
        {"service": {"nodePorts": {"http": 30080}}},
        "service.nodePorts are given, and service.type is ClusterIP, which has none: set it to NodePort or "
        "LoadBalancer.",
    ),
    "default level above the levels": Row(
        {"priority": {"defaultLevel": 3, "levels": 2}},
        "priority.defaultLevel is 3, and priority.levels only 2.",
    ),
    "capture where nothing can be written": Row(
        {"capture": {"path": "/var/captured.jsonl"}},
        "capture.path is /var/captured.jsonl, where nothing can be written: the root of the file system is "
        "read-only. Mount a volume there with extraVolumes and extraVolumeMounts, or capture below /tmp.",
    ),
    "a setting as extra environment": Row(
        {"extraEnv": [{"name": "BATCH_MAX_ROWS", "value": "8"}]},
        "extraEnv sets BATCH_MAX_ROWS, which is the value batch.maxRows: set that instead.",
    ),
    "a decided setting as extra environment": Row(
        {"extraEnv": [{"name": "HTTP_PORT", "value": "80"}]},
        "extraEnv sets HTTP_PORT, which is the chart's to decide: a pod has its address to itself, so no port is "
        "ever taken.",
    ),
    "a name twice": Row(
        {"extraVolumes": [{"name": "tmp", "emptyDir": {}}]},
        "extraVolumes names the volume tmp, which is there already: give each once.",
    ),
}


def refusal(row: Row, major: int) -> str:
    """What Helm says of the values of a row, or nothing."""
    arguments = ["template", "ecluse", str(CHART), "--values", "-"]
    for api in row.apis:
        arguments += ["--api-versions", api]
    if not row.schema:
        arguments += ["--skip-schema-validation"]
    try:
        helm(*arguments, major=major, stdin=yaml.safe_dump(dict(row.values)))
    except HelmFailed as failed:
        return str(failed)
    return ""


@pytest.mark.parametrize("guard", ROWS)
def test_a_guard_refuses_in_one_sentence(guard: str, major: int) -> None:
    said = refusal(ROWS[guard], major)
    assert [line.removeprefix("- ") for line in said.splitlines() if line.startswith("- ")] == [ROWS[guard].sentence]


def test_every_guard_has_a_row() -> None:
    guards = re.findall(r"guard: (.*?) \*/", (CHART / "templates" / "_guards.tpl").read_text())
    assert len(guards) == len(set(guards))
    assert set(guards) == ROWS.keys()


def test_all_mistakes_are_told_at_once() -> None:
    values = {**ROWS["drain longer than the grace period"].values, **ROWS["admin without keys"].values}
    said = refusal(Row(values, ""), 4)
    assert ROWS["drain longer than the grace period"].sentence in said
    assert ROWS["admin without keys"].sentence in said


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ({"extraEnv": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}, "variable A"),
        ({"extraVolumeMounts": [{"name": "mine", "mountPath": "/tmp"}]}, "/tmp"),
        ({"extraContainers": [{"name": "server", "image": "x"}]}, "container server"),
    ],
)
def test_other_names_that_are_there_already_are_refused_too(what: Mapping[str, Any], name: str) -> None:
    assert f"{name}, which is there already: give each once." in refusal(Row(what, ""), 4)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"deadline": {"batchPart": "1.5"}}, "deadline.batchPart is 1.5: expected 1 or less"),
        ({"deadline": {"batchPart": "0"}}, "deadline.batchPart is 0: expected more than 0"),
    ],
)
def test_a_fraction_that_came_as_text_has_bounds_too(values: Mapping[str, Any], sentence: str, major: int) -> None:
    assert sentence in refusal(Row(values, ""), major)


@pytest.mark.parametrize(
    "values",
    [
        {"capture": {"path": "/tmp/captured.jsonl"}},
        {
            "capture": {"path": "/captured/all.jsonl"},
            "extraVolumes": [{"name": "captured", "emptyDir": {}}],
            "extraVolumeMounts": [{"name": "captured", "mountPath": "/captured"}],
        },
        {"terminationGracePeriodSeconds": 50},
        {"replicas": 1},
        {"replicas": 1, "strategy": {"profile": "recreate"}},
        {"mode": "kserve"},
    ],
    ids=str,
)
def test_what_is_safe_is_let_pass(values: Mapping[str, Any]) -> None:
    assert render(values)
