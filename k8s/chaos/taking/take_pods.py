"""Takes the pods of a release away, one after another, as a crash or the drain of a node would.

Owns the order: the next pod goes only when as many are ready as were at first. Promises
to evict and not to delete where it plays a drain, so that a PodDisruptionBudget counts, and
to end with status 1 where a pod is not replaced in time. Runs inside the cluster with
nothing but Python's standard library, and knows nothing of the chart but its pods' labels.
"""

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TOO_MANY_REQUESTS = 429
LOOK_AGAIN_SECONDS = 1.0

Pod = Mapping[str, Any]


class Refused(Exception):
    """The API server said no; the message is what it said."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def is_ready(pod: Pod) -> bool:
    """Say whether a pod takes requests and is not already on its way out."""
    conditions = pod.get("status", {}).get("conditions", ())
    return "deletionTimestamp" not in pod["metadata"] and any(
        condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions
    )


def next_to_go(pods: Sequence[Pod], gone: Sequence[str]) -> str | None:
    """Choose the pod that has been here the longest, which no earlier turn has taken."""
    left = [pod["metadata"] for pod in pods if is_ready(pod) and pod["metadata"]["name"] not in gone]
    oldest = min(left, key=lambda metadata: (metadata["creationTimestamp"], metadata["name"]), default=None)
    return oldest and oldest["name"]


def eviction(namespace: str, pod: str) -> dict[str, Any]:
    return {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}}


def call(method: str, path: str, body: object = None) -> Any:
    """Send one request to the API server of the cluster that this pod is in. Raises Refused."""
    host = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    request = urllib.request.Request(
        host + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}", "Content-Type": "application/json"},
    )
    trusted = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    try:
        with urllib.request.urlopen(request, context=trusted, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(error.code, json.load(error).get("message", error.reason)) from None


def take(how: str, namespace: str, pod: str, deadline: float) -> None:
    """Evict or delete a pod; an eviction that a budget forbids is asked for again until the deadline."""
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}"
    if how == "delete":
        call("DELETE", path)
        return
    while True:
        try:
            call("POST", f"{path}/eviction", eviction(namespace, pod))
        except Refused as refusal:
            if refusal.status != TOO_MANY_REQUESTS or time.monotonic() > deadline:
                raise
            print(f"  not yet: {refusal}", flush=True)
            time.sleep(LOOK_AGAIN_SECONDS)
        else:
            return


def main(environment: Mapping[str, str]) -> str | None:
    """Take as many pods as asked for; give what went wrong."""
    namespace, selector, how = (environment[name] for name in ("NAMESPACE", "SELECTOR", "HOW"))
    wanted, seconds = int(environment["PODS"]), float(environment["REPLACED_SECONDS"])
    path = f"/api/v1/namespaces/{namespace}/pods?labelSelector={urllib.parse.quote(selector)}"
    at_first = sum(is_ready(pod) for pod in call("GET", path)["items"])
    gone: list[str] = []
    while len(gone) < wanted:
        pod = next_to_go(call("GET", path)["items"], gone)
        if pod is None:
            return f"no ready pod carries the labels {selector!r} in namespace {namespace}"
        started = time.monotonic()
        print(f"{how} {pod}", flush=True)
        take(how, namespace, pod, started + seconds)
        gone.append(pod)
        while sum(is_ready(each) for each in call("GET", path)["items"] if each["metadata"]["name"] != pod) < at_first:
            if time.monotonic() > started + seconds:
                return f"{pod} was not replaced by a ready pod within {seconds:g} seconds"
            time.sleep(LOOK_AGAIN_SECONDS)
        print(f"  replaced after {time.monotonic() - started:.0f} seconds", flush=True)
    return None


if __name__ == "__main__":
    try:
        sys.exit(main(os.environ))
    except Refused as refusal:
        sys.exit(f"the API server refused it: {refusal}")
