"""What the pods of one installation did, and when: told by the API server as it happens, not asked now and then.

Times are those of this machine's monotonic clock when the news came.
"""

import contextlib
import os
import threading
import time
from typing import Any, Self

from kubernetes import client, config, watch  # type: ignore[import-untyped,unused-ignore]
from urllib3.exceptions import HTTPError

from tests.cluster.rolling.timeline import PodCount

WATCH_SECONDS = 3600
STOP_SECONDS = 5


class PodWatch:
    """Hears of the pods with these labels for as long as the `with` block lasts."""

    def __init__(self, namespace: str, labels: str) -> None:
        self._namespace = namespace
        self._labels = labels
        self._watch = watch.Watch()
        self._thread = threading.Thread(target=self._hear, name="pods", daemon=True)
        self._is_over = False
        self._states: dict[str, str] = {}
        self._restarts: dict[str, int] = {}
        self.counts: list[PodCount] = []
        self.came_up: list[tuple[float, str]] = []
        """When a pod was ready for the first time, and its name."""

    def __enter__(self) -> Self:
        self._core = client.CoreV1Api(config.new_client_from_config(os.environ["KUBECONFIG"]))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._watch.stop()
        self._thread.join(STOP_SECONDS)

    @property
    def now(self) -> PodCount:
        return self.counts[-1] if self.counts else PodCount(0.0, 0, 0, 0)

    @property
    def restarts(self) -> int:
        """Containers that ended and were started again, of all pods there ever were."""
        return sum(self._restarts.values())

    def came_up_since(self, moment: float) -> int:
        return sum(at >= moment for at, _ in self.came_up)

    def _hear(self) -> None:
        while not self._is_over:
            # The first news of each connection are all the pods that there are.
            self._states.clear()
            # A connection that breaks is made anew; that of a watch which is over is broken on purpose.
            with contextlib.suppress(HTTPError, client.ApiException):
                self._hear_one_connection()

    def _hear_one_connection(self) -> None:
        for event in self._watch.stream(
            self._core.list_namespaced_pod,
            self._namespace,
            label_selector=self._labels,
            timeout_seconds=WATCH_SECONDS,
        ):
            self._take(time.monotonic(), event["type"], event["raw_object"])

    def _take(self, at: float, event: str, pod: dict[str, Any]) -> None:
        name = pod["metadata"]["name"]
        containers = pod.get("status", {}).get("containerStatuses", [])
        self._restarts[name] = sum(each["restartCount"] for each in containers)
        if event == "DELETED":
            self._states.pop(name, None)
        else:
            self._states[name] = state(pod)
        if self._states.get(name) == "ready" and all(name != known for _, known in self.came_up):
            self.came_up.append((at, name))
        states = list(self._states.values())
        count = PodCount(at, states.count("ready"), states.count("starting"), states.count("terminating"))
        if count[1:] != self.now[1:] or not self.counts:
            self.counts.append(count)


def state(pod: dict[str, Any]) -> str:
    """Say whether a pod is ready, starting or terminating; one that is asked to end is not ready any more."""
    if pod["metadata"].get("deletionTimestamp"):
        return "terminating"
    conditions = pod.get("status", {}).get("conditions", [])
    is_ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return "ready" if is_ready else "starting"
