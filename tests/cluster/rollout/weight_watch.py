"""What the routes said, and when: looked at several times a second, beside the tool that changes them."""

import threading
import time
from typing import NamedTuple, Self

from urllib3.exceptions import HTTPError

from tests.cluster.api import Refused
from tests.cluster.rollout.stage import Stage

LOOK_SECONDS = 0.25


class Share(NamedTuple):
    """What a version is given from a moment on, in percent."""

    at: float
    """Of this machine's monotonic clock."""
    rest: float
    grpc: float


class WeightWatch:
    """Looks for as long as the `with` block lasts, and keeps what has changed."""

    def __init__(self, stage: Stage, to: str) -> None:
        self._stage = stage
        self._to = stage.service(to)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="weights")
        self.shares: list[Share] = []

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._is_over.wait(LOOK_SECONDS):
            try:
                self._look()
            except (HTTPError, Refused, OSError):
                continue

    def _look(self) -> None:
        weights = self._stage.weights()
        rest, grpc = (percent(weights[kind], self._to) for kind in ("HTTPRoute", "GRPCRoute"))
        if not self.shares or self.shares[-1][1:] != (rest, grpc):
            self.shares.append(Share(time.monotonic(), rest, grpc))


def percent(weights: dict[str, int], service: str) -> float:
    total = sum(weights.values())
    return 100 * weights.get(service, 0) / total if total else 0.0
