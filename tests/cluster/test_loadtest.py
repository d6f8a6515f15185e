"""The chart's load test on the cluster: the exit status of its Job is the verdict, and its workers end with it.

Short runs at a low rate: that verdicts are right is tried elsewhere, and here that
they come out of the cluster.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.cluster.api import Object
from tests.cluster.conftest import RESTRICTED, Install
from tests.cluster.namespaces import Namespace, Namespaces
from tests.cluster.releases import Release, merged
from tests.cluster.waiting import until
from tests.helm import HelmFailed

RUN_SECONDS = 90
"""A run of some seconds, and two pods that import Locust on a node with two processors."""
LOAD = "app.kubernetes.io/component=load"

QUICK: Mapping[str, Any] = {
    "summary": "Is everything answered?",
    # Enough for a verdict on a share, which takes a hundred.
    "rate": 40,
    "streams": [{"name": "v2", "protocol": "v2"}, {"name": "grpc", "protocol": "grpc", "format": "binary"}],
    "phases": [{"name": "warm-up", "role": "warm-up", "seconds": 1}, {"name": "load", "role": "load", "seconds": 4}],
    "gates": [{"measure": "error_ratio", "of": ["wrong", "server", "client"], "most": 0.2}],
    # All of it shares two processors with whatever else runs there.
    "generator": {"lag_p99_seconds": 5, "busy_ratio": 1, "achieved_ratio": 0.5},
}
SMALL = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}


def load_test(image: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    quick = {"enabled": True, "profile": "custom", "customProfile": dict(QUICK), "workers": 2}
    return {"loadtest": {**quick, "resources": SMALL, "workerResources": SMALL, **image, **more}}


@pytest.fixture(scope="module")
def release(namespaces: Namespaces, install: Install) -> Iterator[Release]:
    """One that serves, in a namespace that enforces `restricted`."""
    with namespaces.new("load", RESTRICTED) as namespace:
        yield install(namespace, mode="plain")


def ended(namespace: Namespace, job: str) -> Object:
    """Wait for the end of a Job, and give its last condition."""

    def look() -> Object | None:
        conditions: list[Object] = namespace.get("Job", job).get("status", {}).get("conditions", [])
        true = [each for each in conditions if each["status"] == "True" and each["type"] in ("Complete", "Failed")]
        return true[0] if true else None

    return until(f"the end of {job}", look, seconds=RUN_SECONDS, seen=namespace.story)


def lead(namespace: Namespace, job: str) -> tuple[int, list[str]]:
    """The exit status of the pod that leads, and the lines of its log."""
    (pod,) = namespace.find("Pod", f"batch.kubernetes.io/job-name={job}")
    (status,) = pod["status"]["containerStatuses"]
    return status["state"]["terminated"]["exitCode"], namespace.log(pod["metadata"]["name"]).strip().split("\n")


@pytest.mark.timeout(240)
def test_a_server_that_keeps_what_is_asked_completes_the_job(
    release: Release, loadtests_image: Mapping[str, Any]
) -> None:
    namespace = release.namespace
    release.upgrade(load_test(loadtests_image))
    job = "ecluse-load-2"
    assert ended(namespace, job)["type"] == "Complete"
    status, log = lead(namespace, job)
    assert status == 0
    assert any(line.startswith("PASSED") for line in log)
    told = json.loads(log[-1])
    assert (told["verdict"], told["exit_status"], told["workers"]) == ("passed", 0, 2)
    (phase,) = (phase for phase in told["phases"] if phase["name"] == "load")
    assert phase["requests"] == phase["planned"] > 0
    assert phase["streams"].keys() == {"v2", "grpc"}
    # The workers have ended by themselves, both, and well.
    assert ended(namespace, f"{job}-workers")["type"] == "Complete"
    pods = namespace.find("Pod", LOAD)
    assert [pod["status"]["phase"] for pod in pods] == ["Succeeded"] * 3


@pytest.mark.timeout(240)
def test_a_gate_that_cannot_hold_fails_the_job_and_the_upgrade_that_waits_for_it(
    release: Release, loadtests_image: Mapping[str, Any]
) -> None:
    namespace = release.namespace
    impossible = merged(QUICK, {"gates": [{"measure": "p50", "most": 0.000001}]})
    with pytest.raises(HelmFailed, match=r"ecluse-load-\d+"):
        release.upgrade(
            load_test(loadtests_image, customProfile=impossible),
            *("--wait", "--wait-for-jobs", "--timeout", f"{RUN_SECONDS}s"),
        )
    jobs = [job["metadata"]["name"] for job in namespace.find("Job", LOAD)]
    job = max(name for name in jobs if not name.endswith("-workers"))
    condition = ended(namespace, job)
    assert condition["type"] == "Failed"
    assert "exit code 1" in condition["message"]
    status, log = lead(namespace, job)
    assert status == 1
    told = json.loads(log[-1])
    assert told["verdict"] == "failed"
    assert [gate["mark"] for gate in told["gates"]] == ["failed"]
    assert ended(namespace, f"{job}-workers")["type"] == "Complete"


@pytest.mark.timeout(240)
def test_an_inference_service_is_asked_by_the_pod_that_leads_alone(
    own_namespace: Namespace, install: Install, loadtests_image: Mapping[str, Any]
) -> None:
    # Begun together with the server: it waits until that is ready.
    release = install(own_namespace, load_test(loadtests_image, workers=0), mode="kserve", wait=False)
    assert ended(release.namespace, "ecluse-load-1")["type"] == "Complete"
    _, log = lead(release.namespace, "ecluse-load-1")
    assert json.loads(log[-1])["target"]["rest"] == f"http://ecluse-predictor.{own_namespace.name}.svc:80"
    assert [job["metadata"]["name"] for job in own_namespace.find("Job")] == ["ecluse-load-1"]


@pytest.mark.timeout(120)
def test_a_model_that_there_is_not_is_told_by_its_name(release: Release, loadtests_image: Mapping[str, Any]) -> None:
    namespace = release.namespace
    release.upgrade(load_test(loadtests_image, workers=0, waitSeconds=0, target={"model": "flowers"}))
    job = max(job["metadata"]["name"] for job in namespace.find("Job", LOAD))
    condition = ended(namespace, job)
    assert "exit code 4" in condition["message"]
    _, log = lead(namespace, job)
    assert "knows no model 'flowers', it has mnist" in log[-1]
