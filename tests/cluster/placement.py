"""Where the scheduler has put the pods of a release, or what it says of those that it cannot place."""

from tests.cluster.releases import Release

PLACE_SECONDS = 60


def unschedulable(release: Release) -> str:
    """What the scheduler says of a pod that it cannot place."""
    said = [
        condition.get("message", "")
        for pod in release.pods()
        for condition in pod["status"].get("conditions", [])
        if condition["type"] == "PodScheduled" and condition["status"] == "False"
    ]
    return " ".join(said)


def placed(release: Release) -> set[str]:
    return {pod["spec"]["nodeName"] for pod in release.pods() if "nodeName" in pod["spec"]}


def end(release: Release) -> None:
    """End pods of which no node will ever say that they have ended."""
    release.uninstall()
    for pod in release.pods():
        release.namespace.delete("Pod", pod["metadata"]["name"], gracePeriodSeconds=0)
