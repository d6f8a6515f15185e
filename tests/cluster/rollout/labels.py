"""Callers who say later what the digits were: their labels are what accuracy is counted from.

They ask through the gateway as everybody does, and send their labels the same way,
so that any pod of either version may count them.
"""

import json
import threading
from typing import Self

import numpy as np

from loadtests.requests.rows import digits
from tests.cluster.callers import ask
from tests.cluster.rollout.stage import Stage

ROWS = 16
PAUSE_SECONDS = 0.25


class Labels:
    """Asks and labels for as long as the `with` block lasts."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._label_on, name="labels")
        self._random = np.random.default_rng(1)
        self.sent = 0
        self.refused: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _label_on(self) -> None:
        while not self._is_over.wait(PAUSE_SECONDS):
            self._label()

    def _label(self) -> None:
        rows = digits()
        assert rows.labels is not None
        some = self._random.choice(rows.count, ROWS, replace=False)
        content = rows.inputs["images"][some].tobytes()
        tensor = {"name": "image", "shape": [ROWS, 28, 28], "datatype": "UINT8"}
        head = json.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": len(content)}}]}).encode()
        lengths = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}
        at, host = self._stage.addresses, {"Host": self._stage.rest_host}
        answer = ask(at.rest, f"/v2/models/{at.model}/infer", head + content, {**lengths, **host})
        if answer.status != 200:
            return  # callers of the load test count what is lost
        token = answer.json["parameters"]["prediction_id"]
        labels = [{"id": token, "row": row, "label": int(rows.labels[which])} for row, which in enumerate(some)]
        reply = ask(at.rest, "/v1/feedback", json.dumps({"labels": labels}).encode(), host)
        if reply.status == 200 and reply.json["counts"]["accepted"] == ROWS:
            self.sent += ROWS
        else:
            self.refused.append(reply.body.decode(errors="replace")[:200])
