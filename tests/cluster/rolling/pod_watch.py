"""What the pods of one installation did, and when.

Looks several times a second and keeps what has changed: a watch would tell of
shorter moments, and may fall silent without a word. Times are those of this
machine's monotonic clock.
"""

import threading
import time
from collections.abc import Sequence
from typing import Self

from urllib3.exceptions import HTTPError

from tests.cluster.api import Object, Refused
from tests.cluster.namespaces import Namespace
from tests.cluster.rolling.timeline import PodCount

LOOK_SECONDS = 0.25
NEXT_LOOK_SECONDS = 60.0


class PodWatch:
    """Looks at the pods with these labels for as long as the `with` block lasts."""

    def __init__(self, namespace: Namespace, labels: str) -> None:
        self._namespace = namespace
        self._labels = labels
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="pods")
        self._looks = threading.Condition()
        self._restarts: dict[str, int] = {}
        self.counts: list[PodCount] = []
        self.came_up: dict[str, float] = {}
        """When each pod was seen ready for the first time."""
        self.blind_seconds = 0.0
        """The longest time between two looks."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    @property
    def restarts(self) -> int:
        """Containers that ended and were started again, of all pods there ever were."""
        return sum(self._restarts.values())

    def came_up_since(self, moment: float) -> int:
        return sum(at >= moment for at in self.came_up.values())

    def look(self) -> None:
        """Wait for a look that begins from here on."""
        with self._looks:
            for _ in range(2):  # one may have begun before
                self._looks.wait(NEXT_LOOK_SECONDS)

    def _look_on(self) -> None:
        looked = time.monotonic()
        while not self._is_over.wait(LOOK_SECONDS):
            try:
                pods = self._namespace.find("Pod", self._labels)
            except (HTTPError, Refused):
                continue  # the time until the next look is told as blind
            now = time.monotonic()
            self.blind_seconds = max(self.blind_seconds, now - looked)
            looked = now
            with self._looks:
                self._take(now, pods)
                self._looks.notify_all()

    def _take(self, at: float, pods: Sequence[Object]) -> None:
        states = []
        for pod in pods:
            name = pod["metadata"]["name"]
            containers = pod.get("status", {}).get("containerStatuses", [])
            self._restarts[name] = sum(each["restartCount"] for each in containers)
            states.append(state(pod))
            if states[-1] == "ready":
                self.came_up.setdefault(name, at)
        count = PodCount(at, states.count("ready"), states.count("starting"), states.count("terminating"))
        if not self.counts or count[1:] != self.counts[-1][1:]:
            self.counts.append(count)


def state(pod: Object) -> str:
    """Say whether a pod is ready, starting or terminating; one that is asked to end is not ready any more."""
    if pod["metadata"].get("deletionTimestamp"):
        return "terminating"
    conditions = pod.get("status", {}).get("conditions", [])
    is_ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return "ready" if is_ready else "starting"
